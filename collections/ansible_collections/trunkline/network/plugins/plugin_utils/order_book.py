# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The Trunkline API, as the actions on subscriptions use it: errors as one sentence, runs followed to their end."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from ansible.module_utils.urls import ConnectionError as TlsError
from ansible.module_utils.urls import Request, SSLValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = Any
ENDED = ("completed", "failed", "rolled-back", "cancelled")
# A person is to decide.
WAITING = ("awaiting-approval", "held")
STOPPED = (*ENDED, *WAITING)
PAUSE_S = 1.0
# The API says something at least every 15 s on a connection that follows a run.
SILENCE_S = 40.0
ATTEMPTS = 3
# No answer, or that of a proxy which has none.
AWAY = (0, 502, 503, 504)


class OrderBookError(Exception):
    """The API refused, or does not answer. `problem` is its problem document, if it gave one."""

    def __init__(self, message: str, problem: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problem = problem or {}

    @property
    def status(self) -> int:
        """The HTTP status; 0 when there was no answer."""
        return int(self.problem.get("status", 0))


class OrderBook:
    """The API at `url` (without `/api`). `ca` is a CA bundle, empty for the system's. Raises OrderBookError."""

    def __init__(self, url: str, token: str, *, verify: bool, ca: str, timeout_s: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise OrderBookError(
                f"trunkline_url: {url!r} is not a URL. Give it as https://trunkline.example.org (TRUNKLINE_URL)."
            )
        if not token:
            raise OrderBookError("trunkline_token: empty. Set it, or TRUNKLINE_TOKEN in the environment.")
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        # No .netrc and no redirect: the token goes where it was meant to go.
        self._http = Request(
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            validate_certs=verify,
            ca_path=ca or None,
            follow_redirects="none",
            use_netrc=False,
            timeout=timeout_s,
        )

    def get(self, path: str, **params: object) -> Json:
        """GET /api/v1/`path`; again when the connection breaks."""
        query = f"?{urlencode(params)}" if params else ""
        return self._again("GET", path + query)

    def send(self, method: str, path: str, body: object = None) -> Json:
        """One request that asks for something, sent once."""
        return self._send(method, path, body, {})

    def create(self, path: str, body: object) -> Json:
        """POST under a key of its own, so that it may be sent again when the connection breaks."""
        return self._again("POST", path, body, {"Idempotency-Key": str(uuid.uuid4())})

    def items(self, path: str, **params: object) -> Iterator[Json]:
        """All items of a list, page after page."""
        page = self.get(path, limit=200, **params)
        yield from page["items"]
        while page["next"]:
            page = self.get(path, limit=200, cursor=page["next"], **params)
            yield from page["items"]

    def link(self, run: str) -> str:
        """Where the run is to be seen."""
        return f"{self.url}/api/v1/runs/{run}"

    def wait(self, run: str, timeout_s: float) -> Json:
        """The run once it has ended or waits for a person; as it is when that takes longer than `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        seen = 0
        while True:
            left = deadline - time.monotonic()
            try:
                found = self._send("GET", f"runs/{run}", None, {})
            except OrderBookError as error:
                # The run goes on without the API, so whoever waits for it does, too.
                if left <= 0 or error.status not in AWAY:
                    raise
                time.sleep(min(PAUSE_S, left))
                continue
            if found["status"] in STOPPED or left <= 0:
                return found
            seen = self._until_news(run, seen, left)

    def _until_news(self, run: str, seen: int, left_s: float) -> int:
        """Listen until the run's status changes, at most `left_s` seconds; the id of the last event."""
        deadline = time.monotonic() + left_s
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(seen)}
        try:
            answer = self._http.open(
                "GET", f"{self.link(run)}/events", headers=headers, timeout=min(SILENCE_S, max(left_s, PAUSE_S))
            )
            with answer:
                for line in answer:
                    text = line.decode().strip()
                    if text.startswith("id: "):
                        seen = int(text.removeprefix("id: "))
                    # The id stands before the kind.
                    if text in ("event: status", "event: end") or time.monotonic() > deadline:
                        return seen
        except (OSError, TlsError, SSLValidationError):
            # The API is being restarted, perhaps; whether it comes back is seen by who asks for the run next.
            time.sleep(min(PAUSE_S, left_s))
        return seen

    def _again(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Json:
        attempt = 1
        while True:
            try:
                return self._send(method, path, body, headers or {})
            except OrderBookError as error:
                if attempt == ATTEMPTS or error.status not in AWAY:
                    raise
            attempt += 1
            time.sleep(PAUSE_S)

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Json:
        data = json.dumps(body).encode() if body is not None else None
        try:
            with self._http.open(method, f"{self.url}/api/v1/{path}", data=data, headers=dict(headers)) as answer:
                content = answer.read()
        except HTTPError as error:
            raise self._refusal(error) from error
        except SSLValidationError as error:
            raise OrderBookError(
                f"Trunkline at {self.url}: the TLS certificate is not trusted ({error}). "
                "Give the CA bundle that signed it as trunkline_ca (TRUNKLINE_CA)."
            ) from error
        except (URLError, TlsError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise OrderBookError(
                f"Trunkline at {self.url} does not answer ({reason}). Check TRUNKLINE_URL and that it runs."
            ) from error
        try:
            return json.loads(content) if content else None
        except ValueError as error:
            raise OrderBookError(f"{self.url} answered, but not with JSON. Is TRUNKLINE_URL its root?") from error

    def _refusal(self, error: HTTPError) -> OrderBookError:
        try:
            problem = json.loads(error.read())
            detail = str(problem.get("detail") or problem.get("title"))
        except (ValueError, AttributeError):
            problem, detail = {}, str(error.reason)
        problem = {**problem, "status": error.code}
        if error.code == 401:
            detail = f"{detail} Check TRUNKLINE_TOKEN."
        return OrderBookError(f"Trunkline at {self.url}: {detail}", problem)
