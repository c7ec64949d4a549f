"""A stand-in for an OpenID provider: the real protocol over a real socket, for one person who is always logged in.

Strict where a provider is: a code once and for the flow it was made for, the registered redirect URI, PKCE, the secret.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "trunkline", "the-client's-secret"


@dataclass
class Provider:
    """What it knows; tests change `person`, `lies` (claims that replace the true ones in ID tokens) and the keys."""

    person: dict[str, Any] = field(default_factory=lambda: {"sub": "1234", "preferred_username": "alice"})
    lies: dict[str, Any] = field(default_factory=dict)
    key: RSAKey | ECKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    redirect_uri: str = ""
    issuer: str = ""
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "none"],
        }

    def claims(self, audience: str, **more: Any) -> dict[str, Any]:
        """The claims of a token for this audience."""
        now = int(time.time())
        return {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + 300} | self.person | more

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""
        algorithm = "ES256" if isinstance(self.key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": self.key.kid}, claims, self.key, algorithms=[algorithm])

    def authorize(self, asked: dict[str, str]) -> str | None:
        """Where the browser goes; None when the request is not that of the registered client."""
        proof = asked.get("code_challenge_method") == "S256" and asked.get("code_challenge")
        known = (asked.get("client_id"), asked.get("redirect_uri")) == (CLIENT, self.redirect_uri)
        if not proof or not known or asked.get("response_type") != "code" or "openid" not in asked["scope"].split():
            return None
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{self.redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}"

    def tokens(self, sent: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer of the token endpoint; None for what it does not accept."""
        asked = self.codes.pop(sent.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {basic}" or sent["redirect_uri"] != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        token = self.sign(self.claims(CLIENT, nonce=asked["nonce"]) | self.lies)
        return {"id_token": token, "access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """It answers while the block runs."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            provider.asked.append(url.path)
            if url.path == "/.well-known/openid-configuration":
                self._answer(provider.discovery())
            elif url.path == "/keys":
                self._answer(dict(KeySet([provider.key]).as_dict(private=False)))
            elif url.path == "/authorize":
                to = provider.authorize(_single(url.query))
                self.send_response(302 if to else 400)
                self.send_header("Location", to or "")
                self.end_headers()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = provider.tokens(_single(body), self.headers.get("Authorization", ""))
            self._answer(answer or {"error": "invalid_grant"}, 200 if answer else 400)

        def _answer(self, document: dict[str, Any], status: int = 200) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
