"""The one error of this package: a sentence for a person at a terminal."""


class DevError(Exception):
    """Something is missing or in the way; the message says what, and the remedy."""
