"""OpenID Connect against a provider that speaks the real protocol: log-in, bearer tokens, and every way to cheat."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.api.live_service import Service, make_service, running
from tests.security.oidc_provider import CLIENT, SECRET, Provider, running_provider
from trunkline.access import oidc
from trunkline.errors import Unauthorized
from trunkline.settings import Settings

AUDIENCE = "https://trunkline.example/api"
SCOPES = {"noc": ["operator"], "uni": ["viewer:customer=uni"], "boss": ["admin"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The provider."""
    with running_provider() as started:
        yield started


@pytest.fixture(scope="module")
def service(database_url: str, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that believes this provider."""
    settings = {
        "TRUNKLINE_WORKER_IN_API": "false",
        "TRUNKLINE_OIDC_ISSUER": provider.issuer,
        "TRUNKLINE_OIDC_CLIENT_ID": CLIENT,
        "TRUNKLINE_OIDC_CLIENT_SECRET": SECRET,
        "TRUNKLINE_OIDC_AUDIENCE": AUDIENCE,
        "TRUNKLINE_OIDC_ROLES_CLAIM": "realm_access.roles",
        "TRUNKLINE_OIDC_SCOPES": json.dumps(SCOPES),
    }
    made = make_service(tmp_path_factory.mktemp("service"), database_url, **settings)
    provider.redirect_uri = f"{made.url}/session/oidc/callback"
    with running(made) as started:
        yield started


@pytest.fixture(autouse=True)
def alice(provider: Provider) -> None:
    """An honest provider, and a person of the NOC."""
    provider.lies = {}
    provider.person = {"sub": "1234", "preferred_username": "alice", "realm_access": {"roles": ["noc", "other"]}}


@pytest.fixture
def browser(service: Service) -> Iterator[httpx.Client]:
    """A browser that has not logged in."""
    with httpx.Client(base_url=service.url) as client:
        yield client


def _to_provider(browser: httpx.Client, to: str = "/") -> str:
    return browser.get("/session/oidc", params={"to": to}).headers["location"]


def _back(browser: httpx.Client, at_provider: str) -> httpx.Response:
    return browser.get(httpx.get(at_provider).headers["location"])


def _bearer(service: Service, token: str) -> httpx.Response:
    return httpx.get(f"{service.url}/session", headers={"Authorization": f"Bearer {token}"})


def test_a_person_logs_in_and_out(service: Service, browser: httpx.Client) -> None:
    answer = _back(browser, _to_provider(browser, "/runs?sort=status"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs?sort=status")
    me = browser.get("/session").json()
    assert (me["name"], me["scopes"]) == ("alice", ["operator"])
    assert browser.get("/runs").is_success
    assert browser.post("/customers", headers={"X-CSRF-Token": me["csrf"]}).status_code == 403
    browser.delete("/session", headers={"X-CSRF-Token": me["csrf"]})
    assert browser.get("/runs").status_code == 401
    [opened] = service.call("GET", "/audit?kind=sessions&action=created", 200)["items"]
    assert opened["actor"] == "alice"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_logging_in_leads_to_no_other_site(browser: httpx.Client, to: str) -> None:
    assert _back(browser, _to_provider(browser, to)).headers["location"] == "/"


def test_who_has_no_mapped_role_does_not_get_in(provider: Provider, browser: httpx.Client) -> None:
    provider.person["realm_access"] = {"roles": ["strangers"]}
    answer = _back(browser, _to_provider(browser))
    assert answer.status_code == 403
    assert "nothing in the claim realm_access.roles" in answer.json()["detail"]
    assert browser.get("/runs").status_code == 401


def test_an_answer_to_another_browser_is_refused(service: Service, browser: httpx.Client) -> None:
    with httpx.Client(base_url=service.url) as attacker:
        attackers = httpx.get(_to_provider(attacker)).headers["location"]
    assert browser.get(attackers).status_code == 401
    _to_provider(browser)
    assert "another attempt" in browser.get(attackers).json()["detail"]
    mine = httpx.get(_to_provider(browser)).headers["location"]
    swapped = httpx.URL(mine).copy_merge_params({"code": httpx.URL(attackers).params["code"]})
    assert browser.get(swapped).status_code == 401
    assert browser.get("/runs").status_code == 401


def test_a_code_serves_once(browser: httpx.Client) -> None:
    link = httpx.get(_to_provider(browser)).headers["location"]
    kept = dict(browser.cookies)
    assert browser.get(link).status_code == 303
    browser.cookies.clear()
    for name, value in kept.items():
        browser.cookies.set(name, value)
    assert browser.get(link).status_code == 401


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"sub": None},
        {"iat": int(time.time()) + 3600},
        {"preferred_username": "new\nline"},
    ],
)
def test_an_id_token_that_lies_opens_no_session(
    provider: Provider, browser: httpx.Client, lies: dict[str, Any]
) -> None:
    provider.lies = lies
    assert _back(browser, _to_provider(browser)).status_code == 401
    assert "trunkline_session" not in browser.cookies


def test_a_bearer_token_of_the_provider_opens_the_api(service: Service, provider: Provider) -> None:
    answer = _bearer(service, provider.sign(provider.claims(AUDIENCE)))
    assert answer.json()["name"] == "alice"
    provider.person |= {"preferred_username": "bob", "realm_access": {"roles": ["uni"]}}
    assert _bearer(service, provider.sign(provider.claims(AUDIENCE))).json()["scopes"] == ["viewer:customer=uni"]


async def test_keys_are_changed_without_a_restart_and_read_no_more_often_than_need_be(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url="postgresql://nowhere/none", oidc_issuer=provider.issuer)
    first = provider.key
    async with httpx.AsyncClient() as http:
        ours = oidc.Provider(settings, http)
        assert (await ours.verify(provider.sign(provider.claims(AUDIENCE)), AUDIENCE))["sub"] == "1234"
        asked = provider.asked.count("/keys")
        provider.key = ECKey.generate_key("P-256", {"kid": "second", "use": "sig"})
        try:
            rotated = provider.sign(provider.claims(AUDIENCE))
            for _ in range(3):
                with pytest.raises(Unauthorized):
                    await ours.verify(rotated, AUDIENCE)
            assert provider.asked.count("/keys") == asked
            monkeypatch.setattr(oidc, "_KEYS_READ_EVERY_S", 0.0)
            assert (await ours.verify(rotated, AUDIENCE))["sub"] == "1234"
            assert provider.asked.count("/keys") == asked + 1
        finally:
            provider.key = first


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"


def _with_public_key(provider: Provider, claims: dict[str, Any]) -> str:
    """Signed with what everybody knows, in the hope that it is taken for a secret."""
    text = _unsigned({"alg": "HS256", "kid": provider.key.kid}, claims)
    return f"{text}.{_base64(hmac.digest(provider.key.as_pem(private=False), text.encode(), 'sha256'))}"


def test_a_forged_token_opens_nothing(service: Service, provider: Provider) -> None:
    claims = provider.claims(AUDIENCE)
    other = RSAKey.generate_key(2048, {"kid": str(provider.key.kid)})
    good = provider.sign(claims)
    head, body, signature = good.split(".")
    changed = (
        base64.urlsafe_b64encode(json.dumps(claims | {"preferred_username": "boss"}).encode()).rstrip(b"=").decode()
    )
    forged = {
        "none": _unsigned({"alg": "none"}, claims) + ".",
        "the public key as a shared one": _with_public_key(provider, claims),
        "another key": jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, other),
        "changed claims": f"{head}.{changed}.{signature}",
        "no signature": f"{head}.{body}.",
        "ID token": provider.sign(provider.claims(CLIENT)),
        "expired": provider.sign(claims | {"exp": int(time.time()) - 60}),
        "from another issuer": provider.sign(claims | {"iss": "https://evil.example"}),
        "not a token": "a.b.c",
        "not text": "\x7f..",
    }
    opened = [name for name, token in forged.items() if _bearer(service, token).status_code != 401]
    assert opened == []
    assert _bearer(service, good).is_success
