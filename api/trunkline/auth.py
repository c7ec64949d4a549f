"""The old place of trunkline.access, until every branch that imports from here has been merged."""

from trunkline.access.caller import Caller
from trunkline.access.callers import Callers
from trunkline.access.tokens import (
    REMEDY,
    REVOCATIONS,
    NewToken,
    create_token,
    find_caller,
    revoke_token,
    revoke_tokens_named,
)

__all__ = [
    "REMEDY",
    "REVOCATIONS",
    "Caller",
    "Callers",
    "NewToken",
    "create_token",
    "find_caller",
    "revoke_token",
    "revoke_tokens_named",
]
