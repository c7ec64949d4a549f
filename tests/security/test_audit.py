"""The audit trail: complete, and for ever."""

import csv
import io
import json

import psycopg
import pytest

from tests.api.live_service import Service
from tests.security.conftest import Door
from trunkline.settings import Settings


def _entries(service: Service, **filters: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = service.call("GET", "/audit", 200, params=filters)["items"]
    return found


def test_a_change_tells_who_when_from_where_and_what(service: Service) -> None:
    service.call("POST", "/customers", 201, json={"shortcode": "audited", "name": "Before"})
    service.call("PATCH", "/customers/audited", 200, json={"name": "After"})
    service.call("DELETE", "/customers/audited", 204)
    deleted, changed, created = _entries(service, kind="customers", actor="tests")[:3]
    assert [entry["action"] for entry in (created, changed, deleted)] == ["created", "changed", "deleted"]
    assert (changed["before"], changed["after"]) == ({"name": "Before"}, {"name": "After"})
    assert changed["address"] == "127.0.0.1"
    assert str(changed["via"]).startswith("token tl_")
    assert created["object_id"] == changed["object_id"] == deleted["object_id"]


def test_an_order_is_on_record_with_its_run(service: Service) -> None:
    run = service.order_node("audit-pe")
    kinds = {str(entry["kind"]): entry for entry in _entries(service, run_id=run["id"])}
    assert kinds.keys() == {"runs", "subscriptions"}
    assert kinds["subscriptions"]["object_id"] == run["subscription"]["id"]
    assert kinds["runs"]["after"]["created_by"] == "tests"  # type: ignore[index]
    service.call("POST", f"/runs/{run['id']}/cancel", 202)
    changes = [entry["after"] for entry in _entries(service, run_id=run["id"], action="changed")]
    assert {"cancel_requested_by": "tests"}.items() <= {
        name: value
        for after in changes
        for name, value in after.items()  # type: ignore[attr-defined]
    }.items()


def test_a_refusal_is_on_record(service: Service, door: Door) -> None:
    client = door("viewer", name="curious")
    client.post("/customers", json={"shortcode": "evil", "name": "Evil"})
    [entry] = _entries(service, actor="curious")
    assert (entry["action"], entry["object_id"]) == ("refused", "/api/v1/customers")


def test_tokens_and_sessions_are_on_record_without_their_secrets(service: Service, door: Door) -> None:
    token = door("viewer", name="recorded").headers["Authorization"].removeprefix("Bearer ")
    service.client.post("/session", json={"token": token})
    service.client.cookies.clear()
    made = next(entry for entry in _entries(service, kind="tokens") if entry["after"]["name"] == "recorded")  # type: ignore[index]
    assert made["after"]["scopes"] == ["viewer"]  # type: ignore[index]
    [opened] = _entries(service, kind="sessions", actor="recorded")
    everything = service.client.get("/audit/export").text
    assert token not in everything
    assert "digest" not in everything
    assert "csrf" not in everything
    assert opened["action"] == "created"


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM audit", "UPDATE audit SET actor = 'nobody'", "TRUNCATE audit", "DELETE FROM audit WHERE id = 1"],
)
def test_nothing_is_deleted_or_changed(service: Service, statement: str) -> None:
    before = _entries(service)
    url = Settings(database_url=service.environment["TRUNKLINE_DATABASE_URL"]).libpq_url
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute(statement.encode())
    assert _entries(service) == before
    for method in ("DELETE", "PATCH", "PUT", "POST"):
        assert service.client.request(method, "/audit").status_code == 405
        assert service.client.request(method, "/audit/1").status_code == 404


def test_a_change_at_psql_is_on_record_too(service: Service) -> None:
    service.sql("UPDATE customers SET name = 'By hand' WHERE shortcode = 'noc'")
    latest = _entries(service, kind="customers")[0]
    assert latest["after"] == {"name": "By hand"}
    assert latest["actor"] not in ("", "tests")


def test_it_is_exported_as_json_lines_and_as_csv(service: Service) -> None:
    service.call("POST", "/customers", 201, json={"shortcode": "sheet", "name": "=cmd|' /C calc'!A0"})
    access = {"TRUNKLINE_URL": service.url.removesuffix("/api/v1"), "TRUNKLINE_TOKEN": service.token}
    service.environment |= access
    lines = [json.loads(line) for line in service.run("audit", "export").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(service.run("audit", "export", "--format", "csv").stdout)))
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert [str(line["id"]) for line in lines] == [row["id"] for row in rows]
    assert "sheet" in service.run("audit", "list", "--json", "--kind", "customers").stdout
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
