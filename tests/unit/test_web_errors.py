"""What is nowhere, or fails: a page for a browser, a problem document for a program."""

import asyncio

import httpx
import pytest

from trunkline.main import create_app

APP = create_app()
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def _get(path: str, accept: str, method: str = "GET") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(APP, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://trunkline") as client:
            return await client.request(method, path, headers={"Accept": accept})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/nowhere", BROWSER, "text/html"),
        ("/nowhere", "application/json", "application/problem+json"),
        ("/nowhere", "*/*", "application/problem+json"),
        ("/api/v1/nowhere", BROWSER, "application/problem+json"),
        ("/static/1/nowhere.js", BROWSER, "application/problem+json"),
    ],
)
def test_who_reads_pages_is_shown_one(path: str, accept: str, kind: str) -> None:
    answer = _get(path, accept)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith(kind)


def test_the_page_says_what_to_do_and_is_held_to_the_same_rules() -> None:
    answer = _get("/nowhere<script>", BROWSER)
    assert "Nothing is at /nowhere&lt;script&gt;" in answer.text
    assert 'href="/"' in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    answer = _get("/runs", BROWSER, "PUT")
    assert answer.status_code == 405
    assert "does not take PUT requests" in answer.text


def test_a_failure_of_our_own_is_a_page_without_its_cause() -> None:
    # Without its lifespan the application has no database to ask.
    answer = _get("/login?next=/", BROWSER)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" not in answer.text
    assert "AttributeError" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    assert _get("/login?next=/", "*/*").headers["content-type"] == "application/problem+json"


def test_a_program_without_a_token_is_told_so_and_a_person_is_led_to_the_log_in() -> None:
    for path in ("/customers", "/docs"):
        asked = _get(path, "application/json")
        assert asked.status_code == 303
        assert asked.headers["location"] in ("/api/v1/customers", "/openapi.json")
        assert _get(path, BROWSER).headers["location"] == f"/login?next={path}"
    assert _get("/customers", "application/json", "POST").status_code == 401
