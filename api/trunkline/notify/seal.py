"""Seal secrets that the database keeps: whoever has only the database cannot read them."""

import base64
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from trunkline.db.models import JsonObject

SHORTEST_KEY = 32


class SealError(Exception):
    """There is no key, or none that opens it; the text says what to do."""


class Seal:
    """Seals and opens with TRUNKLINE_SECRET_KEY; of several keys the first seals, and all open."""

    def __init__(self, keys: SecretStr | None) -> None:
        given = [key.strip() for key in keys.get_secret_value().split(",")] if keys else []
        # Any long random text is a key: Fernet itself wants 32 bytes in base64.
        self._keys = [Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in given]

    def close(self, values: JsonObject) -> str:
        """The values, readable only with the key. Raises SealError."""
        if not self._keys:
            raise SealError(
                "TRUNKLINE_SECRET_KEY is not set: give the service and its workers the same random text of at least "
                f"{SHORTEST_KEY} characters, with which they seal the secrets of webhooks."
            )
        return MultiFernet(self._keys).encrypt(json.dumps(values).encode()).decode()

    def open(self, sealed: str) -> JsonObject:
        """What was sealed. Raises SealError."""
        if not self._keys:
            raise SealError("TRUNKLINE_SECRET_KEY is not set in this worker: give it the key of the service.")
        try:
            opened: JsonObject = json.loads(MultiFernet(self._keys).decrypt(sealed.encode()))
        except InvalidToken:
            raise SealError(
                "TRUNKLINE_SECRET_KEY does not open what was sealed: add the former key behind it, after a comma."
            ) from None
        return opened
