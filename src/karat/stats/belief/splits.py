"""Windows in time for training and testing that do not touch each other.

All ranges are half-open [begin, end) in numbers of bars (or days). **Purge** leaves out training samples before a test
block, so that no outcome that ends inside the test trains it; **embargo** leaves out more after it, for what lingers.
Source: Lopez de Prado (2018), "Advances in Financial Machine Learning", chapters 7 and 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """One step of a walk forward."""

    train: Range
    test: Range


def walk_forward(
    n: int, train: int, test: int, *, step: int | None = None, purge: int = 0, embargo: int = 0, anchored: bool = False
) -> tuple[Window, ...]:
    """Windows over n samples; the test moves by `step` (its own length when None). No partial last test.

    `purge + embargo` samples between the end of the training and its test are in neither. `anchored` training always
    begins at 0. Test windows never overlap: `step >= test`.
    """
    stride = test if step is None else step
    assert train > 0 and test > 0 and stride >= test and purge >= 0 and embargo >= 0, "lengths of a walk forward"
    gap, found = purge + embargo, list[Window]()
    for begin in range(0, n, stride):
        middle = begin + train
        if middle + gap + test > n:
            break
        found.append(Window((0 if anchored else begin, middle), (middle + gap, middle + gap + test)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a combinatorial cross-validation: what trains, and which folds are tested."""

    train: tuple[Range, ...]
    test: tuple[Range, ...]
    folds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Combinations:
    """Every split, in lexicographic order of its test folds, and the paths that its tests make up.

    `paths[p][f]` is the number of the split whose test of fold f belongs to path p: each path tests every fold once.
    """

    folds: tuple[Range, ...]
    splits: tuple[Split, ...]
    paths: tuple[tuple[int, ...], ...]


def combinatorial_purged(n: int, folds: int, test_folds: int, *, purge: int = 0, embargo: int = 0) -> Combinations:
    """Combinatorial purged cross-validation. Folds have n // folds samples, the last takes what remains.

    `purge` samples are left out on both sides of a test block, `embargo` more after it.
    """
    assert 1 <= test_folds < folds <= n and purge >= 0 and embargo >= 0, "folds of a cross-validation"
    length = n // folds
    ranges = tuple((k * length, n if k == folds - 1 else (k + 1) * length) for k in range(folds))
    chosen = tuple(combinations(range(folds), test_folds))
    splits = tuple(
        Split(_without(n, tuple(ranges[k] for k in tested), purge, embargo), tuple(ranges[k] for k in tested), tested)
        for tested in chosen
    )
    testing = [[k for k, tested in enumerate(chosen) if fold in tested] for fold in range(folds)]
    return Combinations(ranges, splits, tuple(zip(*testing, strict=True)))


def _without(n: int, tested: tuple[Range, ...], purge: int, embargo: int) -> tuple[Range, ...]:
    """What is left of [0, n) without the tested ranges and their surroundings."""
    left, begin = list[Range](), 0
    for first, last in tested:
        if first - purge > begin:
            left.append((begin, first - purge))
        begin = max(begin, last + purge + embargo)
    if begin < n:
        left.append((begin, n))
    return tuple(left)
