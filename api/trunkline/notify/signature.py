"""Signatures of webhooks, as standardwebhooks.com defines them."""

import base64
import hashlib
import hmac
import secrets

_PREFIX = "whsec_"


def new_secret() -> str:
    """A secret for one destination."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers_of(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that prove who sent `body`, and when: a message sent again later by another is seen through."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}


def _key(secret: str) -> bytes:
    """Of a secret of ours the random bytes; of a text that the receiver chose its bytes."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError:
            return secret.encode()
    return secret.encode()
