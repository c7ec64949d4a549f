"""Problems that callers are told about: raised where they are known, rendered once as RFC 9457 documents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

type Json = bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None


class FieldError(BaseModel):
    """What is wrong with one field, and what to do about it."""

    field: str = Field(examples=["input.a.interface"])
    message: str = Field(examples=["must be an interface name such as eth1: letters, digits and . _ / : -"])


class ProblemDocument(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:trunkline:problem:in-use"])
    title: str = Field(examples=["Subscription in use"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["Node ams-pe is in use by 1 subscription; terminate it first."])
    errors: list[FieldError] | None = None


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """An error that the caller can act on. `more` are members added to the document."""

    status = 400
    slug = "bad-request"
    title = "Bad request"

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), /, **more: Json) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)
        self.more = more

    def document(self) -> dict[str, Json]:
        """The problem as a JSON-able mapping."""
        document: dict[str, Json] = {
            "type": f"urn:trunkline:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [error.model_dump() for error in self.errors]
        return document | self.more


class Unauthorized(Problem):
    """No token, or one that opens nothing."""

    status, slug, title = 401, "unauthorized", "Token missing or wrong"


class Forbidden(Problem):
    """The caller is known and may not do it; the detail says which role it takes."""

    status, slug, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """What the path names does not exist."""

    status, slug, title = 404, "not-found", "Not found"


class Conflict(Problem):
    """It cannot be done now; the detail says what stands against it."""

    status, slug, title = 409, "conflict", "Conflict with the present state"


class Duplicate(Conflict):
    """Another subscription has it already."""

    slug, title = "duplicate", "Already ordered"


class InUse(Conflict):
    """Others depend on it."""

    slug, title = "in-use", "Subscription in use"


class Locked(Conflict):
    """Another run works on it."""

    slug, title = "locked", "A run is working on the subscription"


class IllegalTransition(Conflict):
    """The lifecycle does not allow it."""

    slug, title = "illegal-transition", "Not possible in this state"


class PreconditionFailed(Problem):
    """If-Match names another state than the present one."""

    status, slug, title = 412, "precondition-failed", "Changed meanwhile"


class TooLarge(Problem):
    """The request's body is larger than any that makes sense."""

    status, slug, title = 413, "too-large", "Request too large"


class TooMany(Problem):
    """The caller sends more requests than it may."""

    status, slug, title = 429, "too-many-requests", "Too many requests"


class Invalid(Problem):
    """The input is wrong; `errors` names each field."""

    status, slug, title = 422, "invalid", "Input not valid"


class Unavailable(Problem):
    """Something that we need is away."""

    status, slug, title = 503, "unavailable", "Not available"


def field_errors(errors: Iterable[Mapping[str, Any]], prefix: str = "") -> list[FieldError]:
    """One entry a field, of pydantic's errors(). `prefix` stands before each field's path ("input.")."""
    found = []
    for item in errors:
        parts = [str(part) for part in item["loc"]]
        if not prefix and len(parts) > 1 and parts[0] in ("body", "query", "path", "header"):
            parts = parts[1:]
        message = str(item["msg"]).removeprefix("Value error, ")
        found.append(FieldError(field=(prefix + ".".join(parts)).rstrip("."), message=message))
    return found


def invalid(errors: Sequence[FieldError]) -> Invalid:
    """A 422 whose detail can stand alone in a log or on a terminal."""
    return Invalid("; ".join(f"{error.field}: {error.message}" for error in errors), errors)
