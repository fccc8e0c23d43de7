/* Columns as they travel in the page: base64 of little-endian numbers, without loss. */

const TYPES = { i1: Int8Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

/** The numbers of a packed column. `scale`: divide by it; `step`: times it, plus `start`. */
function unpack(column) {
  const text = atob(column.base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  const raw = new TYPES[column.kind](bytes.buffer);
  if (column.scale > 1) return Float64Array.from(raw, (value) => value / column.scale);
  if (column.step !== undefined) return Float64Array.from(raw, (value) => column.start + value * column.step);
  return raw;
}

function unpackAll(columns) {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, unpack(column)]));
}

/** Index of the first value at or above `wanted` in a rising column. */
function firstAtLeast(column, wanted) {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
