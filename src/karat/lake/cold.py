"""The cold form of rows: Parquet that any reader opens, a fifth of the hot bytes, equal to them to the bit.

1. Prices and volumes mostly lie on a decimal grid. Such a column is kept as whole numbers and the power of ten that
   divides them: of two integers that doubles hold exactly the quotient is the double that was read from the decimals.
   Whole numbers are packed as differences, which is what makes the form small.
2. Other floats are kept as doubles; a NaN that is not the usual one would lose its bits, so that column is kept as the
   integers of its bits. Text that is no valid UTF-8 (half a surrogate pair in a headline) is kept as bytes.
3. How each column is kept stands in the file's metadata under `karat`; a number d means divide by 10**d.

DuckDB writes (the extra `sql` or `s3`), because Polars chooses encodings twice as large; Polars reads.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from karat.core.model.candles import Floats
from karat.core.model.table import Kind, Schema, Table
from karat.lake.extras import need

METADATA_KEY = "karat"
BITS, DOUBLES, BYTES, AS_IS = "bits", "doubles", "bytes", "as_is"
Coding = str | int  # one of the words above, or the digits after the point

_DIGITS_MAX = 12  # finer than any tick or lot; more tries would cost more than they find
_EXACT_MAX = 2**53  # up to here a double holds every whole number
_SAMPLE_ROWS = 1_000
_SURROGATES = "surrogatepass"
_DTYPES: Mapping[Kind, Any] = {"i8": np.int64, "i4": np.int32, "u1": np.uint8, "f8": np.float64, "text": object}
_USUAL_NAN = np.float64(np.nan).view(np.int64)
_COPY = """copy (select * from rows_given) to '{path}' (format parquet, parquet_version v2, compression zstd,
    compression_level 1, dictionary_size_limit 1, kv_metadata {{{key}: '{codings}'}})"""


def rows_digest(table: Table) -> str:
    """SHA-256 over names, kinds and little-endian bytes of the columns; text counts as its lengths and its bytes."""
    digest = hashlib.sha256()
    for name, kind in table.schema.columns:
        digest.update(f"{name}:{kind}:{len(table)}\n".encode())
        values = table.columns[name]
        if kind == "text":
            encoded = [text.encode("utf-8", _SURROGATES) for text in values]
            digest.update(np.fromiter(map(len, encoded), "<i8", len(encoded)).tobytes())
            digest.update(b"".join(encoded))
        else:
            dtype = np.dtype(_DTYPES[kind]).newbyteorder("<")
            digest.update(np.ascontiguousarray(values, dtype).view(np.uint8).data)
    return digest.hexdigest()


def write_cold(table: Table) -> bytes:
    """The rows as one Parquet file: the same bytes for the same rows and the same DuckDB.

    Raises InputError `extra_missing` without DuckDB, OSError when there is no room for a scratch file.
    """
    duckdb = need("duckdb", "s3", "The cold form")
    kept = {name: _keep(table.columns[name], kind) for name, kind in table.schema.columns}
    codings = json.dumps({name: coding for name, (coding, _) in kept.items()}, separators=(",", ":"))
    with tempfile.TemporaryDirectory(prefix="karat-cold-") as folder:
        path = Path(folder) / "rows.parquet"
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            connection.register("rows_given", {name: values for name, (_, values) in kept.items()})
            connection.execute(_COPY.format(path=_quoted(str(path)), key=METADATA_KEY, codings=_quoted(codings)))
        return path.read_bytes()


def read_cold(parts: Sequence[bytes], schema: Schema, rows: int) -> Table:
    """The rows of Parquet files of `write_cold`, one after another. Arrays are read-only.

    Raises ValueError when a part is no such file, has other columns, or the parts do not make `rows` rows.
    """
    columns = {name: np.empty(rows, _DTYPES[kind]) for name, kind in schema.columns}
    at = 0
    for part in parts:
        frame, codings = _open(part, schema)
        if at + frame.height > rows:
            raise ValueError(f"it holds more than {rows} rows")
        for name, kind in schema.columns:
            _fill(columns[name][at : at + frame.height], frame[name], kind, codings[name])
        at += frame.height
    if at != rows:
        raise ValueError(f"it holds {at} rows where {rows} belong")
    for values in columns.values():
        values.flags.writeable = False
    return Table(schema, columns)


def codings_of(source: bytes | Path) -> dict[str, Coding]:
    """How each column of a cold file is kept. Raises ValueError when it does not say so."""
    try:
        given = pl.read_parquet_metadata(io.BytesIO(source) if isinstance(source, bytes) else source)
        codings: dict[str, Coding] = json.loads(given[METADATA_KEY])
    except (pl.exceptions.PolarsError, KeyError, ValueError, OSError) as error:
        raise ValueError("it is no Parquet file of Karat") from error
    return codings


def _open(part: bytes, schema: Schema) -> tuple[pl.DataFrame, dict[str, Coding]]:
    codings = codings_of(part)
    try:
        frame = pl.read_parquet(part, parallel="none")  # transfers run several at once, and so may readers
    except pl.exceptions.PolarsError as error:
        raise ValueError("it is a damaged Parquet file") from error
    if tuple(frame.columns) != schema.names or codings.keys() != set(schema.names):
        raise ValueError("it has other columns than the catalog says")
    return frame, codings


def _keep(values: NDArray[Any], kind: Kind) -> tuple[Coding, NDArray[Any]]:
    """How a column is kept, and what is kept of it."""
    if kind == "text":
        return _keep_text(values)
    if kind != "f8":
        return AS_IS, np.ascontiguousarray(values, _DTYPES[kind])
    floats: Floats = np.ascontiguousarray(values, np.float64)
    digits = _digits(floats)
    if digits is None:
        bits = floats.view(np.int64)
        return (DOUBLES, floats) if (bits[np.isnan(floats)] == _USUAL_NAN).all() else (BITS, bits)
    whole = np.rint(floats * 10.0**digits)
    narrow = np.abs(whole).max(initial=0) <= np.iinfo(np.int32).max
    return digits, whole.astype(np.int32 if narrow else np.int64)


def _keep_text(values: NDArray[Any]) -> tuple[Coding, NDArray[Any]]:
    try:
        for text in values:
            text.encode("utf-8")
    except UnicodeEncodeError:
        encoded = np.empty(len(values), object)
        encoded[:] = [text.encode("utf-8", _SURROGATES) for text in values]
        return BYTES, encoded
    return AS_IS, values


def _digits(values: Floats) -> int | None:
    """The fewest digits after the point that give back every value to the bit; None when no few do."""
    sample = values[:: max(1, len(values) // _SAMPLE_ROWS)]
    fitting = (digits for digits in range(_DIGITS_MAX + 1) if _fits(sample, digits) and _fits(values, digits))
    return next(fitting, None)


def _fits(values: Floats, digits: int) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):  # what grows beyond all numbers does not fit
        whole = np.rint(values * 10.0**digits)
    if not np.abs(whole).max(initial=0) < _EXACT_MAX:  # false for NaN too
        return False
    again = whole.astype(np.int64) / 10.0**digits  # as it will be read: minus zero does not come back, and does not fit
    return bool(np.array_equal(again.view(np.int64), values.view(np.int64)))


def _fill(out: NDArray[Any], given: pl.Series, kind: Kind, coding: Coding) -> None:
    """Write a column as it was before `_keep` into `out`, chunk by chunk, so that nothing is copied twice."""
    at = 0
    for chunk in given.get_chunks():
        target = out[at : at + len(chunk)]
        at += len(chunk)
        if kind == "text":
            target[:] = [text.decode("utf-8", _SURROGATES) for text in chunk] if coding == BYTES else chunk.to_list()
        elif coding == BITS:
            target.view(np.int64)[:] = chunk.to_numpy()
        elif isinstance(coding, int):
            np.divide(chunk.to_numpy(), 10.0**coding, out=cast(Floats, target))
        else:
            target[:] = chunk.to_numpy()  # where a double is missing stood the usual NaN, and so it does again


def _quoted(text: str) -> str:
    return text.replace("'", "''")
