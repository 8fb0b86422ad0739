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


class IndexMismatchError(StoreError):
    """The index was built with another embedding model."""


class QuestionError(BulletinError):
    """The question cannot be read (empty, or far too long)."""


class ChatModelError(BulletinError):
    """The chat model could not be used; `retryable` says whether a second try makes sense."""

    def __init__(self, message: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable
