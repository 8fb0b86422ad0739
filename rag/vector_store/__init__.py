"""The index: chunks with vectors and the record of each issue, in Chroma."""

from rag.vector_store.store import NewIssue, StoredIssue, VectorStore

__all__ = ["NewIssue", "StoredIssue", "VectorStore"]
