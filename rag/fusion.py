"""Fusing the scores of several searches into one ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def min_max(scores: Mapping[str, float]) -> dict[str, float]:
    """Scale to 0..1 within one result list; equal scores all become 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}


def weighted_sum(
    rankings: Sequence[tuple[Mapping[str, float], float]],
) -> list[tuple[str, float]]:
    """Sum of min-max scaled scores, each times its weight, best first (CombSUM, Fox & Shaw 1994).

    An id missing from a ranking adds 0 for it. Ties keep the order of first appearance.
    """
    total: dict[str, float] = {}
    for scores, weight in rankings:
        for key, score in min_max(scores).items():
            total[key] = total.get(key, 0.0) + weight * score
    return sorted(total.items(), key=lambda pair: -pair[1])


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[str]], k: int = 60
) -> list[tuple[str, float]]:
    """Fuse ranked id lists into one, best first (Cormack et al., SIGIR 2009).

    Ranks start at 1. Ties keep the order of first appearance. No rankings gives an empty list.
    """
    total: dict[str, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            total[key] = total.get(key, 0.0) + 1.0 / (k + rank)
    return sorted(total.items(), key=lambda pair: -pair[1])
