"""How large and how many requests may be, and what browsers are told."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.api.live_service import Service, make_service, running
from tests.security.conftest import Door
from trunkline.errors import TooMany
from trunkline.routes.limits import MOST_BYTES, Rates


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes few requests."""
    few = {"TRUNKLINE_REQUESTS_PER_MINUTE": "30", "TRUNKLINE_FAILURES_PER_MINUTE": "5"}
    made = make_service(tmp_path_factory.mktemp("service"), database_url, TRUNKLINE_WORKER_IN_API="false", **few)
    with running(made) as started:
        yield started


def test_a_bucket_fills_up_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    rates = Rates(60)
    for _ in range(60):
        rates.take("a")
    with pytest.raises(TooMany, match="More than 60 requests a minute"):
        rates.take("a")
    rates.take("b")
    moment += 1
    rates.take("a")
    with pytest.raises(TooMany):
        rates.take("a")


def test_one_who_asks_too_much_waits_and_others_do_not(service: Service, door: Door) -> None:
    greedy, modest = door("viewer", name="greedy"), door("viewer", name="modest")
    answers = [greedy.get("/tasks").status_code for _ in range(40)]
    assert answers[:30] == [200] * 30
    refused = greedy.get("/tasks")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["type"] == "urn:trunkline:problem:too-many-requests"
    assert modest.get("/tasks").status_code == 200


def test_who_guesses_tokens_is_slowed_down(service: Service) -> None:
    guess = {"Authorization": "Bearer tl_00000000_guess"}
    answers = [httpx.get(f"{service.url}/tasks", headers=guess).status_code for _ in range(8)]
    assert answers[:4] == [401] * 4
    assert answers[-1] == 429
    assert httpx.post(f"{service.url}/session", json={"token": "tl_00000000_guess"}).status_code == 429
    assert service.client.get("/tasks").status_code == 200


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_refused(service: Service, announced: bool) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(MOST_BYTES // 2**16 + 2):
            yield b" " * 2**16

    content = b"".join(pieces()) if announced else pieces()
    headers = {"Content-Type": "application/json"}
    answer = service.client.post("/subscriptions", content=content, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:trunkline:problem:too-large"


def test_deeply_nested_json_is_refused_and_does_no_harm(service: Service) -> None:
    body = b'{"product": "node-frr", "customer": "noc", "input": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001
    answer = service.client.post("/subscriptions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_browsers_are_told_what_not_to_do(service: Service) -> None:
    for path in ("/api/v1/health/live", "/api/v1/runs", "/nothing", "/docs"):
        headers = service.client.get(f"http://127.0.0.1:{service.port}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert ("unsafe-inline" in headers["content-security-policy"]) == (path == "/docs")
    assert httpx.get(f"{service.url}/health/live").headers["cache-control"] == "no-store"
