"""Logging in with OpenID Connect: the code flow with PKCE (RFC 7636), for browsers."""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from trunkline.access.caller import Caller
from trunkline.access.oidc import Provider
from trunkline.errors import Unauthorized, Unavailable

COOKIE = "trunkline_log_in"
"""What the browser keeps while it is at the provider: state, nonce and verifier of this one attempt."""

LASTS_S = 600
_ANSWERS_WITHIN_S = 10.0
# A path of ours, and nothing that a browser takes for another host.
_PAGE = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*\Z")


@dataclass(frozen=True)
class Attempt:
    """One log-in under way; it ends on the page `to`."""

    state: str
    nonce: str
    verifier: str
    to: str

    @classmethod
    def new(cls, to: str) -> "Attempt":
        """Another one, which nobody can guess."""
        page = to if _PAGE.match(to) else "/"
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), page)

    @classmethod
    def of_cookie(cls, cookie: str) -> "Attempt":
        """The attempt that this browser has begun. Raises Unauthorized."""
        try:
            state, nonce, verifier, to = base64.urlsafe_b64decode(cookie.encode()).decode().split("\n")
        except ValueError:
            message = "This browser has not begun to log in, or took more than ten minutes: begin again."
            raise Unauthorized(message) from None
        return cls(state, nonce, verifier, to if _PAGE.match(to) else "/")

    @property
    def cookie(self) -> str:
        """What `of_cookie` reads."""
        return base64.urlsafe_b64encode("\n".join((self.state, self.nonce, self.verifier, self.to)).encode()).decode()


async def begin(provider: Provider, attempt: Attempt, redirect_uri: str) -> str:
    """Where to send the browser. Raises Unavailable."""
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.settings.oidc_client_id or "",
        "redirect_uri": redirect_uri,
        "scope": "openid profile email",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    where = (await provider.endpoints()).authorization
    return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"


async def finish(provider: Provider, attempt: Attempt, code: str, state: str, redirect_uri: str) -> Caller:
    """Who has logged in. Raises Unauthorized, Forbidden, Unavailable."""
    if not hmac.compare_digest(state.encode(), attempt.state.encode()):
        raise Unauthorized("The answer belongs to another attempt to log in: begin again.")
    client = str(provider.settings.oidc_client_id)
    claims = await provider.verify(await _id_token(provider, attempt, code, redirect_uri), client)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
        raise Unauthorized("The ID token belongs to another attempt to log in: begin again.")
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != client:
        raise Unauthorized("The ID token was made for another client.")
    return provider.caller_of(claims, via="oidc")


async def _id_token(provider: Provider, attempt: Attempt, code: str, redirect_uri: str) -> str:
    settings = provider.settings
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
    }
    auth: httpx.Auth = httpx.Auth()
    if settings.oidc_client_secret is None:
        sent["client_id"] = str(settings.oidc_client_id)
    else:
        auth = httpx.BasicAuth(str(settings.oidc_client_id), settings.oidc_client_secret.get_secret_value())
    where = (await provider.endpoints()).token
    try:
        response = await provider.http.post(where, data=sent, auth=auth, timeout=_ANSWERS_WITHIN_S)
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"The OpenID provider does not answer at {where} ({type(error).__name__}).") from None
    token = answer.get("id_token") if isinstance(answer, dict) else None
    if response.is_error or not isinstance(token, str):
        raise Unauthorized("The OpenID provider does not accept the code: begin again.")
    return token
