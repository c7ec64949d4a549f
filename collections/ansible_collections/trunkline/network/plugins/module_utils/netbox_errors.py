# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with NetBox, by whose side it is on. Messages name the field, the value and the remedy."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class NetBoxError(Exception):
    """Base of all errors that a module reports to its user."""


class UnavailableError(NetBoxError):
    """NetBox does not answer, is not NetBox, or its certificate is not trusted."""


class TokenError(NetBoxError):
    """NetBox knows us not, or does not let us do this."""


class OrderError(NetBoxError):
    """The order cannot be carried out as given: an unknown name, a taken interface, a full pool."""


class InUseError(NetBoxError):
    """Something still depends on what should be removed; `users` names it."""

    def __init__(self, message: str, users: list[str]) -> None:
        super().__init__(message)
        self.users = users


class RefusedError(NetBoxError):
    """NetBox understood the request and said no (`status` is the HTTP status)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ConflictError(RefusedError):
    """NetBox said 409: a pool has no room left, or something protects the object from deletion."""


class UncertainWriteError(NetBoxError):
    """A write was sent and its fate is unknown, or the object changed meanwhile: read again before writing again.

    `under_way`: nobody waited for the answer to its end, so NetBox may still be at it.
    """

    def __init__(self, message: str, *, under_way: bool = False) -> None:
        super().__init__(message)
        self.under_way = under_way


@contextlib.contextmanager
def said_of(name: str, many: bool) -> Iterator[None]:
    """Let a refusal among many orders say which one it means."""
    try:
        yield
    except (OrderError, InUseError) as error:
        if many:
            error.args = (f"{name}: {error}",)
        raise
