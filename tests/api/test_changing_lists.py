"""A change that refers to something else: what comes and what goes are both held until its run has ended."""

from typing import Any

import pytest

from tests.api.live_service import Service

PORTS = ("ams-pe:eth3", "ams-pe:eth4", "ams-pe:eth5")


@pytest.fixture(scope="module")
def ports(service: Service) -> dict[str, Any]:
    """Three ports, by name."""
    service.done(service.order_node("ams-pe"))
    runs = []
    for port in PORTS:
        node, interface = port.split(":")
        body = {"product": "port-10g", "customer": "noc", "input": {"node": node, "interface": interface}}
        runs.append(service.call("POST", "/subscriptions", 202, json=body))
    return {name: service.done(run)["subscription"] for name, run in zip(PORTS, runs, strict=True)}


@pytest.fixture(scope="module")
def l2vpn(service: Service, ports: dict[str, Any]) -> Any:
    """Between the first two."""
    body = {"product": "l2vpn-multipoint", "customer": "noc", "input": {"saps": _saps(*PORTS[:2])}}
    return service.done(service.call("POST", "/subscriptions", 202, json=body))["subscription"]


def _saps(*names: str) -> list[dict[str, str]]:
    return [{"port": name} for name in names]


def _change(service: Service, l2vpn: Any, *names: str, **more: Any) -> Any:
    body = {"input": {"saps": _saps(*names)}} | more
    return service.call("PATCH", f"/subscriptions/{l2vpn['id']}", 202, json=body)


def _used(service: Service, ports: dict[str, Any]) -> list[str]:
    return [name for name in PORTS if service.call("GET", f"/subscriptions/{ports[name]['id']}/in-use-by", 200)]


def test_what_comes_and_what_goes_are_held_until_a_person_has_decided(
    service: Service, ports: dict[str, Any], l2vpn: Any
) -> None:
    run = service.wait_for(_change(service, l2vpn, PORTS[0], PORTS[2], approval="manual"), "awaiting-approval")
    assert _used(service, ports) == list(PORTS)
    body = {"product": "l2vpn-multipoint", "customer": "noc", "input": {"saps": _saps(PORTS[1], PORTS[2])}}
    assert "belongs to" in service.call("POST", "/subscriptions", 409, json=body)["detail"]
    service.call("POST", f"/runs/{run['id']}/reject", 202, json={"reason": "Not now"})
    assert _used(service, ports) == list(PORTS[:2])


def test_a_plan_holds_nothing(service: Service, ports: dict[str, Any], l2vpn: Any) -> None:
    service.done(_change(service, l2vpn, *PORTS, plan_only=True))
    assert _used(service, ports) == list(PORTS[:2])


def test_a_change_that_fails_gives_back_what_it_wanted(service: Service, ports: dict[str, Any], l2vpn: Any) -> None:
    with service.trouble("fail-l2vpn"):
        run = service.wait_for(_change(service, l2vpn, *PORTS), "rolled-back")
    assert run["error"]["detail"] == "BGP refused it"
    assert _used(service, ports) == list(PORTS[:2])
    retried = service.done(service.call("POST", f"/runs/{run['id']}/retry", 202))
    assert len(retried["subscription"]["block"]["saps"]) == 3
    assert _used(service, ports) == list(PORTS)


def test_a_port_that_is_left_is_free_and_one_that_is_no_port_is_refused(
    service: Service, ports: dict[str, Any], l2vpn: Any
) -> None:
    service.done(_change(service, l2vpn, PORTS[2], PORTS[0]))
    (use,) = service.call("GET", f"/subscriptions/{ports[PORTS[2]]['id']}/in-use-by", 200)
    assert use["path"] == "saps.0.port"
    assert _used(service, ports) == [PORTS[0], PORTS[2]]
    body = {"input": {"saps": _saps(PORTS[0], "ams-pe:eth9")}}
    problem = service.call("PATCH", f"/subscriptions/{l2vpn['id']}", 422, json=body)
    assert problem["errors"][0]["field"] == "input.saps.1.port"
