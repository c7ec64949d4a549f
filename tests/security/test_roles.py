"""Every endpoint refuses each role that it should: walked over the OpenAPI document."""

import re
import uuid
from typing import Any

import httpx
import pytest

from tests.api.live_service import Service
from tests.security.conftest import Door
from trunkline.access import Role
from trunkline.main import create_app

V, O, A, X = Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN  # noqa: E741 (a table that can be read)
OPEN = {("GET", "/health/live"), ("POST", "/session"), ("GET", "/session/oidc"), ("GET", "/session/oidc/callback")}
NEEDED: dict[tuple[str, str], Role] = {
    ("GET", "/products"): V,
    ("GET", "/products/{slug}"): V,
    ("GET", "/workflows"): V,
    ("GET", "/customers"): V,
    ("POST", "/customers"): X,
    ("GET", "/customers/{shortcode}"): V,
    ("PATCH", "/customers/{shortcode}"): X,
    ("DELETE", "/customers/{shortcode}"): X,
    ("GET", "/subscriptions"): V,
    ("POST", "/subscriptions"): O,
    ("POST", "/subscriptions/batch"): O,
    ("GET", "/subscriptions/{subscription_id}"): V,
    ("PATCH", "/subscriptions/{subscription_id}"): O,
    ("DELETE", "/subscriptions/{subscription_id}"): O,
    ("POST", "/subscriptions/{subscription_id}/validate"): O,
    ("POST", "/subscriptions/{subscription_id}/resync"): O,
    ("GET", "/subscriptions/{subscription_id}/in-use-by"): V,
    ("GET", "/subscriptions/{subscription_id}/depends-on"): V,
    ("GET", "/subscriptions/{subscription_id}/history"): V,
    ("GET", "/subscriptions/{subscription_id}/workflows"): V,
    ("GET", "/overview"): V,
    ("GET", "/topology"): V,
    ("PUT", "/reports/{subscription_id}"): O,
    ("POST", "/forms/{workflow}"): O,
    ("GET", "/runs"): V,
    ("GET", "/runs/{run_id}"): V,
    ("GET", "/runs/{run_id}/plan"): V,
    ("GET", "/runs/{run_id}/events"): V,
    ("POST", "/runs/{run_id}/approve"): A,
    ("POST", "/runs/{run_id}/reject"): A,
    ("POST", "/runs/{run_id}/cancel"): O,
    ("POST", "/runs/{run_id}/retry"): O,
    ("POST", "/runs/{run_id}/rollback"): O,
    ("GET", "/tasks"): V,
    ("POST", "/tasks/{name}"): O,
    ("GET", "/policies"): V,
    ("GET", "/policies/{name}"): V,
    ("PUT", "/policies/{name}"): X,
    ("DELETE", "/policies/{name}"): X,
    ("GET", "/drift"): V,
    ("GET", "/schedules"): V,
    ("POST", "/schedules"): O,
    ("GET", "/schedules/{name}"): V,
    ("PATCH", "/schedules/{name}"): O,
    ("DELETE", "/schedules/{name}"): O,
    ("POST", "/schedules/{name}/run"): O,
    ("GET", "/notifications"): V,
    ("POST", "/notifications"): X,
    ("GET", "/notifications/{name}"): V,
    ("PATCH", "/notifications/{name}"): X,
    ("DELETE", "/notifications/{name}"): X,
    ("POST", "/notifications/{name}/test"): O,
    ("GET", "/notifications/{name}/deliveries"): V,
    ("GET", "/workers"): V,
    ("GET", "/tokens"): X,
    ("POST", "/tokens"): X,
    ("DELETE", "/tokens/{token_id}"): X,
    ("GET", "/session"): V,
    ("DELETE", "/session"): V,
    ("GET", "/audit"): X,
    ("GET", "/audit/export"): X,
    ("GET", "/health/ready"): V,
    ("GET", "/../../metrics"): V,
}
# Who has a role only within limits gets in here, and sees what is within them; elsewhere it takes the role everywhere.
WITHIN_LIMITS = (
    "/overview",
    "/topology",
    "/subscriptions",
    "/runs",
    "/forms",
    "/products",
    "/workflows",
    "/customers",
    "/policies",
    "/drift",
    "/session",
    "/tasks",
)
NOWHERE = {"shortcode": "nobody", "slug": "none", "workflow": "none", "name": "none"}


def _operations() -> list[tuple[str, str]]:
    paths = create_app().openapi()["paths"]
    return [
        (method.upper(), path.removeprefix("/api/v1") if path.startswith("/api") else f"/../..{path}")
        for path, operations in paths.items()
        for method in operations
    ]


def _filled(path: str, **known: Any) -> str:
    values = NOWHERE | {name: str(value) for name, value in known.items()}
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: values.get(found[1], str(uuid.UUID(int=0))), path)


@pytest.fixture(scope="module")
def callers(door: Door) -> dict[Role, httpx.Client]:
    """One of each role."""
    return {role: door(role) for role in Role}


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/metrics", "/api/v1/nothing"])
def test_a_stranger_is_shown_nothing(service: Service, path: str) -> None:
    answer = httpx.get(f"http://127.0.0.1:{service.port}{path}")
    assert answer.status_code in (401, 404) or answer.headers["location"] == "/login?next=/docs"
    assert "paths" not in answer.text


def test_the_table_knows_every_operation() -> None:
    assert set(_operations()) - OPEN == set(NEEDED)


@pytest.mark.parametrize(("method", "path"), sorted(NEEDED), ids=lambda part: part)
def test_each_role_gets_what_it_may_and_nothing_else(
    service: Service, callers: dict[Role, httpx.Client], method: str, path: str
) -> None:
    assert httpx.request(method, service.url + _filled(path)).status_code == 401
    for role, client in callers.items():
        answer = client.request(method, _filled(path))
        if role.includes(NEEDED[method, path]):
            assert answer.status_code not in (401, 403, 500), f"{role}: {answer.text}"
        else:
            assert answer.status_code == 403, f"{role}: {answer.status_code} {answer.text}"
            assert answer.json()["needs"] == NEEDED[method, path]


@pytest.fixture(scope="module")
def ordered(service: Service) -> dict[str, Any]:
    """A subscription of another customer than the limited caller's, and its run."""
    run = service.order_node("ams-pe")
    return {"subscription_id": run["subscription"]["id"], "run_id": run["id"], "shortcode": "noc"}


def test_limits_are_kept_at_every_endpoint(service: Service, door: Door, ordered: dict[str, Any]) -> None:
    client = door("admin:customer=uni", name="limited")
    expected: tuple[int, ...]
    for method, path in NEEDED:
        status = client.request(method, _filled(path, **ordered)).status_code
        if not path.startswith(WITHIN_LIMITS) or (method, path) == ("POST", "/tasks/{name}"):
            expected = (200,) if path == "/health/ready" else (403,)
        elif "{subscription_id}" in path or "{run_id}" in path:
            expected = (404,)
        elif path.startswith(("/customers", "/policies")):
            expected = (403,) if method != "GET" else (404,) if "{" in path else (200,)
        else:
            expected = (200, 204, 404, 422)
        assert status in expected, f"{method} {path}: {status}"
    for listed in ("/subscriptions", "/runs", "/customers"):
        assert service.call("GET", listed, 200)["items"] != []
        assert client.get(listed).json()["items"] == []


def test_who_is_limited_orders_and_sees_within_the_limits(service: Service, door: Door) -> None:
    service.call("POST", "/customers", 201, json={"shortcode": "uni", "name": "University"})
    client = door("viewer:customer=uni", "operator:customer=uni,product=node-frr", name="uni's own")
    body = {"product": "node-frr", "customer": "uni", "input": {"name": "uni-ce", "site": "ams", "role": "pe"}}
    body["input"] |= {"management": "172.20.77.7/24"}  # type: ignore[operator]
    run = client.post("/subscriptions", json=body)
    assert run.status_code == 202, run.text
    mine = run.json()["subscription"]["id"]
    assert [item["id"] for item in client.get("/subscriptions").json()["items"]] == [mine]
    assert [item["id"] for item in client.get("/runs").json()["items"]] == [run.json()["id"]]
    assert [item["shortcode"] for item in client.get("/customers").json()["items"]] == ["uni"]
    assert client.get(f"/subscriptions/{mine}").is_success
    assert client.post(f"/runs/{run.json()['id']}/cancel").status_code == 202
    for other in ({"customer": "noc"}, {"product": "core-circuit-10g"}):
        refused = client.post("/subscriptions", json=body | other)
        assert refused.status_code == 403, refused.text
    batch = {"orders": [body | {"customer": "noc"}]}
    assert client.post("/subscriptions/batch", json=batch).status_code == 403
    form = {"pages": [{"customer": "noc", "note": ""}]}
    assert client.post("/forms/create-node-frr", json=form).status_code == 422
