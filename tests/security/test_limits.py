"""How large and how many requests may be, and what browsers are told."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.live_service import Service, make_service, running
from tests.security.conftest import Door
from trunkline.access.rates import WINDOW_S, Rates
from trunkline.db.session import make_engine, make_sessions
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State
from trunkline.errors import TooMany, Unavailable
from trunkline.routes import limits, problems
from trunkline.routes.limits import MOST_BYTES
from trunkline.routes.session import network_of


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes few requests."""
    few = {"TRUNKLINE_REQUESTS_PER_MINUTE": "30", "TRUNKLINE_FAILURES_PER_MINUTE": "5"}
    made = make_service(tmp_path_factory.mktemp("service"), database_url, TRUNKLINE_WORKER_IN_API="false", **few)
    with running(made) as started:
        yield started


async def _taken(rates: Rates, who: str) -> int:
    """How many are let through before one is refused."""
    for number in range(1000):
        try:
            await rates.take(who)
        except TooMany:
            return number
    raise AssertionError("nobody is refused")


async def test_all_processes_together_let_through_what_one_may_send(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    engines = [make_engine(service.environment["TRUNKLINE_DATABASE_URL"]) for _ in range(3)]
    processes = [Rates("tests", 60, make_sessions(engine)) for engine in engines]
    try:
        taken = await asyncio.gather(*(_taken(process, "a") for process in processes))
        # The bucket fills up while it is emptied, by one a second.
        assert 60 <= sum(taken) <= 63
        assert await _taken(processes[0], "b") >= 60
        await _age(engines[0], "tests a", 10)
        moment += 1.1
        assert 10 <= sum([await _taken(process, "a") for process in processes]) <= 13
    finally:
        for engine in engines:
            await engine.dispose()


async def test_what_was_not_used_for_a_minute_is_forgotten(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    engine = make_engine(service.environment["TRUNKLINE_DATABASE_URL"])
    rates = Rates("forgotten", 60, make_sessions(engine))
    await rates.take("old")
    await _age(engine, "forgotten old", 70)
    moment += WINDOW_S + 1
    await rates.take("new")
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT who FROM request_rates WHERE who LIKE 'forgotten%'"))
        assert found.scalars().all() == ["forgotten new"]
    await engine.dispose()


async def test_a_database_that_lacks_the_migration_is_named(postgres: State) -> None:
    embedded_postgres.ensure_database(postgres, "no_rates")
    engine = make_engine(embedded_postgres.url(postgres, "no_rates"))
    with pytest.raises(Unavailable, match="trunkline db upgrade"):
        await Rates("tests", 60, make_sessions(engine)).take("a")
    await engine.dispose()


async def _age(engine: AsyncEngine, who: str, seconds: int) -> None:
    async with engine.begin() as connection:
        older = text("UPDATE request_rates SET since = since - make_interval(secs => :seconds) WHERE who = :who")
        await connection.execute(older, {"seconds": seconds, "who": who})


def test_one_who_asks_too_much_waits_and_others_do_not(service: Service, door: Door) -> None:
    greedy, modest = door("viewer", name="greedy"), door("viewer", name="modest")
    answers = [greedy.get("/tasks").status_code for _ in range(40)]
    assert answers[:30] == [200] * 30
    refused = greedy.get("/tasks")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["type"] == "urn:trunkline:problem:too-many-requests"
    assert modest.get("/tasks").status_code == 200


def test_a_second_process_does_not_double_the_limit(service: Service, door: Door) -> None:
    greedy = door("viewer", name="greedy at two doors")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        second = replace(service, port=probe.getsockname()[1])
    second.start()
    try:
        doors = (f"{service.url}/tasks", f"{second.url}/tasks")
        began = time.monotonic()
        answers = [greedy.get(doors[number % 2]).status_code for number in range(40)]
        # One is put back every two seconds.
        assert 30 <= answers.count(200) <= 30 + (time.monotonic() - began) / 2 + 1
        assert answers[:30] == [200] * 30
    finally:
        second.stop()


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix", "unix"),
    ],
)
def test_a_network_of_ipv6_counts_as_one(address: str, counted: str) -> None:
    scope = {"type": "http", "client": (address, 1), "headers": []}
    assert network_of(Request(scope)) == counted


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


async def test_an_answer_to_what_nobody_thought_of_has_the_headers_and_tells_nothing() -> None:
    app = FastAPI()
    problems.install(app)
    limits.install(app)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a detail of ours")

    # To who runs the service the exception still is one: it is raised after the answer, and stands in the log.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/broken")
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal error")
    assert "detail of ours" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


def test_browsers_are_told_what_not_to_do(service: Service) -> None:
    static = re.findall(r'"(/static/[^"]+)"', service.client.get(f"http://127.0.0.1:{service.port}/login").text)
    answered = ("/api/v1/health/live", "/api/v1/runs", "/nothing", "/docs", "/", "/login", "/static/nothing", *static)
    assert len(answered) > 8
    for path in answered:
        headers = service.client.get(f"http://127.0.0.1:{service.port}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "http" not in headers["content-security-policy"]
    assert httpx.get(f"{service.url}/health/live").headers["cache-control"] == "no-store"
