"""Deterministic checks of answers against the words they cite."""

from rag.verifier.claims import Asked, ClaimChecker, Passage, Verdict
from rag.verifier.figures import check_figures, stands_in

__all__ = ["Asked", "ClaimChecker", "Passage", "Verdict", "check_figures", "stands_in"]
