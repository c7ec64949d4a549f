"""Ports and L2VPNs, the whole way: an order over REST, and frames go from customer's host to customer's host."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.lab.network.world import World
from trunkline.dev.lab import LabError
from trunkline.dev.orders import Order

FRAMES = (Path(__file__).parent / "frames.py").read_text()
UNTAGGED, TAGGED = ("ams-pe:eth3", "lon-pe:eth3"), ("ams-pe:eth4", "par-p:eth4", "lon-pe:eth4")
pytestmark = pytest.mark.usefixtures("bare")
SERVICES = ("port-10g", "l2vpn-point-to-point", "l2vpn-multipoint")
HOSTS = {"ams-host": "192.0.2.1", "lon-host": "192.0.2.2"}


def order(world: World, product: str, **values: Any) -> Order:
    body = {"product": product, "customer": "uni-a", "approval": "auto", "input": values}
    answer = world.api("POST", "subscriptions", json=body)
    assert answer.status_code == 202, answer.text
    return Order(product, product, values, run=answer.json())


def finish(world: World, *orders: Order) -> None:
    world.client.wait(list(orders), lambda: None)
    assert [one.status for one in orders] == ["completed"] * len(orders), [one.run.get("error") for one in orders]


def action(world: World, subscription: dict[str, Any], method: str = "DELETE", what: str = "") -> Order:
    run = world.api(method, f"subscriptions/{subscription['id']}{what}").json()
    return Order(subscription["description"], subscription["product"], {}, run=run)


def links(world: World, node: str) -> list[str]:
    """The links of a router, with what each is in; which number an L2VPN has does not matter."""
    text = world.stack.lab.exec(node, ["ip", "-oneline", "link", "show"])
    found = re.findall(r"^\d+: (\S+?)[@:].*? mtu (\d+) .*?(?: (master \S+))? state", text, re.MULTILINE)
    return sorted(re.sub(r"(br|vni)\d+", r"\1N", " ".join(row)) for row in found)


def reaches(world: World, host: str, address: str, within_s: float) -> float:
    """Seconds until a ping is answered."""
    began = time.monotonic()
    while True:
        try:
            world.stack.lab.exec(host, ["ping", "-c1", "-W1", address])
            return time.monotonic() - began
        except LabError:
            assert time.monotonic() - began < within_s, f"{host} does not reach {address}"


@pytest.fixture(scope="module")
def bare(world: World) -> Iterator[dict[str, list[str]]]:
    """Ports and an L2VPN of each kind are ordered; what links each router had before, and has again in the end."""
    before = {node.name: links(world, node.name) for node in world.scenario.nodes}
    ports = [(port, "untagged") for port in UNTAGGED] + [(port, "tagged") for port in TAGGED]
    finish(
        world,
        *(
            order(world, "port-10g", node=node, interface=interface, mode=mode)
            for port, mode in ports
            for node, interface in [port.split(":")]
        ),
    )
    point = [{"port": port} for port in UNTAGGED]
    many = [{"port": port, "vlan": vlan} for port, vlan in zip(TAGGED, (100, 100, 200), strict=True)]
    finish(
        world,
        order(world, "l2vpn-point-to-point", saps=point, label="Two sites"),
        order(world, "l2vpn-multipoint", saps=many),
    )
    for host, address in HOSTS.items():
        world.stack.lab.exec(host, ["ip", "address", "add", f"{address}/24", "dev", "eth1"])
    yield before
    remove(world)


def remove(world: World) -> None:
    """Order the end of all ports and L2VPNs."""
    for products in (("l2vpn-point-to-point", "l2vpn-multipoint"), ("port-10g",)):
        finish(world, *(action(world, item) for product in products for item in found(world, product)))


def found(world: World, product: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = world.api(
        "GET", "subscriptions", params={"product": product, "status": "active", "sort": "description"}
    ).json()["items"]
    return items


def test_hosts_reach_each_other_also_when_a_circuit_of_the_core_fails(world: World) -> None:
    reaches(world, "ams-host", HOSTS["lon-host"], within_s=15)
    world.stack.lab.exec("ams-pe", ["ip", "link", "set", "dev", "eth1", "down"])
    try:
        reaches(world, "ams-host", HOSTS["lon-host"], within_s=45)
    finally:
        world.stack.lab.exec("ams-pe", ["ip", "link", "set", "dev", "eth1", "up"])


def test_tagged_frames_reach_all_others_with_the_tag_of_their_own_port(world: World) -> None:
    tags = {"ams-host": 100, "par-host": 100, "lon-host": 200}

    def talk(host: str) -> set[str]:
        command = ["python3", "-c", FRAMES, "eth2", str(tags[host]), f"from {host}", "4"]
        return set(world.stack.lab.exec(host, command).split("\n")) - {""}

    with ThreadPoolExecutor(len(tags)) as threads:
        heard = dict(zip(tags, threads.map(talk, tags), strict=True))
    assert heard == {host: {f"{tag} from {far}" for far in tags if far != host} for host, tag in tags.items()}


def test_what_is_in_use_cannot_be_terminated(world: World) -> None:
    (l2vpn,) = found(world, "l2vpn-point-to-point")
    port = next(item for item in found(world, "port-10g") if item["description"] == "Port ams-pe:eth3")
    refused = world.api("DELETE", f"subscriptions/{port['id']}")
    assert refused.status_code == 409
    assert [user["id"] for user in refused.json()["in_use_by"]] == [l2vpn["id"]]
    node = world.subscription("Node ams-pe at ams")
    refused = world.api("DELETE", f"subscriptions/{node['id']}")
    assert refused.status_code == 409
    assert {"Port ams-pe:eth3", "Port ams-pe:eth4"} < {user["description"] for user in refused.json()["in_use_by"]}
    again = world.api(
        "POST",
        "subscriptions",
        json={
            "product": "l2vpn-multipoint",
            "customer": "uni-a",
            "input": {"saps": [{"port": "ams-pe:eth4", "vlan": 100}, {"port": "lon-pe:eth4", "vlan": 300}]},
        },
    )
    assert again.status_code == 409
    assert "VLAN 100 of port ams-pe:eth4 belongs to" in again.json()["detail"]


def test_order_book_and_netbox_agree_on_ports_and_l2vpns(world: World) -> None:
    command = [str(Path(sys.executable).with_name("trunkline")), "reconcile", "--report", "--json"]
    done = subprocess.run(
        command, env=os.environ | world.exports, capture_output=True, text=True, check=False, timeout=200
    )
    # Other tests of this network may have left something else that the two do not agree on.
    ours = {item["id"] for product in SERVICES for item in found(world, product)}
    assert [one for one in json.loads(done.stdout) if one["subscription"] in ours] == [], done.stderr


def test_an_access_point_goes_and_comes_again_and_frees_its_port_meanwhile(world: World) -> None:
    (l2vpn,) = found(world, "l2vpn-multipoint")
    before, whole = links(world, "par-p"), l2vpn["block"]["saps"]
    rest = [sap for sap in whole if sap["port"] != "par-p:eth4"]
    finish(world, world.modify(l2vpn, saps=rest))
    assert any(line.startswith("eth4.100") for line in before)
    assert not any(line.startswith(("eth4.100", "vni")) for line in links(world, "par-p"))
    port = next(item for item in found(world, "port-10g") if item["description"] == "Port par-p:eth4")
    assert world.api("GET", f"subscriptions/{port['id']}/in-use-by").json() == []
    assert len(world.netbox("vpn/l2vpn-terminations", l2vpn_id=l2vpn["block"]["netbox_id"])) == 2
    finish(world, world.modify(l2vpn, saps=whole))
    assert links(world, "par-p") == before
    (user,) = world.api("GET", f"subscriptions/{port['id']}/in-use-by").json()
    assert (user["path"], user["subscription"]["id"]) == ("saps.1.port", l2vpn["id"])


def test_what_was_taken_from_a_router_is_drift_and_comes_back(world: World) -> None:
    (l2vpn,) = found(world, "l2vpn-multipoint")
    before, configurations = links(world, "lon-pe"), world.configurations()
    validated = action(world, l2vpn, "POST", "/validate")
    finish(world, validated)
    assert not validated.run["drift"]
    vni = l2vpn["block"]["vni"]
    world.stack.lab.exec("lon-pe", ["ip", "link", "delete", "dev", f"vni{vni}"])
    world.stack.lab.exec("lon-pe", ["ip", "link", "delete", "dev", "eth4.200"])
    plan = action(world, l2vpn, "POST", "/validate")
    while not plan.done:
        plan.run = world.api("GET", f"runs/{plan.run['id']}").json()
        time.sleep(0.2)
    assert plan.run["drift"]
    told = world.api("GET", f"runs/{plan.run['id']}/plan").json()["devices"]
    assert f"+link vni{vni} type vxlan" in told["lon-pe"]
    assert "+link eth4.200 type vlan id 200 on eth4" in told["lon-pe"]
    assert set(told) == {"lon-pe"}
    finish(world, action(world, l2vpn, "POST", "/resync"))
    assert links(world, "lon-pe") == before
    assert world.configurations() == configurations


def test_a_port_is_changed_and_everything_goes_without_a_trace(world: World, bare: dict[str, list[str]]) -> None:
    port = next(item for item in found(world, "port-10g") if item["description"] == "Port par-p:eth4")
    finish(world, world.modify(port, mtu=1400, label="Host in Paris"))
    assert any(line.startswith("eth4 1400") for line in links(world, "par-p"))
    assert "description Host in Paris" in world.configurations()["par-p"]
    remove(world)
    assert all("router bgp" not in text for text in world.configurations().values())
    assert {node: links(world, node) for node in bare} == bare
    for path in ("vpn/l2vpns", "vpn/l2vpn-terminations", "ipam/vlans"):
        assert world.netbox(path, tag="trunkline") == []
    assert all("interface eth4\n description" not in text for text in world.configurations().values())
