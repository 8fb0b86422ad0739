"""The catalogue: listing, counting and lexical search over what is indexed, in SQLite."""

from rag.catalog.catalog import Catalog

__all__ = ["Catalog"]
