"""What names the content of a series, however its rows came: a hash over the digests of its blocks.

1. A block is 65,536 rows. Its digest is SHA-256 over names and little-endian bytes of its columns, in their order; text
   counts as the lengths of its rows and their bytes.
2. A series of one block is named by that block's digest, a longer one by the SHA-256 of all its blocks' digests.
3. Digests of full blocks are kept beside the columns, so that added rows cost themselves and the last block.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from karat.core.model.table import Schema
from karat.lake.columns import Packed, open_rows, raw
from karat.lake.damage import DamagedError, reading
from karat.lake.durable import extend, too_short
from karat.lake.text import PackedText

BLOCK_ROWS = 65_536
_DIGEST_BYTES = 32
_FILE = "blocks.sha256"


def content_hash(columns: Mapping[str, NDArray[Any] | PackedText]) -> str:
    """The hash of a series that is at hand: numbers as the lake keeps them, or packed text."""
    rows = len(next(iter(columns.values())))
    return _combined(
        _digest({name: part[begin : begin + BLOCK_ROWS] for name, part in columns.items()})
        for begin in range(0, rows, BLOCK_ROWS)
    )


def hash_on_disk(folder: Path, schema: Schema, rows_known: int, rows: int) -> tuple[str, Path | None]:
    """The hash of the first `rows` of a folder, when digests of the full blocks of `rows_known` rows are kept there.

    Keeps those of the blocks filled since. Returns the hash and, if any was, the file that is to be forced to the disk.
    """
    kept, full = rows_known // BLOCK_ROWS, rows // BLOCK_ROWS
    file = folder / _FILE
    known = file.read_bytes()[: kept * _DIGEST_BYTES] if kept else b""
    if len(known) != kept * _DIGEST_BYTES:
        raise too_short(file, len(known), kept * _DIGEST_BYTES)
    filled = b"".join(_digest(block) for block in _blocks(folder, schema, kept, full))
    if filled:
        extend(file, len(known), filled)
    rest = [_digest(open_rows(folder, schema, full * BLOCK_ROWS, rows))] if rows % BLOCK_ROWS else []
    digests = known + filled
    whole = (digests[at : at + _DIGEST_BYTES] for at in range(0, len(digests), _DIGEST_BYTES))
    return _combined([*whole, *rest]), file if filled else None


def proven_rows(folder: Path, schema: Schema, rows: int, content: str) -> int:
    """How many of the first rows of a folder are those that were written: all when their hash is `content`, else the
    first full blocks that have the digest that is kept of them."""
    digests: list[bytes] = []
    for begin in range(0, rows, BLOCK_ROWS):
        try:
            with reading():
                digests.append(_digest(open_rows(folder, schema, begin, min(begin + BLOCK_ROWS, rows))))
        except DamagedError:
            break
    if len(digests) * BLOCK_ROWS >= rows and _combined(digests) == content:
        return rows
    file = folder / _FILE
    kept = file.read_bytes() if file.is_file() else b""
    pairs = zip(digests[: rows // BLOCK_ROWS], range(0, len(kept), _DIGEST_BYTES), strict=False)
    good = next((at for at, (one, begin) in enumerate(pairs) if one != kept[begin : begin + _DIGEST_BYTES]), None)
    return BLOCK_ROWS * (min(len(digests), rows // BLOCK_ROWS, len(kept) // _DIGEST_BYTES) if good is None else good)


def _blocks(folder: Path, schema: Schema, begin: int, end: int) -> Iterator[Packed]:
    for block in range(begin, end):
        yield open_rows(folder, schema, block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS)


def _digest(block: Packed) -> bytes:
    digest = hashlib.sha256()
    for name, part in block.items():
        digest.update(f"{name}:{len(part)}\n".encode())
        if isinstance(part, PackedText):
            digest.update(raw(part.lengths))
            digest.update(raw(part.content))
        else:
            digest.update(raw(part))
    return digest.digest()


def _combined(digests: Iterable[bytes]) -> str:
    blocks = list(digests)
    return blocks[0].hex() if len(blocks) == 1 else hashlib.sha256(b"".join(blocks)).hexdigest()
