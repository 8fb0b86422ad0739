"""Why a file of a foreign format cannot be read; the loader turns these into messages."""


class BrokenDocumentError(ValueError):
    """The file is damaged, cut short, or not of the format that its name says."""


class EncryptedDocumentError(ValueError):
    """The file opens with a password only."""
