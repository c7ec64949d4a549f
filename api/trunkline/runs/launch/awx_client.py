"""The few requests that a launcher makes of AWX's REST API, version 2."""

import ssl
from collections.abc import Iterator
from typing import cast

import httpx

from trunkline.db.models import JsonObject
from trunkline.runs.launch.contract import LaunchError
from trunkline.settings import Settings

# A launch whose answer is lost is looked for again: better to wait for a slow AWX than to ask it twice.
_TIMEOUT = httpx.Timeout(60, connect=10)
_PAGE_SIZE = 200


class AwayError(Exception):
    """AWX does not answer, or says itself that it cannot for now; worth asking again."""


class RefusedError(Exception):
    """AWX understood the request and does not do it; carries its status and its own words."""

    def __init__(self, status: int, path: str, said: str) -> None:
        super().__init__(f"AWX answered {status} to {path}: {said}")
        self.status = status


class AwxClient:
    """May be used by several threads; `close` it."""

    def __init__(self, settings: Settings) -> None:
        url = (settings.awx_url or "").rstrip("/")
        token = settings.awx_token.get_secret_value() if settings.awx_token else ""
        self.url = url
        self._http = httpx.Client(
            base_url=f"{url}/api/v2/",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            # The system's certificates, unless one names others; never none.
            verify=ssl.create_default_context(cafile=str(settings.awx_ca) if settings.awx_ca else None),
            timeout=_TIMEOUT,
        )

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def get(self, path: str, **params: str | int) -> JsonObject:
        """One object. Raises AwayError, RefusedError, LaunchError."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: JsonObject) -> JsonObject:
        """Make or do something. Raises AwayError, RefusedError, LaunchError."""
        return self._call("POST", path, body=body)

    def page(self, path: str, **params: str | int) -> list[JsonObject]:
        """The first page of a list, 200 objects long. Raises AwayError, RefusedError, LaunchError."""
        return cast("list[JsonObject]", self.get(path, page_size=_PAGE_SIZE, **params)["results"])

    def all_after(self, path: str, counter: int, **params: str | int) -> Iterator[JsonObject]:
        """The events of a job whose `counter` is higher, in order; page by page as they are asked for."""
        while True:
            page = self.page(path, order_by="counter", counter__gt=counter, **params)
            yield from page
            if len(page) < _PAGE_SIZE:
                return
            counter = cast("int", page[-1]["counter"])

    def one(self, path: str, **params: str | int) -> JsonObject | None:
        """The only object that fits, or None."""
        found = self.page(path, **params)
        return found[0] if found else None

    def _call(
        self, method: str, path: str, params: dict[str, str | int] | None = None, body: JsonObject | None = None
    ) -> JsonObject:
        try:
            response = self._http.request(method, path, params=params, json=body)
        except httpx.UnsupportedProtocol as error:
            raise LaunchError(f"TRUNKLINE_AWX_URL={self.url} is not an http or https address") from error
        except httpx.TransportError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(error):
                raise LaunchError(
                    f"the certificate of {self.url} is not trusted ({error}): name its CA in TRUNKLINE_AWX_CA"
                ) from error
            raise AwayError(f"{self.url} does not answer: {error or type(error).__name__}") from error
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise LaunchError(f"{self.url} does not know the token: set TRUNKLINE_AWX_TOKEN to a valid one")
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise AwayError(f"{self.url} answered {response.status_code}")
        if response.is_error:
            raise RefusedError(response.status_code, path, response.text[:500])
        return cast("JsonObject", response.json() if response.content else {})
