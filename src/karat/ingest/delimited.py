"""CSV and its relatives, as text, with the line of every row known.

1. Decompress; a cut gzip stream is refused.
2. Find the separator and whether the first line is a header (a header's first field is no number and no date).
3. Read every field as text. A line with too many or too few fields is refused by its number.
4. A last line that does not end is suspicious: short of fields, or with a last value shorter than any other, it is
   taken for cut. Otherwise it is kept, and said so.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from karat.core.errors import DataRefused

_SEPARATORS = b",;\t|"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"
_TRUNCATED_HINT = "Export it again, or --accept truncated to leave out the last line."
_HEADERLESS = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
)  # Binance's kline files, and the plain six columns
_HEADERLESS_WIDTHS = (6, 11, 12)


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """Text columns; row `i` stands on line `i + first_line`."""

    frame: pl.DataFrame
    first_line: int
    repairs: tuple[str, ...]
    oddities: tuple[str, ...]


def read_delimited(path: Path, accepted: frozenset[str]) -> DelimitedText:
    """Read a text file. Raises DataRefused `empty`, `truncated`, `wrong_format`, `wrong_columns`."""
    content = _content(path).removeprefix(_BYTE_ORDER_MARK)
    if b"\x00" in content[:1000]:
        raise DataRefused("wrong_format", str(path), 0, "is not text in UTF-8", "Export it as UTF-8 CSV.")
    ends = content.endswith((b"\n", b"\r"))
    content = content.rstrip(b"\r\n ")
    first = content.split(b"\n", 1)[0].rstrip(b"\r")
    if not first.strip():
        raise DataRefused("empty", str(path), 0, "the file holds no rows", "Export it again.")
    separator = max(_SEPARATORS, key=lambda item: first.count(item))
    has_header = not _looks_like_data(first, separator)
    if has_header and b"\n" not in content:
        raise DataRefused("empty", str(path), 0, "the file holds a header and no rows", "Export it again.")
    repairs, oddities = [], []
    if not ends:
        content, repair = _judge_last_line(path, content, first.count(separator), separator, accepted)
        repairs += [repair] if repair else []
        oddities += [] if repair else ["the last line has no line end"]
    _check_widths(path, content, first.count(separator), separator)
    frame = _parse(path, content, chr(separator), has_header)
    return DelimitedText(frame, 2 if has_header else 1, tuple(repairs), tuple(oddities))


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    if not raw.startswith(_GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataRefused(
            "truncated", str(path), 0, f"the gzip stream is cut or damaged: {error}", "Copy it again."
        ) from error


def _looks_like_data(line: bytes, separator: int) -> bool:
    field = line.split(bytes([separator]), 1)[0].strip(b' "')
    return field[:1].isdigit() or field[:1] == b"-"


def _judge_last_line(
    path: Path, content: bytes, separators: int, separator: int, accepted: frozenset[str]
) -> tuple[bytes, str | None]:
    """The content to read, and the repair made when an accepted cut line was left out."""
    lines = content.split(b"\n")
    mark = bytes([separator])
    shortest = min((len(line.rstrip(b"\r").rpartition(mark)[2]) for line in lines[1:-1]), default=0)
    short = lines[-1].count(mark) < separators or len(lines[-1].rpartition(mark)[2]) < shortest
    if not short:
        return content, None
    if "truncated" not in accepted:
        raise DataRefused("truncated", str(path), len(lines), "the last line is cut", _TRUNCATED_HINT)
    return b"\n".join(lines[:-1]).rstrip(b"\r\n "), f"line {len(lines)} was cut and left out"


def _check_widths(path: Path, content: bytes, separators: int, separator: int) -> None:
    mark = bytes([separator])
    if b'"' in content or content.count(mark) == separators * (content.count(b"\n") + 1):
        return
    lines = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        fields = line.count(mark) + 1
        if fields == separators + 1 or not line.strip():
            continue
        reason = f"{fields} fields where {separators + 1} belong"
        if number == len(lines) and fields <= separators:
            raise DataRefused("truncated", str(path), number, f"the last line is cut: {reason}", "Export it again.")
        raise DataRefused("wrong_columns", str(path), number, reason, "Mend that line.")


def _parse(path: Path, content: bytes, separator: str, has_header: bool) -> pl.DataFrame:
    try:
        frame = pl.read_csv(content, has_header=has_header, separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = f"cannot be read as CSV: {str(error).splitlines()[0]}"
        raise DataRefused("wrong_format", str(path), 0, reason, "Export it again as plain CSV.") from error
    if has_header:
        return frame
    if frame.width not in _HEADERLESS_WIDTHS:
        reason = f"{frame.width} columns without a header"
        raise DataRefused("wrong_columns", str(path), 1, reason, "Add a header: ts,open,high,low,close,volume.")
    names = [*_HEADERLESS, *(f"extra_{number}" for number in range(frame.width - len(_HEADERLESS)))]
    frame.columns = names
    return frame
