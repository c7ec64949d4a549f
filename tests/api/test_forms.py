"""Forms: page by page, with choices of a real NetBox, to a plan and an order, as docs/forms.md has it."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from tests.api.live_service import Service, make_service, running

CREATE = "/forms/create-node-frr"
NODE = {"name": "lon-pe", "site": "form-ams", "role": "form-pe", "management": "172.22.0.9/24"}
WHO = {"customer": "noc", "note": ""}


@pytest.fixture(scope="module")
def interfaces(netbox: dict[str, str]) -> dict[str, list[str]]:
    """What is made in NetBox for these tests: two devices, with their free interfaces."""
    client = httpx.Client(
        base_url=f"{netbox['NETBOX_URL']}/api",
        headers={"Authorization": f"Bearer {netbox['NETBOX_TOKEN']}"},
        timeout=30,
    )

    def make(path: str, **values: Any) -> Any:
        answer = client.post(f"/{path}/", json=values)
        assert answer.is_success, answer.text
        return answer.json()["id"]

    site = make("dcim/sites", name="Form Amsterdam", slug="form-ams")
    role = make("dcim/device-roles", name="Form PE", slug="form-pe")
    maker = make("dcim/manufacturers", name="Form", slug="form")
    kind = make("dcim/device-types", manufacturer=maker, model="Form", slug="form")
    made = {}
    for name in ("form-a", "form-z"):
        device = make("dcim/devices", name=name, site=site, role=role, device_type=kind)
        for interface, more in (
            ("eth1", {}),
            ("eth2", {"mark_connected": True}),
            ("mgmt0", {"mgmt_only": True}),
            ("lo0", {"type": "virtual"}),
            ("eth3", {"description": "to nowhere"}),
        ):
            make("dcim/interfaces", **({"device": device, "name": interface, "type": "1000base-t"} | more))
        made[name] = ["eth1", "eth3"]
    client.close()
    return made


@pytest.fixture(scope="module")
def service(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, netbox: dict[str, str], interfaces: object
) -> Iterator[Service]:
    """The service, which may look into NetBox."""
    folder = tmp_path_factory.mktemp("service")
    with running(make_service(folder, database_url, **netbox)) as started:
        yield started


@pytest.fixture(scope="module")
def nodes(service: Service) -> list[Any]:
    """Two active nodes that NetBox knows."""
    return [service.done(service.order_node(name))["subscription"] for name in ("form-a", "form-z")]


def _ask(service: Service, path: str, *pages: Any, expect: int = 200, **more: Any) -> Any:
    return service.call("POST", path, expect, json={"pages": list(pages), **more})


def test_a_node_is_ordered_page_by_page(service: Service) -> None:
    who = _ask(service, CREATE)
    assert (who["page"], who["last"], who["plan"]) == (0, False, None)
    jsonschema.Draft202012Validator.check_schema(who["schema"])
    assert who["schema"]["$defs"]["Customer"]["enum"] == ["noc"]
    values = _ask(service, CREATE, WHO)
    assert values["title"] == "Node FRR"
    definitions = values["schema"]["$defs"]
    assert "form-ams" in definitions["site"]["enum"]
    assert definitions["site"]["options"]["form-ams"] == "Form Amsterdam"
    assert "form-pe" in definitions["role"]["enum"]
    jsonschema.validate(NODE, values["schema"])
    plan = _ask(service, CREATE, WHO, NODE)
    assert (plan["page"], plan["last"], plan["plan"]["status"]) == (2, True, "completed")
    assert plan["plan"]["plan"]["devices"] == {"lon-pe": "+hostname lon-pe"}
    assert service.call("GET", "/subscriptions", 200, params={"q": "lon-pe"})["items"] == []
    run = _ask(service, CREATE, WHO, NODE, {"plan": plan["plan"]["run"]}, expect=202)
    assert service.done(run)["subscription"]["description"] == "Node lon-pe at form-ams"


def test_a_circuit_offers_the_free_interfaces_of_the_nodes_that_were_chosen(
    service: Service, nodes: list[Any], interfaces: dict[str, list[str]]
) -> None:
    path = "/forms/create-core-circuit-10g"
    first = _ask(service, path, WHO)
    assert {"form-a", "form-z"} <= set(first["schema"]["$defs"]["a_node"]["enum"])
    ends = {"a": {"node": "form-a"}, "z": {"node": "form-z"}, "isis_metric": 20, "under_maintenance": False}
    second = _ask(service, path, WHO, ends)
    assert second["schema"]["$defs"]["a_interface"]["enum"] == interfaces["form-a"]
    chosen = {"a": {"interface": "eth1"}, "z": {"interface": "eth3"}}
    plan = _ask(service, path, WHO, ends, chosen)
    run = service.done(_ask(service, path, WHO, ends, chosen, {"plan": plan["plan"]["run"]}, expect=202))
    circuit = run["subscription"]
    assert circuit["description"] == "Core circuit form-a:eth1 - form-z:eth3"

    path = "/forms/modify-core-circuit-10g"
    about = {"subscription": circuit["id"]}
    form = _ask(service, path, **about)
    assert form["schema"]["properties"]["isis_metric"]["default"] == 20
    problem = _ask(service, path, {"isis_metric": 20}, expect=422, **about)
    assert "nothing is changed" in problem["detail"]
    plan = _ask(service, path, {"isis_metric": 30}, **about)
    run = _ask(service, path, {"isis_metric": 30}, {"plan": plan["plan"]["run"]}, expect=202, **about)
    assert service.done(run)["subscription"]["block"]["isis_metric"] == 30

    _ask(service, "/forms/terminate-node-frr", expect=409, subscription=nodes[0]["id"])
    plan = _ask(service, "/forms/terminate-core-circuit-10g", **about)
    run = _ask(service, "/forms/terminate-core-circuit-10g", {"plan": plan["plan"]["run"]}, expect=202, **about)
    assert service.done(run)["subscription"]["status"] == "terminated"


@pytest.mark.parametrize(
    ("pages", "field", "says"),
    [
        ([{"customer": "nobody", "note": ""}], "pages.0.customer", "noc"),
        ([WHO, NODE | {"site": "nowhere"}], "pages.1.site", "form-ams"),
        ([WHO, NODE | {"name": "LON"}], "pages.1.name", "host name"),
        ([WHO, NODE | {"management": "172.22.0.0/24"}], "pages.1.management", "network or broadcast"),
        ([WHO, NODE | {"colour": "red"}], "pages.1.colour", "not permitted"),
        ([WHO, {"self": 1}], "pages.1.self", "no such field"),
        ([WHO, NODE | {"name": "x"}, {"plan": str(uuid.UUID(int=1))}], "pages.2.plan", "not the plan of these values"),
        ([WHO, NODE | {"name": "x"}, {"plan": "y"}], "pages.2.plan", "UUID"),
    ],
)
def test_what_is_wrong_is_said_by_page_and_field(service: Service, pages: list[Any], field: str, says: str) -> None:
    problem = _ask(service, CREATE, *pages, expect=422)
    assert says in {error["field"]: error["message"] for error in problem["errors"]}[field]


def test_fields_that_do_not_fit_together_are_refused_where_they_stand(service: Service, nodes: list[Any]) -> None:
    ends = {"a": {"node": "form-a"}, "z": {"node": "form-a"}}
    problem = _ask(service, "/forms/create-core-circuit-10g", WHO, ends, expect=422)
    assert problem["errors"][0]["field"] == "pages.1"
    assert "joins two nodes" in problem["detail"]


def test_a_form_for_another_subscription_or_workflow_is_refused(service: Service, nodes: list[Any]) -> None:
    _ask(service, "/forms/create-nothing", expect=404)
    _ask(service, "/forms/modify-node-frr", expect=422)
    _ask(service, "/forms/modify-core-circuit-10g", expect=422, subscription=nodes[0]["id"])
    _ask(service, "/forms/modify-node-frr", expect=404, subscription=str(uuid.UUID(int=1)))
    run = _ask(service, "/forms/validate-node-frr", expect=202, subscription=nodes[0]["id"])
    assert service.done(run)["target"] == "validate"


def test_a_failed_plan_is_shown_and_cannot_be_ordered(service: Service) -> None:
    values = NODE | {"name": "mil-pe", "management": "172.22.0.10/24"}
    with service.trouble("fail-plan"):
        plan = _ask(service, CREATE, WHO, values)
    assert plan["plan"]["status"] == "failed"
    assert "create it in NetBox first" in plan["plan"]["error"]["detail"]
    problem = _ask(service, CREATE, WHO, values, {"plan": plan["plan"]["run"]}, expect=422)
    assert "the plan failed" in problem["detail"]


def test_a_netbox_that_does_not_answer_is_named(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, service: Service
) -> None:
    folder = tmp_path_factory.mktemp("service")
    other = make_service(folder, database_url, NETBOX_URL="http://127.0.0.1:1", TRUNKLINE_WORKER_IN_API="false")
    other.start()
    try:
        problem = _ask(other, CREATE, WHO, expect=503)
        assert "http://127.0.0.1:1 did not tell its sites" in problem["detail"]
        # An order over REST needs no form.
        other.order_node("rest-pe")
    finally:
        other.stop()
        other.client.close()
