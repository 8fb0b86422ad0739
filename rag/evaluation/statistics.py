"""Means, percentiles, confidence intervals and paired tests. Every draw is seeded."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

SEED = 20231118
RESAMPLES = 1000


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean; None without values."""
    return math.fsum(values) / len(values) if values else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` (0..1) of the values lie, interpolated linearly.

    The position is share * (n - 1) in the sorted values. None without values.
    """
    return _at(sorted(values), share) if values else None


def _at(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def bootstrap_interval(
    values: Sequence[float], confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the mean (Efron 1979); None without values."""
    if not values:
        return None
    means = sorted(_resampled_means(values, resamples, seed))
    tail = (1 - confidence) / 2
    return _at(means, tail), _at(means, 1 - tail)


def _resampled_means(values: Sequence[float], resamples: int, seed: int) -> list[float]:
    rng = random.Random(seed)
    size = len(values)
    return [sum(rng.choices(values, k=size)) / size for _ in range(resamples)]


def mcnemar_exact(gained: int, lost: int) -> float:
    """Two-sided exact p of McNemar's test: min(1, 2 * P(X <= min)) with X ~ Bin(gained+lost, 1/2).

    `gained` counts pairs that went from wrong to right, `lost` the others; 1 without either.
    """
    n = gained + lost
    below = sum(math.comb(n, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * below / float(2**n))


def paired_bootstrap(
    old: Sequence[float], new: Sequence[float], resamples: int = RESAMPLES, seed: int = SEED
) -> float:
    """Two-sided p that the mean of new - old is 0: 2 * the smaller share of resampled means
    on either side of 0 (0 counts on both), at most 1. 1 without pairs.
    """
    differences = [b - a for a, b in zip(old, new, strict=True)]
    if not differences:
        return 1.0
    means = _resampled_means(differences, resamples, seed)
    below = sum(value <= 0 for value in means) / resamples
    above = sum(value >= 0 for value in means) / resamples
    return min(1.0, 2 * min(below, above))
