"""The index: chunks with vectors and the record of each issue, in Chroma."""

from rag.vector_store.store import StoredIssue, VectorStore

__all__ = ["StoredIssue", "VectorStore"]
