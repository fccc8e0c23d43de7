/* Where the lines of a grid stand, and what they say. */

const TIME_STEPS = [
  ...[1, 5, 15, 30].map((minutes) => ({ milliseconds: minutes * MINUTE })),
  ...[1, 2, 4, 6, 12].map((hours) => ({ milliseconds: hours * HOUR })),
  ...[1, 2, 7].map((days) => ({ milliseconds: days * DAY })),
  ...[1, 3, 6, 12, 24, 60, 120].map((months) => ({ milliseconds: months * 30.4 * DAY, months })),
];

/** A round step of about `span / count`: 1, 2, 2.5 or 5 times a power of ten. */
function roundStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) * power;
}

/** Decimals that tell neighbours `step` apart, at most `most`. */
function placesOf(step, most) {
  for (let places = 0; places < most; places++) {
    if (Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) < 1e-6) return places;
  }
  return most;
}

/** Round values between `low` and `high`, about `count` of them, and the step between them. */
function valueTicks(low, high, count) {
  if (!(high > low)) return { step: 1, values: [low] };
  const step = roundStep(high - low, count);
  const values = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) values.push(value);
  return { step, values };
}

function* boundaries(step, from, to) {
  if (!step.months) {
    const length = step.milliseconds;
    const shift = length === 7 * DAY ? 4 * DAY : 0; // weeks begin on Mondays; 1970-01-01 was a Thursday
    for (let ts = Math.ceil((from - shift) / length) * length + shift; ts <= to; ts += length) yield ts;
    return;
  }
  const first = new Date(from);
  const month = first.getUTCFullYear() * 12 + first.getUTCMonth();
  for (let place = Math.floor(month / step.months) * step.months; ; place += step.months) {
    const ts = Date.UTC(Math.floor(place / 12), place % 12, 1);
    if (ts > to) return;
    if (ts >= from) yield ts;
  }
}

function timeLabel(step, ts) {
  const date = new Date(ts);
  if (step.milliseconds < DAY) return ts % DAY === 0 ? dayMonth(ts) : clock(ts);
  if (!step.months) return dayMonth(ts);
  return date.getUTCMonth() === 0 ? String(date.getUTCFullYear()) : MONTHS[date.getUTCMonth()];
}

/** Ticks of a time axis over bars `first` to `last`, at most `count`: bar and label. */
function timeTicks(ts, first, last, count) {
  const from = ts[first];
  const to = ts[last];
  const step =
    TIME_STEPS.find((candidate) => (to - from) / candidate.milliseconds <= count) ?? TIME_STEPS[TIME_STEPS.length - 1];
  return Array.from(boundaries(step, from, to), (time) => ({ bar: firstAtLeast(ts, time), label: timeLabel(step, time) }));
}
