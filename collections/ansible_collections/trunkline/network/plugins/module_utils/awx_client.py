# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""AWX's REST API, version 2, with nothing but what ansible-core brings."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from ansible.module_utils.urls import open_url

if TYPE_CHECKING:
    from collections.abc import Callable

Record = dict[str, Any]
PAGE_SIZE = 200
POLL_S = 0.5


class AwxError(Exception):
    """AWX does not do it, or does not answer; the text says why and what to do."""


class Client:
    """Requests with one token."""

    def __init__(self, url: str, token: str, ca: str | None, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self.requests = 0
        self._token, self._ca, self._timeout_s = token, ca, timeout_s

    def get(self, path: str) -> Record:
        """One object. Raises AwxError."""
        return self._call("GET", path)

    def send(self, method: str, path: str, body: Record) -> Record:
        """Make, change or do something. Raises AwxError."""
        return self._call(method, path, body)

    def all(self, path: str, **filters: object) -> list[Record]:
        """All objects of a list that fit. Raises AwxError."""
        query = urlencode({"page_size": PAGE_SIZE, "order_by": "id", **filters})
        found: list[Record] = []
        following: str | None = f"/api/v2/{path}?{query}"
        while following:
            page = self._call("GET", following.removeprefix("/api/v2/"))
            found += page["results"]
            following = page["next"]
        return found

    def wait(self, path: str, ended: Callable[[Record], bool], seconds: float) -> Record:
        """The object once it is as it should be. Raises AwxError."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.get(path)
            if ended(found):
                return found
            if time.monotonic() > deadline:
                raise AwxError(f"{self.url}/api/v2/{path} is still {found.get('status')} after {seconds:.0f} s")
            time.sleep(POLL_S)

    def _call(self, method: str, path: str, body: Record | None = None) -> Record:
        self.requests += 1
        try:
            response = open_url(
                f"{self.url}/api/v2/{path}",
                method=method,
                data=None if body is None else json.dumps(body),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
                timeout=self._timeout_s,
                ca_path=self._ca,
            )
        except HTTPError as error:
            said = error.read().decode("utf-8", "replace")[:500]
            if error.code == 401:
                raise AwxError(f"{self.url} does not know the token: give a valid one in awx_token") from error
            raise AwxError(f"AWX answered {error.code} to {method} {path}: {said}") from error
        except (URLError, OSError, ValueError) as error:
            raise AwxError(f"{self.url} does not answer ({error}): check awx_url and awx_ca") from error
        content = response.read()
        return json.loads(content) if content else {}
