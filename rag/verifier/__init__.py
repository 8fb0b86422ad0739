"""Deterministic checks of answers against the words they cite."""

from rag.verifier.attribution import FitsTime
from rag.verifier.claims import ClaimChecker, Verdict
from rag.verifier.figures import check_figures, stands_in
from rag.verifier.passage import Passage

__all__ = ["ClaimChecker", "FitsTime", "Passage", "Verdict", "check_figures", "stands_in"]
