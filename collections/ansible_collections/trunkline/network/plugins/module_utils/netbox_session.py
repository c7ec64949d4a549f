# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""One connection to NetBox: token, TLS, time-outs, retries of reads, and a count of what was sent.

Every request passes through one transport adapter, also those that pynetbox makes by itself, so the rules hold
everywhere: a read is repeated with back-off when NetBox is busy or the connection breaks; a write is never repeated
blindly. A write whose fate is unknown raises `UncertainWriteError`: the caller reads again before it writes again.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

try:
    import pynetbox
    import requests
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase
except ImportError as error:
    # The modules tell their user, once they can.
    MISSING = error.name or "pynetbox"
    HTTPAdapter = AuthBase = object  # type: ignore[assignment, misc]
else:
    MISSING = ""

from .netbox_errors import ConflictError, RefusedError, TokenError, UnavailableError, UncertainWriteError
from .netbox_pages import PAGE, SHORTEST_PAGE, Pages

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = dict[str, Any]
# What NetBox answers: its shape depends on the endpoint.
Json = Any

READ_ATTEMPTS = 4
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 10.0
BUSY = (429, 502, 503, 504)
# A list that is long in most networks.
LONG_LIST = """
query ($start: Int!, $limit: Int!) {
  ip_address_list(pagination: {start: $start, limit: $limit}) { id }
}
"""
# NetBox reads the parts of a GraphQL answer one after the other: what somebody deletes meanwhile makes it fail.
VANISHED = "matching query does not exist"
# How GraphQL says that this NetBox's schema lacks something.
UNKNOWN = re.compile(r"Cannot query field|Unknown (argument|type|field)|Field '\w+' is not defined")


def is_read(request: requests.PreparedRequest) -> bool:
    """Whether repeating the request changes nothing: GET, HEAD, OPTIONS, and GraphQL (which only reads in NetBox)."""
    path = (request.url or "").split("?", 1)[0]
    return request.method in ("GET", "HEAD", "OPTIONS") or path.endswith("/graphql/")


def pause_before(attempt: int, answer: requests.Response | None = None) -> float:
    """Seconds to wait before attempt number `attempt` (2, 3, ...); NetBox's own Retry-After wins, up to a bound."""
    wish = answer.headers.get("Retry-After", "") if answer is not None else ""
    pause = float(wish) if wish.isdigit() else FIRST_PAUSE_S * 2 ** (attempt - 2)
    return min(pause, LONGEST_PAUSE_S)


class Transport(HTTPAdapter):
    """Sends requests with a time-out, counts them, and repeats reads."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self.timeout_s = timeout_s
        self.verify: bool | str = True
        self.sent = 0
        self.writes = 0
        self.written_as: list[str] = []
        self._counting = threading.Lock()

    def send(self, request: requests.PreparedRequest, *args: Json, **kwargs: Json) -> requests.Response:
        """Send one request; a read up to READ_ATTEMPTS times, a write once more only if NetBox said 429."""
        kwargs["timeout"] = kwargs.get("timeout") or self.timeout_s
        reading = is_read(request)
        for attempt in range(2, READ_ATTEMPTS + 2):
            last = attempt > READ_ATTEMPTS
            answer = None
            try:
                answer = self.send_once(request, *args, **kwargs)
            except requests.exceptions.SSLError:
                raise
            except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
                if last or not reading:
                    raise
            else:
                again = answer.status_code in BUSY if reading else answer.status_code == 429
                if last or not again:
                    return answer
            time.sleep(pause_before(attempt, answer))
        raise AssertionError("the last attempt returns or raises")

    def send_once(self, request: requests.PreparedRequest, *args: Json, **kwargs: Json) -> requests.Response:
        """Send and count one request."""
        # Not the http session's: there, REQUESTS_CA_BUNDLE of the environment would win over what the caller says.
        if self.verify is not True:
            kwargs["verify"] = self.verify
        with self._counting:
            self.sent += 1
            self.writes += not is_read(request)
        answer = super().send(request, *args, **kwargs)
        if not is_read(request) and answer.ok and "X-Request-ID" in answer.headers:
            with self._counting:
                self.written_as.append(answer.headers["X-Request-ID"])
        return answer


class TokenAuth(AuthBase):
    """The header of a v1 or v2 token; as an auth object, so that a .netrc file cannot replace it."""

    def __init__(self, token: str) -> None:
        self.header = f"{'Bearer' if token.startswith('nbt_') else 'Token'} {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign the request."""
        request.headers["Authorization"] = self.header
        return request


class Session:
    """NetBox, as the modules use it.

    `url` without `/api`; `token` v1 or v2 (`nbt_<key>.<secret>`); `verify` is True, False or the path of a CA bundle;
    `run` signs every change in NetBox's change log. `api` is pynetbox on the same connection. Threads may share it.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        verify: bool | str = True,
        timeout_s: float = 30.0,
        run: str = "",
        transport: Transport | None = None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise UnavailableError(
                f"netbox_url: {url!r} is not a URL. Give it as https://netbox.example.org (NETBOX_URL)."
            )
        if not token:
            raise TokenError("netbox_token: empty. Set it, or NETBOX_TOKEN in the environment.")
        self.url = url.rstrip("/")
        self.api = pynetbox.api(self.url, token=token)
        self.message = f"trunkline run {run}" if run else "trunkline"
        self.transport = transport or Transport(timeout_s)
        self._full_page = SHORTEST_PAGE
        http = self.api.http_session
        self.transport.verify = verify
        http.auth = TokenAuth(token)
        http.mount("https://", self.transport)
        http.mount("http://", self.transport)

    @property
    def sent(self) -> int:
        """How many HTTP requests were sent, repetitions included."""
        return self.transport.sent

    @property
    def written_as(self) -> list[str]:
        """NetBox's request ids of the answered writes, in order: under these its change log has what was written."""
        return self.transport.written_as

    @property
    def writes(self) -> int:
        """How many of them could change something."""
        return self.transport.writes

    def graphql(self, query: str, variables: Mapping[str, Any]) -> Record:
        """Answer of one GraphQL query (a read), in one request and one more for each further page of the lists that
        `Pages` takes for paged; of the other lists, what NetBox puts on one page. Raises RefusedError when NetBox
        reports errors.
        """
        pages = Pages(query, self._full_page)
        first = page = self._graphql(query, {**variables, **pages.variables()})
        while pages.take(page):
            page = self._graphql(query, {**variables, **pages.variables()})
        return first | pages.rows

    def learn_page(self) -> None:
        """Find out how long a full page is at least, for many queries to come: each whose lists are shorter is answered
        by one request then. One request.
        """
        page = self._graphql(LONG_LIST, {"start": 0, "limit": PAGE})["ip_address_list"]
        self._full_page = max(SHORTEST_PAGE, len(page))

    def _graphql(self, query: str, variables: Mapping[str, Any]) -> Record:
        attempt = 1
        while True:
            answer = self._send("POST", f"{self.url}/graphql/", {"query": query, "variables": dict(variables)})
            reasons = [str(error.get("message", error)) for error in answer.get("errors") or ()]
            if not reasons:
                data: Record = answer["data"]
                return data
            if attempt == READ_ATTEMPTS or not all(VANISHED in reason for reason in reasons):
                remedy = " NetBox 4.5.2 or newer is needed." if any(UNKNOWN.match(one) for one in reasons) else ""
                raise RefusedError(f"NetBox refused a GraphQL query: {'; '.join(reasons).rstrip('.')}.{remedy}", 400)
            attempt += 1
            time.sleep(pause_before(attempt))

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        """Answer of GET /api/`path`."""
        return self._send("GET", f"{self.url}/api/{path}", None, params)

    def rows(self, path: str, params: Mapping[str, Any]) -> list[Record]:
        """All objects of the list at /api/`path`: one request for each page, as large as NetBox allows."""
        found: list[Record] = []
        while True:
            # In order of id: rows that are equal in NetBox's own order could change places between two pages.
            page = self.get(path, {**params, "ordering": "id", "limit": 0, "offset": len(found)})
            found += page["results"]
            if not page["next"] or not page["results"]:
                return found

    def post(self, path: str, payload: Record | list[Record]) -> Json:
        """Create at /api/`path`: one object, or a list (all or nothing)."""
        return self._send("POST", f"{self.url}/api/{path}", self._signed(payload))

    def patch(self, path: str, payload: Record | list[Record], last_updated: str = "") -> Json:
        """Change at /api/`path`. With `last_updated` (one object only) NetBox refuses if somebody was faster."""
        headers = {"If-Match": f'W/"{last_updated}"'} if last_updated else None
        return self._send("PATCH", f"{self.url}/api/{path}", self._signed(payload), headers=headers)

    def delete(self, path: str, ids: list[int]) -> None:
        """Delete the objects of /api/`path` with these ids, all or nothing."""
        self._send("DELETE", f"{self.url}/api/{path}", self._signed([{"id": number} for number in ids]))

    def _signed(self, payload: Record | list[Record]) -> Record | list[Record]:
        if isinstance(payload, list):
            return [{**item, "changelog_message": self.message} for item in payload]
        return {**payload, "changelog_message": self.message}

    def _send(
        self,
        method: str,
        url: str,
        payload: Record | list[Record] | None,
        params: Mapping[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Json:
        writing = method != "GET" and not url.endswith("/graphql/")
        try:
            answer = self.api.http_session.request(method, url, json=payload, params=params, headers=headers)
        except requests.exceptions.SSLError as error:
            raise UnavailableError(
                f"NetBox at {self.url}: the TLS certificate is not trusted ({root_cause(error)}). "
                "Give the CA bundle that signed it as netbox_ca (NETBOX_CA)."
            ) from error
        except requests.exceptions.RequestException as error:
            if writing and not never_sent(error):
                raise UncertainWriteError(
                    f"NetBox at {self.url}: the connection broke during a write ({root_cause(error)})",
                    under_way=isinstance(error, requests.exceptions.Timeout),
                ) from error
            raise UnavailableError(
                f"NetBox at {self.url} does not answer ({root_cause(error)}). Check NETBOX_URL and that NetBox runs."
            ) from error
        return self._checked(answer, writing)

    def _checked(self, answer: requests.Response, writing: bool) -> Json:
        code = answer.status_code
        if code in (401, 403):
            raise TokenError(
                f"NetBox at {self.url} refused the token ({code}: {reason_of(answer)}). "
                "Check NETBOX_TOKEN: it must exist, be enabled, and allow writing; its user needs the permissions."
            )
        if code == 412:
            raise UncertainWriteError("somebody changed the object in NetBox at the same time")
        if code >= 500:
            if writing:
                raise UncertainWriteError(
                    f"NetBox at {self.url} failed during a write ({code}: {reason_of(answer)})",
                    under_way=code == HTTPStatus.GATEWAY_TIMEOUT,
                )
            raise UnavailableError(f"NetBox at {self.url} failed ({code}: {reason_of(answer)}). See NetBox's log.")
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise UnavailableError(
                f"NetBox at {self.url} is too busy (429: {reason_of(answer)}), also after {READ_ATTEMPTS} attempts. "
                "Try again later."
            )
        if code == 409:
            raise ConflictError(reason_of(answer), code)
        if code >= 400:
            raise RefusedError(
                f"NetBox refused {answer.request.method} {answer.request.path_url}: {reason_of(answer)}", code
            )
        if code == 204:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise UnavailableError(
                f"{self.url} answered, but not with JSON. Is NETBOX_URL the root of a NetBox (without /api)?"
            ) from error


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def never_sent(error: Exception) -> bool:
    """Whether the connection could not even be opened, so that a write certainly did not happen."""
    return isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error)


def root_cause(error: BaseException) -> str:
    """The innermost reason of a connection error, in one line."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def reason_of(answer: requests.Response) -> str:
    """What NetBox says is wrong, in one line: `field: reason; field: reason`."""
    try:
        body = answer.json()
    except ValueError:
        return (answer.reason or "no reason given").strip()
    return "; ".join(flatten(body)) or str(answer.reason)


def flatten(body: Json, path: str = "") -> list[str]:
    """NetBox's nested error body as `field: reason` lines; positions of a list are left out where they are empty."""
    if isinstance(body, dict):
        return [line for key, value in body.items() for line in flatten(value, f"{path}.{key}" if path else str(key))]
    if isinstance(body, list):
        return [line for value in body for line in flatten(value, path)]
    return [f"{path}: {body}" if path and path not in ("detail", "non_field_errors", "__all__") else str(body)]
