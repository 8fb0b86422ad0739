"""The measures of the product on a question set."""

from rag.evaluation.runner import Ask, Evaluation, chain_engine, run_evaluation, text_lookup
from rag.evaluation.table import format_table

__all__ = [
    "Ask",
    "Evaluation",
    "chain_engine",
    "format_table",
    "run_evaluation",
    "text_lookup",
]
