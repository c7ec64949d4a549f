"""What is refused, before anything is stored, and what the refusal says. No worker runs here: orders stay queued."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.live_service import Service, make_service, running
from trunkline.catalog import PRODUCTS

NODE = {"name": "ams-pe", "site": "ams", "role": "pe", "management": "172.20.20.11/24"}
ENDS = {"a": {"node": "ams-pe", "interface": "eth1"}, "z": {"node": "par-p", "interface": "eth2"}}


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service without a worker."""
    folder = tmp_path_factory.mktemp("service")
    with running(make_service(folder, database_url, TRUNKLINE_WORKER_IN_API="false")) as started:
        yield started


@pytest.fixture(scope="module")
def queued(service: Service) -> Any:
    """The run of a node that stays queued."""
    return service.order_node("ams-pe")


def _order(product: str, values: Any, **more: Any) -> dict[str, Any]:
    return {"product": product, "customer": "noc", "input": values} | more


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (_order("node-frr", NODE | {"name": "AMS PE"}), "input.name", "host name such as"),
        (_order("node-frr", NODE | {"name": "a\nb"}), "input.name", "host name such as"),
        (_order("node-frr", NODE | {"name": "{{ x }}"}), "input.name", "host name such as"),
        (_order("node-frr", NODE | {"site": "Amster dam"}), "input.site", "slug such as"),
        (_order("node-frr", NODE | {"management": "172.20.20.11"}), "input.management", "prefix length"),
        (_order("node-frr", NODE | {"management": "172.20.20.0/24"}), "input.management", "network or broadcast"),
        (_order("node-frr", NODE | {"management": "nonsense/24"}), "input.management", ""),
        (_order("node-frr", NODE | {"netbox_id": 5}), "input.netbox_id", "leave it out"),
        (_order("node-frr", NODE | {"vendor": "Nokia"}), "input.vendor", "not permitted"),
        (_order("node-frr", {"name": "ams-pe"}), "input.site", "required"),
        (_order("core-circuit-10g", ENDS | {"isis_metric": 0}), "input.isis_metric", "greater than"),
        (_order("core-circuit-10g", ENDS | {"isis_metric": 16777215}), "input.isis_metric", "less than"),
        (_order("core-circuit-10g", ENDS | {"z": ENDS["a"]}), "input", "joins two nodes"),
        (_order("core-circuit-10g", {"a": ENDS["a"]}), "input.z", "required"),
        (
            _order("core-circuit-10g", ENDS | {"a": {"node": "ams-pe", "interface": "eth1\n!"}}),
            "input.a.interface",
            "interface name such as",
        ),
        (
            _order("core-circuit-10g", {"a": {"node": "xyz", "interface": "eth1"}, "z": ENDS["z"]}),
            "input.a.node",
            "there is no node 'xyz'",
        ),
        (_order("no-such-product", NODE), "product", "must be one of core-circuit-100g"),
        (_order("node-frr", NODE, customer="nobody"), "customer", "POST /api/v1/customers"),
        (_order("node-frr", NODE, approval="maybe"), "approval", "'auto' or 'manual'"),
        (_order("node-frr", "not an object"), "input", "dictionary"),
        ({"customer": "noc"}, "product", "required"),
    ],
)
def test_bad_input_is_named_by_field(service: Service, body: Any, field: str, says: str) -> None:
    before = service.call("GET", "/subscriptions", 200)
    response = service.client.post("/subscriptions", json=body)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"]) == (422, 422)
    assert problem["title"] == "Input not valid"
    assert says in {error["field"]: error["message"] for error in problem["errors"]}[field]
    assert field in problem["detail"]
    assert service.call("GET", "/subscriptions", 200) == before


def test_what_no_worker_has_begun_is_cancelled_at_once(service: Service) -> None:
    run = service.order_node("zrh-pe")
    answer = service.call("POST", f"/runs/{run['id']}/cancel", 202, json={"reason": "the wrong site"})
    assert (answer["status"], answer["subscription"]["status"]) == ("cancelled", "initial")
    assert answer["error"]["detail"] == "Cancelled by tests before anything was changed: the wrong site."
    service.call("POST", f"/runs/{run['id']}/cancel", 422, json={"reason": 5})
    service.call("POST", f"/runs/{run['id']}/cancel", 409)


def test_a_duplicate_is_refused_and_names_the_holder(service: Service, queued: Any) -> None:
    problem = service.order_node("ams-pe", expect=409)
    assert problem["type"] == "urn:trunkline:problem:duplicate"
    assert problem["subscription"] == queued["subscription"]["id"]
    assert "node name ams-pe" in problem["detail"]
    address = queued["subscription"]["block"]["management"]
    body = _order("node-frr", NODE | {"name": "other", "management": address})
    problem = service.call("POST", "/subscriptions", 409, json=body)
    assert "management address" in problem["detail"]


def test_a_circuit_needs_active_nodes(service: Service, queued: Any) -> None:
    service.order_node("par-p")
    problem = service.order_circuit("ams-pe:eth1", "par-p:eth2", expect=409)
    assert "Node ams-pe at ams is initial, and must be active" in problem["detail"]
    assert problem["subscription"] == queued["subscription"]["id"]


def test_one_run_at_a_time_works_on_a_subscription(service: Service, queued: Any) -> None:
    problem = service.call("DELETE", f"/subscriptions/{queued['subscription']['id']}", 409)
    assert problem["type"] == "urn:trunkline:problem:locked"
    assert problem["run"] == queued["id"]
    assert f"/runs/{queued['id']}/cancel" in problem["detail"]


def test_only_an_active_subscription_is_modified_or_validated(service: Service, queued: Any) -> None:
    path = f"/subscriptions/{queued['subscription']['id']}"
    for method, where, body in (
        ("PATCH", path, {"input": {"role": "p"}}),
        ("POST", f"{path}/validate", None),
    ):
        problem = service.call(method, where, 409, json=body)
        assert problem["type"] == "urn:trunkline:problem:illegal-transition"
        assert "is initial" in problem["detail"]


def test_the_same_key_and_order_is_the_same_run(service: Service) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = service.order_node_with(headers, "key-pe")
    again = service.order_node_with(headers, "key-pe")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.headers["location"] == again.headers["location"] == f"/api/v1/runs/{first.json()['id']}"
    other = service.order_node_with(headers, "key-p")
    assert other.status_code == 422
    assert "choose a new key" in other.json()["detail"]
    # A refused order does not use its key up.
    headers = {"Idempotency-Key": "order-2"}
    assert service.order_node_with(headers, "key-pe").status_code == 409
    assert service.order_node_with(headers, "key-z").status_code == 202


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", "Bearer tl_00000000_wrong", "Basic dXNlcjpwYXNz", "Bearer \u00e9".encode()]
)
@pytest.mark.parametrize("path", ["/subscriptions", "/runs", "/tokens", "/health/ready", "/../../metrics"])
def test_nothing_is_told_without_a_token(service: Service, header: Any, path: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = httpx.get(f"{service.url}{path}", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "trunkline tokens create" in response.json()["detail"]


def test_a_revoked_token_opens_nothing(service: Service) -> None:
    new = service.call("POST", "/tokens", 201, json={"name": "awx"})
    headers = {"Authorization": f"Bearer {new['token']}"}
    assert service.client.get("/runs", headers=headers).is_success
    service.call("DELETE", f"/tokens/{new['id']}", 204)
    response = service.client.get("/runs", headers=headers)
    assert response.status_code == 401
    assert "Token awx was revoked" in response.json()["detail"]
    listed = service.client.get("/tokens").text
    assert new["prefix"] in listed
    assert new["token"] not in listed
    first = service.run("tokens", "create", "cli").stdout.strip()
    second = service.run("tokens", "create", "cli", "--replace").stdout.strip()
    assert service.client.get("/runs", headers={"Authorization": f"Bearer {first}"}).status_code == 401
    assert service.client.get("/runs", headers={"Authorization": f"Bearer {second}"}).is_success


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/subscriptions/00000000-0000-0000-0000-000000000000", 404),
        ("DELETE", "/subscriptions/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "/runs/00000000-0000-0000-0000-000000000000", 404),
        ("POST", "/runs/00000000-0000-0000-0000-000000000000/retry", 404),
        ("GET", "/runs/00000000-0000-0000-0000-000000000000/events", 404),
        ("GET", "/products/none", 404),
        ("GET", "/customers/none", 404),
        ("DELETE", "/tokens/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "/nothing-here", 404),
        ("PUT", "/runs", 405),
        ("GET", "/runs/not-an-id", 422),
        ("GET", "/runs?sort=colour", 422),
        ("GET", "/runs?status=colour", 422),
        ("GET", "/runs?subscription=x", 422),
        ("GET", "/runs?limit=0", 422),
        ("GET", "/runs?colour=red", 422),
        ("GET", "/runs?cursor=AAAA", 422),
        ("GET", "/runs?cursor=WyItY3JlYXRlZF9hdCIsICJ4IiwgInkiXQ", 422),
        ("GET", "/subscriptions?insync=perhaps", 422),
        ("GET", "/subscriptions?status=active%00", 422),
        ("GET", "/subscriptions?product=%00", 422),
        ("GET", "/products/%00", 422),
        ("POST", "/customers", 422),
    ],
)
def test_every_error_is_a_problem_document(service: Service, method: str, path: str, status: int) -> None:
    response = service.client.request(method, path)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert set(response.json()) >= {"type", "title", "status", "detail"}


def test_lists_are_paged_filtered_and_sorted_alike(service: Service) -> None:
    for number in range(5):
        service.call("POST", "/customers", 201, json={"shortcode": f"page-{number}", "name": f"Page {number % 2}"})
    for sort in ("shortcode", "-shortcode", "-created_at", "name"):
        everything = [item["shortcode"] for item in _all(service, "/customers", {"sort": sort, "limit": "200"})]
        assert len(everything) == 6
        assert [item["shortcode"] for item in _all(service, "/customers", {"sort": sort, "limit": "2"})] == everything
    found = _all(service, "/customers", {"shortcode": "page-1,page-3,none"})
    assert [item["shortcode"] for item in found] == ["page-1", "page-3"]
    nodes = _all(service, "/subscriptions", {"product": "node-frr", "status": "initial", "customer": "noc"})
    assert nodes
    assert _all(service, "/subscriptions", {"status": "active,terminated"}) == []
    assert _all(service, "/runs", {"subscription": nodes[0]["id"]})[0]["subscription"]["id"] == nodes[0]["id"]
    assert [item["slug"] for item in _all(service, "/products", {"limit": "1"})] == sorted(
        slug for slug, product in PRODUCTS.items() if product.status != "hidden"
    )


def test_a_customer_is_made_once(service: Service) -> None:
    made = service.call("POST", "/customers", 201, json={"shortcode": "uni-a", "name": "University A"})
    assert service.call("GET", "/customers/uni-a", 200) == made
    assert "already" in service.call("POST", "/customers", 409, json={"shortcode": "uni-a", "name": "B"})["detail"]


def test_a_product_shows_its_order_form(service: Service) -> None:
    product = service.call("GET", "/products/node-frr", 200)
    assert product["fixed_inputs"]["platform"] == "frr"
    assert set(product["input_schema"]["properties"]) == {"name", "site", "role", "management"}
    workflows = {item["name"]: item for item in service.call("GET", "/workflows", 200)}
    assert workflows["terminate-core-circuit-10g"]["playbook"] == "circuit_terminate.yml"


def test_the_service_says_how_it_is(service: Service) -> None:
    assert httpx.get(f"{service.url}/health/live").json() == {"status": "live"}
    assert service.call("GET", "/health/ready", 200) == {
        "status": "ready",
        "database": "ok",
        "netbox": "not configured",
    }
    root = f"http://127.0.0.1:{service.port}"
    headers = {"Authorization": f"Bearer {service.token}"}
    assert 'trunkline_runs{status="queued",target="create"}' in httpx.get(f"{root}/metrics", headers=headers).text
    assert httpx.get(root).headers["location"] == "/login?next=/"
    assert httpx.get(f"{root}/openapi.json").status_code == 401
    document = service.client.get(f"{root}/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], f"{method} {path}"


def test_the_command_line_says_what_is_wrong_in_one_line(service: Service, tmp_path: Any) -> None:
    def fails(**environment: str) -> str:
        changed = Service(service.environment | environment, tmp_path, 0)
        result = changed.run("tokens", "create", "x", check=False)
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        return result.stderr

    assert "TRUNKLINE_DATABASE_URL" in fails(TRUNKLINE_DATABASE_URL="sqlite:///x")
    assert "check TRUNKLINE_DATABASE_URL" in fails(TRUNKLINE_DATABASE_URL=f"postgresql:///x?host={tmp_path}")
    assert "TRUNKLINE_PORT" in fails(TRUNKLINE_PORT="http")


def _all(service: Service, path: str, params: dict[str, str]) -> list[Any]:
    items: list[Any] = []
    while True:
        page = service.call("GET", path, 200, params=params)
        items += page["items"]
        if page["next"] is None:
            return items
        params = params | {"cursor": page["next"]}
