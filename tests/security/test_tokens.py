"""Tokens expire, say who made them, and open no more than their scopes; sessions of browsers end with them."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from tests.api.live_service import Service
from tests.security.conftest import Door
from trunkline.access import Caller
from trunkline.access.callers import Callers
from trunkline.cli.server import show_first_token
from trunkline.db.migrate import upgrade
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State
from trunkline.settings import Settings


def _columns(service: Service, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(Settings(database_url=service.environment["TRUNKLINE_DATABASE_URL"]).libpq_url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_an_expired_token_opens_nothing(service: Service) -> None:
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    new = service.call("POST", "/tokens", 201, json={"name": "short", "expires_at": ends})
    headers = {"Authorization": f"Bearer {new['token']}"}
    assert new["scopes"] == ["viewer"]
    service.sql("UPDATE tokens SET expires_at = now() - interval '1 second' WHERE name = 'short'")
    answer = service.client.get("/runs", headers=headers)
    assert answer.status_code == 401
    assert "Token short expired at" in answer.json()["detail"]


def test_a_token_that_is_remembered_expires_all_the_same() -> None:
    callers = Callers()
    callers.remember()
    callers.keep("a", Caller("a", ends_at=datetime.now(UTC) + timedelta(hours=1)), callers.told)
    callers.keep("b", Caller("b", ends_at=datetime.now(UTC) - timedelta(seconds=1)), callers.told)
    assert callers.find("a") is not None
    assert callers.find("b") is None


def test_the_list_tells_who_made_it_and_no_secret(service: Service, door: Door) -> None:
    door("operator:customer=noc", name="listed")
    item = service.call("GET", "/tokens?name=listed", 200)["items"][0]
    assert item["scopes"] == ["operator:customer=noc"]
    assert item["created_by"] == "tests"
    [(digest,)] = _columns(service, "SELECT digest FROM tokens WHERE name = 'listed'")
    assert str(digest) not in service.client.get("/tokens").text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "scopes": ["root"]}, "scopes"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["viewer"] * 51}, "scopes"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00"}, "expires_at"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(service: Service, body: dict[str, object], field: str) -> None:
    problem = service.call("POST", "/tokens", 422, json=body)
    assert field in {error["field"].partition(".")[0] for error in problem["errors"]}


def test_a_session_opens_the_api_until_it_is_closed(service: Service, door: Door) -> None:
    token = door("operator", name="browser").headers["Authorization"].removeprefix("Bearer ")
    with httpx.Client(base_url=service.url) as browser:
        assert browser.post("/session", json={"token": "tl_00000000_wrong"}).status_code == 401
        opened = browser.post("/session", json={"token": token})
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert token not in cookie
        assert browser.get("/session").json()["name"] == "browser"
        assert browser.get("/runs").is_success
        csrf = opened.json()["csrf"]
        kept = dict(browser.cookies)
        # Another site can make the browser send the cookie, but not the CSRF token.
        for headers in ({}, {"X-CSRF-Token": "wrong"}, {"Content-Type": "text/plain"}):
            assert browser.post("/subscriptions", headers=headers).status_code == 403
        assert browser.post("/subscriptions", data={"csrf_token": "wrong"}).status_code == 403
        assert browser.post("/subscriptions", data={"csrf_token": csrf}).status_code == 422
        assert browser.post("/subscriptions", headers={"X-CSRF-Token": csrf}).status_code == 422
        assert browser.delete("/session").status_code == 403
        assert browser.delete("/session", headers={"X-CSRF-Token": csrf}).status_code == 204
        assert browser.get("/runs").status_code == 401
        assert httpx.get(f"{service.url}/runs", cookies=kept).status_code == 401


def test_a_session_ends_with_its_token(service: Service, door: Door) -> None:
    token = door("viewer", name="brief").headers["Authorization"].removeprefix("Bearer ")
    with httpx.Client(base_url=service.url) as browser:
        browser.post("/session", json={"token": token})
        assert browser.get("/runs").is_success
        made = service.call("GET", "/tokens?name=brief", 200)["items"][0]
        service.call("DELETE", f"/tokens/{made['id']}", 204)
        assert browser.get("/runs").status_code == 401


def test_a_stream_breaks_off_when_its_token_is_revoked(service: Service, door: Door) -> None:
    run = service.order_node("streamed")
    client = door("viewer", name="follower")
    made = service.call("GET", "/tokens?name=follower", 200)["items"][0]
    with client.stream("GET", f"/runs/{run['id']}/events", headers={"Accept": "text/event-stream"}) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("id: ")
        service.call("DELETE", f"/tokens/{made['id']}", 204)
        service.call("POST", f"/runs/{run['id']}/cancel", 202)  # something new, which is not for its eyes
        rest = "\n".join(lines)
    assert "asks to cancel" not in rest


def test_the_cookie_is_kept_as_a_hash_only(service: Service, door: Door) -> None:
    token = door("viewer", name="hashed").headers["Authorization"].removeprefix("Bearer ")
    with httpx.Client(base_url=service.url) as browser:
        browser.post("/session", json={"token": token})
        cookie = browser.cookies["trunkline_session"]
    assert cookie not in str(_columns(service, "SELECT sessions::text FROM sessions"))


def test_who_ordered_may_not_approve_where_four_eyes_are_wanted(service: Service, door: Door) -> None:
    run = service.order_node("four-eyes", approval="manual")
    service.sql(f"UPDATE runs SET status = 'awaiting-approval' WHERE id = '{run['id']}'")
    service.stop()
    service.environment["TRUNKLINE_FOUR_EYES"] = "true"
    service.start()
    refused = service.call("POST", f"/runs/{run['id']}/approve", 403)
    assert "somebody else approves it" in refused["detail"]
    second = door("approver", name="second")
    retried = service.order_node("four-more", approval="manual")
    service.sql(f"UPDATE runs SET status = 'failed' WHERE id = '{retried['id']}'")
    again = second.post(f"/runs/{retried['id']}/retry").json()
    assert again["created_by"] == "second"
    service.sql(f"UPDATE runs SET status = 'awaiting-approval' WHERE id = '{again['id']}'")
    service.call("POST", f"/runs/{again['id']}/approve", 403)
    assert second.post(f"/runs/{run['id']}/approve").json()["approved_by"] == "second"


def test_the_first_token_is_shown_once_and_on_a_terminal_only(
    postgres: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"first_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    settings = Settings(database_url=embedded_postgres.url(postgres, name))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    show_first_token(settings)  # no tables yet
    upgrade(settings)
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    show_first_token(settings)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    show_first_token(settings)
    shown = capsys.readouterr().err
    assert re.search(r"\n  tl_[0-9a-f]{8}_\S{43}\n", shown)
    show_first_token(settings)
    assert capsys.readouterr().err == ""
