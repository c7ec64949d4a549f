"""ETag and If-Match: a change that was decided on an older state is refused."""

import hashlib
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from trunkline.errors import PreconditionFailed

IfMatch = Annotated[
    str | None,
    Header(
        max_length=2000,
        pattern=r'^(\*|\s*(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*\s*)$',
        description="ETag of the state that was looked at: the change is refused with 412 when it is no longer that",
        examples=['"6c0de2ae5ff3c5c1"'],
    ),
]


def etag(shown: BaseModel) -> str:
    """The entity tag (RFC 9110, 8.8.3) of what is shown: another one for other content."""
    return f'"{hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:16]}"'


def must_match(wanted: str | None, shown: BaseModel) -> None:
    """Raises PreconditionFailed unless `wanted` (If-Match) is absent, `*`, or names the present state."""
    present = etag(shown)
    # The comparison is the strong one: W/"..." never matches.
    if wanted is not None and wanted.strip() != "*" and present not in [part.strip() for part in wanted.split(",")]:
        raise PreconditionFailed("It was changed since you looked at it: GET it again, and decide anew.", etag=present)
