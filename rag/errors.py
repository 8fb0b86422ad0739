"""Errors of the product; every message is Chinese and tells the reader what to do."""


class BulletinError(Exception):
    """Base of all errors raised on purpose; `str(error)` is fit to show to staff."""


class SettingsError(BulletinError):
    """A setting is unknown or holds a value that cannot be used."""


class ModelError(BulletinError):
    """A model folder is missing, broken, or not what the index was built with."""


class SourceError(BulletinError):
    """A file cannot be taken in; the message names the file and the reason."""


class NotABulletinError(SourceError):
    """The text was read but is no bulletin (no issue number, no date or no items)."""


class StoreError(BulletinError):
    """The index or the catalogue cannot be read or written."""


class StoreUnreachableError(StoreError):
    """The Chroma server does not answer; what was read from it before can still be used."""


class IndexMismatchError(StoreError):
    """The index was built with another embedding model."""


class IndexBrokenError(StoreError):
    """The index is there and cannot be used: damaged, or a part of it is gone."""


class CatalogBrokenError(StoreError):
    """The catalogue was damaged and has been taken away; the next use makes it anew."""


class DiskError(StoreError):
    """The disk is full, or the data folder cannot be written."""


class BackupError(BulletinError):
    """A backup cannot be written, or is not whole."""


class QuestionError(BulletinError):
    """The question cannot be read (empty, or far too long)."""


class ChatModelError(BulletinError):
    """The chat model could not be used; `retryable` says whether a second try makes sense."""

    def __init__(self, message: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable
