"""The REST API as the commands call it: TRUNKLINE_URL, TRUNKLINE_TOKEN, and errors that say what to do."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

type Json = dict[str, Any]

_TIMEOUT_S = 30.0
# The service says something every 15 s: longer silence means that it is gone.
_SILENCE_S = 45.0

# Exit codes, as docs/cli.md and `trunkline --help` list them.
FAILED, USAGE, CONFLICT, NOT_FOUND, UNREACHABLE, UNAUTHORIZED, DRIFT = range(1, 8)
_BY_STATUS = {
    401: UNAUTHORIZED,
    403: UNAUTHORIZED,
    404: NOT_FOUND,
    409: CONFLICT,
    412: CONFLICT,
    422: USAGE,
    503: UNREACHABLE,
}


class CliError(Exception):
    """Ends the command with one line on standard error and an exit code."""

    def __init__(self, text: str, code: int = FAILED, document: Json | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.document = document or {"title": "Error", "detail": text}


class Client:
    """One connection to /api/v1."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_S,
            # Reading the certificates costs what a whole command may: only where they are needed.
            verify=url.startswith("https"),
            trust_env=url.startswith("https"),
        )

    @classmethod
    def from_environment(cls) -> "Client":
        """Raises CliError naming the variable that is missing."""
        missing = [name for name in ("TRUNKLINE_URL", "TRUNKLINE_TOKEN") if not os.environ.get(name)]
        if missing:
            remedy = 'for a running demo: eval "$(make -s env)"; a token is made by `trunkline tokens create NAME`'
            raise CliError(f"{' and '.join(missing)} is not set ({remedy})", USAGE)
        return cls(os.environ["TRUNKLINE_URL"], os.environ["TRUNKLINE_TOKEN"])

    def call(
        self, method: str, path: str, *, params: Json | None = None, body: object = None, headers: Json | None = None
    ) -> Any:  # noqa: ANN401 (JSON of any shape)
        """One request; the decoded answer. Raises CliError with the problem's own words."""
        with self._reached():
            response = self._http.request(method, path, params=params, json=body, headers=headers)
        if response.is_error:
            raise _problem(response)
        return response.json() if response.content else None

    def pages(self, path: str, params: Json, limit: int | None = None) -> list[Json]:
        """All items of a list, or the first `limit`."""
        items: list[Json] = []
        wanted = params | {"limit": min(limit or 200, 200)}
        while True:
            page = self.call("GET", path, params=wanted)
            items += page["items"]
            if page["next"] is None or (limit is not None and len(items) >= limit):
                return items[:limit]
            wanted["cursor"] = page["next"]

    def text(self, path: str, params: Json) -> Iterator[str]:
        """An answer that is no JSON, piece by piece as it comes."""
        with self._reached(), self._http.stream("GET", path, params=params) as response:
            if response.is_error:
                response.read()
                raise _problem(response)
            yield from response.iter_text()

    def events(self, run: str) -> Iterator[Json]:
        """The run's events from its beginning, live, until it has ended. A lost connection is taken up again."""
        last, lost = 0, 0
        while True:
            try:
                for event in self._stream(run, last):
                    if event is None:
                        return
                    last, lost = int(event["id"]), 0
                    yield event
            except httpx.TransportError as error:
                lost += 1
                if lost > 3:
                    raise _unreachable(self._http.base_url, error) from error

    def _stream(self, run: str, after: int) -> Iterator[Json | None]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        timeout = httpx.Timeout(_TIMEOUT_S, read=_SILENCE_S)
        with self._http.stream("GET", f"/runs/{run}/events", headers=headers, timeout=timeout) as response:
            if response.is_error:
                response.read()
                raise _problem(response)
            kind = ""
            for line in response.iter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: ") and kind == "end":
                    yield None
                elif line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
        raise httpx.RemoteProtocolError("the stream ended before the run did")

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error


def _unreachable(url: object, error: Exception) -> CliError:
    return CliError(f"{url} does not answer ({error}); check TRUNKLINE_URL and that the service runs", UNREACHABLE)


def _problem(response: httpx.Response) -> CliError:
    try:
        document = response.json()
    except ValueError:
        document = {"title": response.reason_phrase, "detail": response.text[:200], "status": response.status_code}
    code = _BY_STATUS.get(response.status_code, FAILED)
    return CliError(str(document.get("detail") or document.get("title")), code, document)
