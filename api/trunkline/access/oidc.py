"""OpenID Connect: what a provider says of a person, believed only after every check.

OpenID Connect Core 1.0 (3.1.3.7: the ID token), Discovery 1.0, RFC 8725 (best current practice for JWT), RFC 9068.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from trunkline.access.caller import Caller
from trunkline.access.roles import parse_scopes
from trunkline.errors import Forbidden, Unauthorized, Unavailable
from trunkline.settings import Settings

type Claims = dict[str, Any]

# Pinned: neither "none" nor a key that both sides know, whatever the token or the provider says.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_KEY_TYPES = ("RSA", "EC", "OKP")
_CLOCKS_DIFFER_S = 30
_KNOWN_FOR_S = 3600.0
# A token with an unknown key makes us look for new keys, but not as often as somebody sends such tokens.
_KEYS_READ_EVERY_S = 10.0
_ANSWERS_WITHIN_S = 5.0
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Endpoints:
    """What the provider's discovery document says."""

    issuer: str
    authorization: str
    token: str
    jwks: str


@dataclass
class Provider:
    """The provider that TRUNKLINE_OIDC_ISSUER names; one for a process, over one HTTP client."""

    settings: Settings
    http: httpx.AsyncClient
    _endpoints: tuple[float, Endpoints] | None = None
    _keys: tuple[float, KeySet] | None = None
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def caller(self, token: str) -> Caller:
        """Whose bearer token it is. Raises Unauthorized, Forbidden, Unavailable."""
        if self.settings.oidc_audience is None:
            raise Unauthorized("Tokens of the OpenID provider open no door: TRUNKLINE_OIDC_AUDIENCE is not set.")
        claims = await self.verify(token, self.settings.oidc_audience)
        return self.caller_of(claims, via="oidc")

    async def verify(self, token: str, audience: str) -> Claims:
        """The claims of a token that this provider has signed for this audience. Raises Unauthorized, Unavailable."""
        endpoints = await self.endpoints()
        try:
            claims: Claims = (await self._decode(token)).claims
            JWTClaimsRegistry(
                leeway=_CLOCKS_DIFFER_S,
                iss={"essential": True, "value": endpoints.issuer},
                aud={"essential": True, "value": audience},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise Unauthorized(f"The token of the OpenID provider does not hold: {_said(error)}.") from None
        return claims

    def caller_of(self, claims: Claims, via: str) -> Caller:
        """Who it is, and what the provider's groups or roles mean here. Raises Forbidden when they mean nothing."""
        name = claims.get(self.settings.oidc_name_claim) or claims["sub"]
        if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
            raise Unauthorized(
                f"The claim {self.settings.oidc_name_claim} is no name of 1 to 100 printable characters."
            )
        held = _texts(claims, self.settings.oidc_roles_claim)
        mapped = [scope for value in held for scope in self.settings.oidc_scopes.get(value, ())]
        caller = Caller(name, parse_scopes(mapped), via=via, ends_at=datetime.fromtimestamp(claims["exp"], UTC))
        if not mapped:
            claim = self.settings.oidc_roles_claim
            raise Forbidden(f"{name} has no role here: nothing in the claim {claim} is in TRUNKLINE_OIDC_SCOPES.")
        return caller

    async def endpoints(self) -> Endpoints:
        """Where the provider is, as it says itself. Raises Unavailable."""
        async with self._reading:
            if self._endpoints is None or time.monotonic() - self._endpoints[0] > _KNOWN_FOR_S:
                self._endpoints = (time.monotonic(), await self._discover())
            return self._endpoints[1]

    async def _discover(self) -> Endpoints:
        issuer = str(self.settings.oidc_issuer)
        found = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise Unavailable(f"{issuer} calls itself {found.get('issuer')!r}: set TRUNKLINE_OIDC_ISSUER to that.")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        urls = [str(found.get(name, "")) for name in names]
        scheme = "http://" if issuer.startswith("http://") else "https://"
        for name, url in zip(names, urls, strict=True):
            if not url.startswith((scheme, "https://")):
                raise Unavailable(f"{issuer} names {url!r} as its {name}: it must begin with https://.")
        return Endpoints(issuer, *urls)

    async def _decode(self, token: str) -> jwt.Token:
        keys, fresh = await self._key_set(at_most_old_s=_KNOWN_FOR_S)
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            if fresh:
                raise
            # The provider has changed its keys.
            keys, _ = await self._key_set(at_most_old_s=_KEYS_READ_EVERY_S)
            return jwt.decode(token, keys, algorithms=ALGORITHMS)

    async def _key_set(self, at_most_old_s: float) -> tuple[KeySet, bool]:
        endpoints = await self.endpoints()
        async with self._reading:
            if self._keys is not None and time.monotonic() - self._keys[0] <= at_most_old_s:
                return self._keys[1], False
            found = (await self._get(endpoints.jwks)).get("keys", [])
            usable = [key for key in found if key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"]
            keys = KeySet.import_key_set({"keys": usable})
            self._keys = (time.monotonic(), keys)
            return keys, True

    async def _get(self, url: str) -> dict[str, Any]:
        try:
            response = (await self.http.get(url, timeout=_ANSWERS_WITHIN_S)).raise_for_status()
            found = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"The OpenID provider does not answer at {url} ({type(error).__name__}).") from None
        if not isinstance(found, dict):
            raise Unavailable(f"The OpenID provider does not answer with an object at {url}.")
        return found


def _texts(claims: Mapping[str, Any], path: str) -> Sequence[str]:
    """The values of a claim, whose name may be a path: `realm_access.roles`."""
    value: Any = claims.get(path)
    if value is None:
        value = claims
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _said(error: Exception) -> str:
    """What is wrong, without any part of the token."""
    return str(getattr(error, "description", "") or getattr(error, "error", "") or "it cannot be read").rstrip(".")
