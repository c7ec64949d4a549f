"""The secrets of one start of a stack: made when it starts, kept in its runtime folder, gone with it."""

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass

from trunkline.dev.state import State

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Secrets:
    """All secrets of a running stack. Never logged, never an argument of a process."""

    netbox_secret_key: str
    netbox_password: str
    netbox_token: str
    trunkline_token: str = ""  # the service makes it
    awx_token: str = ""
    trunkline_secret_key: str = ""

    @classmethod
    def make(cls) -> "Secrets":
        """New ones."""
        return cls(
            netbox_secret_key=_random(60),
            netbox_password=_random(20),
            netbox_token=f"nbt_{_random(12)}.{_random(40)}",
            awx_token=_random(30),
            trunkline_secret_key=_random(40),
        )

    @classmethod
    def load(cls, state: State) -> "Secrets | None":
        """Those of the running stack, or None when nothing runs."""
        path = state.runtime / "secrets.json"
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def save(self, state: State) -> None:
        """Keep them for the owner, as long as the stack runs."""
        path = state.runtime / "secrets.json"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
