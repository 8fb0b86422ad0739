"""Deterministic checks of answers against the words they cite."""

from rag.verifier.claims import ClaimChecker, FitsTime, Passage, Verdict
from rag.verifier.figures import check_figures, stands_in

__all__ = ["ClaimChecker", "FitsTime", "Passage", "Verdict", "check_figures", "stands_in"]
