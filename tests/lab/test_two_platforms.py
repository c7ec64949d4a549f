"""Orders through the playbooks for SR Linux routers, and for one at the end of a circuit whose other end runs FRR.

NetBox and FRR are real; the SR Linux routers are stand-ins, which have no data plane: what they prove is what we say.
"""

import copy
import json
import subprocess
import uuid
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import parse
from tests.netbox.netbox_world import playbook
from tests.srlinux.conftest import FOREIGN, foreign_of, notes
from tests.srlinux.stand_in import AUTHORITY, PASSWORD, StandIn
from tests.srlinux.stand_in_store import Store
from trunkline.dev.lab import Lab

MANY = ["-e", "verify_timeout_s=8", "-e", "deploy_confirm_s=20"]


class Everything(Container[str]):
    """All addresses answer."""

    def __contains__(self, _address: object) -> bool:
        return True


class Network:
    """Two stand-ins, and the playbooks."""

    def __init__(self, netbox: dict[str, str], folder: Path, lab: Lab | None) -> None:
        self.tag = uuid.uuid4().hex[:6]
        first = StandIn(Store(copy.deepcopy(FOREIGN)), host="127.0.0.21")
        second = StandIn(Store(copy.deepcopy(FOREIGN)), host="127.0.0.22", port=first.port)
        self.routers = {f"srl-a-{self.tag}": first, f"srl-z-{self.tag}": second}
        AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))
        self.environment = netbox | (lab.ansible_env() if lab else {})
        self.environment |= {
            "TRUNKLINE_SRLINUX_PASSWORD": PASSWORD,
            "TRUNKLINE_SRLINUX_CA": str(folder / "ca.pem"),
            "TRUNKLINE_SRLINUX_PORT": str(first.port),
        }

    def run(self, name: str, order: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
        return playbook(self.environment, name, "-e", json.dumps({"subscription": order}), *MANY, *options)

    def stats(self, name: str, order: dict[str, Any], *options: str) -> dict[str, Any]:
        done = self.run(name, order, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert PASSWORD not in done.stdout
        found: dict[str, Any] = json.JSONDecoder().raw_decode(done.stdout.partition("RUN: ")[2])[0]
        return found

    def close(self) -> None:
        for router in self.routers.values():
            router.close()


def order(product: str, block: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "product": product, "status": "provisioning", "customer": "noc", "block": block}


def node(name: str, address: str, frr: bool = False) -> dict[str, Any]:
    block = {"name": name, "site": "ams", "role": "pe", "management": f"{address}/24"}
    if frr:
        return order("node-frr", block | {"vendor": "FRR", "device_type": "frr-router", "platform": "frr"})
    fixed = {"vendor": "Nokia", "device_type": "nokia-7220-ixr-d2l", "platform": "nokia-srlinux"}
    return order("node-srlinux", block | fixed)


def circuit(a: tuple[str, str], z: tuple[str, str]) -> dict[str, Any]:
    ends = {side: {"node": name, "interface": port} for side, (name, port) in (("a", a), ("z", z))}
    return order("core-circuit-10g", ends | {"isis_metric": 10, "under_maintenance": False, "speed_mbps": 10000})


def running(lab: Lab) -> dict[str, str]:
    """What FRR runs, without the empty shells that it keeps of interfaces."""
    stanzas = parse(lab.exec("ams-pe", ["vtysh", "-c", "show running-config"]))
    return {one.header: one.text for one in stanzas if one.lines or not one.header.startswith("interface ")}


@pytest.fixture(scope="module")
def bootstrapped(bare_netbox: dict[str, str]) -> dict[str, str]:
    done = playbook(bare_netbox, "netbox_bootstrap", "-e", "@examples/workshop.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    return bare_netbox


@pytest.fixture
def network(bootstrapped: dict[str, str], tmp_path: Path, lab: Lab) -> Iterator[Network]:
    made = Network(bootstrapped, tmp_path, lab)
    yield made
    made.close()


def test_sr_linux_nodes_and_a_circuit_come_are_proved_and_go(network: Network) -> None:
    (a, first), (z, second) = network.routers.items()
    nodes = [node(name, router.host) for name, router in network.routers.items()]
    for one in nodes:
        assert (
            "+     interface system0 {" in network.stats("node_provision", one)["plan"]["devices"][one["block"]["name"]]
        )
    first.adjacencies, second.adjacencies = {"ethernet-1/1": ("up", z)}, {"ethernet-1/2": ("up", a)}
    first.answering = second.answering = Everything()
    link = circuit((a, "ethernet-1/1"), (z, "ethernet-1/2"))
    commits = first.store.commits
    planned = network.stats("circuit_provision", link, "--check", "--diff")["plan"]["devices"]
    assert first.store.commits == commits
    assert "+     interface ethernet-1/1 {" in planned[a]
    assert "+     interface ethernet-1/2 {" in planned[z]
    done = network.stats("circuit_provision", link)
    assert done["plan"]["devices"].keys() == {a, z}
    assert done["plan"]["devices"][a].count("\n") == planned[a].count("\n")
    again = network.stats("circuit_provision", link)
    assert again["plan"]["devices"] == {a: "", z: ""}
    moved = copy.deepcopy(link)
    moved["block"]["under_maintenance"] = True
    assert "metric 15000000" in network.stats("circuit_provision", moved)["plan"]["devices"][z]
    assert "-     interface ethernet-1/1 {" in network.stats("circuit_terminate", link)["plan"]["devices"][a]
    for one in nodes:
        network.stats("node_terminate", one)
    for router in (first, second):
        assert foreign_of(router.store.running) == foreign_of(FOREIGN)
        assert notes(router) == []
        assert router.store.startup == router.store.running


def test_a_circuit_between_both_platforms_is_planned_and_undone_on_both_when_one_end_does_not_work(
    network: Network, lab: Lab
) -> None:
    name, router = next(iter(network.routers.items()))
    other = f"frr-{network.tag}"
    address = lab.nodes["ams-pe"]
    nodes = [node(name, router.host), node(other, address, frr=True)]
    for one in nodes:
        network.stats("node_provision", one)
    router.adjacencies, router.answering = {"ethernet-1/1": ("up", other)}, Everything()
    before = copy.deepcopy(router.store.running), running(lab)
    link = circuit((name, "ethernet-1/1"), (other, "eth1"))
    planned = network.stats("circuit_provision", link, "--check", "--diff")["plan"]
    assert "+     interface ethernet-1/1 {" in planned["devices"][name]
    assert "+ isis network point-to-point" in planned["devices"][other]
    failed = network.run("circuit_provision", link, "-e", "verify_timeout_s=1")
    assert failed.returncode != 0
    said = " ".join(failed.stdout.split())
    assert f"{other}: not working after" in said or "IS-IS adjacency expected" in said
    assert (router.store.running, running(lab)) == before
    assert not router.store.pending
    # NetBox is as before: the plan is the same again.
    assert network.stats("circuit_provision", link, "--check")["plan"]["devices"].keys() == planned["devices"].keys()
    for one in nodes:
        network.stats("node_terminate", one)
    assert foreign_of(router.store.running) == foreign_of(FOREIGN)
