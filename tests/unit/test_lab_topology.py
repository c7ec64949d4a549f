"""The topology file of the lab: what is read from it, and what is said about a wrong one."""

import json
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from trunkline.dev.lab import LabError, topology

PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = {"lab.clab.yml": "workshop.yml", "ring.clab.yml": "ring.yml"}

FILE = """
name: small
mgmt: {bridge: br-small, ipv4-subnet: 192.0.2.0/24}
topology:
  defaults: {sysctls: {net.ipv4.ip_forward: 0, net.ipv6.conf.all.forwarding: 1}}
  kinds:
    linux: {image: frr, sysctls: {net.ipv4.ip_forward: 1}}
  nodes:
    one: {kind: linux, mgmt-ipv4: 192.0.2.11}
    two: {kind: linux, mgmt-ipv4: 192.0.2.12, sysctls: {net.ipv6.conf.all.forwarding: 0}}
  links:
    - endpoints: ["one:eth1", "two:eth2"]
"""


def load(tmp_path: Path, text: str = FILE, **other: str) -> topology.Topology:
    path = tmp_path / "small.clab.yml"
    path.write_text(text)
    return topology.load(path, **other)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_topology_is_valid_for_containerlab(name: str) -> None:
    text = (PROJECT / "tests/data/clab.schema.json").read_text()
    # The schema's regular expressions are ECMAScript's; Python writes this class otherwise.
    schema = json.loads(text.replace(r"[\\p{N}\\p{L}]", r"\\w"))
    jsonschema.validate(yaml.safe_load((PROJECT / "inventory" / name).read_text()), schema)


@pytest.mark.parametrize(("name", "scenario"), SHIPPED.items())
def test_a_shipped_topology_has_the_routers_and_cables_of_its_scenario(name: str, scenario: str) -> None:
    lab = topology.load(PROJECT / "inventory" / name)
    network = yaml.safe_load((PROJECT / "examples" / scenario).read_text())
    prefix = lab.management.subnet.prefixlen
    assert {node["name"]: node["management"] for node in network["nodes"]} == {
        node.name: f"{node.address}/{prefix}" for node in lab.nodes.values()
    }
    cables = {frozenset(str(end) for end in link.endpoints) for link in lab.links}
    for circuit in network["circuits"]:
        assert {f"{end['node']}:{end['interface']}" for end in (circuit["a"], circuit["z"])} in cables


def test_two_shipped_topologies_can_run_at_once() -> None:
    labs = [topology.load(PROJECT / "inventory" / name) for name in SHIPPED]
    assert len({lab.name for lab in labs}) == len({lab.management.bridge for lab in labs}) == len(labs)
    assert not labs[0].management.subnet.overlaps(labs[1].management.subnet)


def test_a_node_inherits_from_its_kind_and_the_defaults(tmp_path: Path) -> None:
    nodes = load(tmp_path).nodes
    assert nodes["one"].sysctls == {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"}
    assert nodes["two"].sysctls == {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "0"}


def test_the_host_has_the_first_address_unless_the_file_names_one(tmp_path: Path) -> None:
    assert str(load(tmp_path).management.gateway) == "192.0.2.1/24"
    named = FILE.replace("ipv4-subnet: 192.0.2.0/24", "ipv4-subnet: 192.0.2.0/24, ipv4-gw: 192.0.2.254")
    assert str(load(tmp_path, named).management.gateway) == "192.0.2.254/24"


def test_a_link_may_be_written_in_either_notation(tmp_path: Path) -> None:
    brief = load(tmp_path).links
    full = (
        "- {type: veth, endpoints: [{node: one, interface: eth1}, {node: two, interface: eth2}]}",
        '- endpoints: ["one:eth1", "two:eth2"]',
    )
    assert load(tmp_path, FILE.replace(full[1], full[0])).links == brief
    assert [str(end) for end in brief[0].endpoints] == ["one:eth1", "two:eth2"]
    assert brief[0].mtu == 9500


def test_another_subnet_keeps_each_nodes_place(tmp_path: Path) -> None:
    moved = load(tmp_path, name="other", bridge="br-other", subnet="198.51.100.0/25")
    assert (moved.name, moved.management.bridge) == ("other", "br-other")
    assert str(moved.management.gateway) == "198.51.100.1/25"
    assert [node.address for node in moved.nodes.values()] == [
        IPv4Address("198.51.100.11"),
        IPv4Address("198.51.100.12"),
    ]


def test_what_is_written_down_is_read_again(tmp_path: Path) -> None:
    lab = load(tmp_path)
    assert topology.Topology.model_validate_json(lab.model_dump_json(by_alias=True)) == lab


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ("name: small", "name: Small Lab", ["name:", "letters, digits and dashes"]),
        ("name: small", "title: small", ["title:", "remove it", "name: missing"]),
        ("kind: linux, mgmt-ipv4: 192.0.2.11", "kind: nokia_srlinux", ["nodes.one.kind", "'linux'", "nokia_srlinux"]),
        ("kind: linux, mgmt-ipv4: 192.0.2.11", "mgmt-ipv4: 192.0.2.11", ["nodes.one.kind", "add `kind: linux`"]),
        ("linux: {image: frr", "arista_ceos: {image: frr", ["kinds.arista_ceos", "containerlab"]),
        (", mgmt-ipv4: 192.0.2.11", "", ["nodes.one.mgmt-ipv4: missing", "192.0.2.0/24"]),
        ("192.0.2.11", "192.0.3.11", ["nodes.one.mgmt-ipv4", "192.0.3.11", "not a host's address"]),
        ("192.0.2.11", "192.0.2.0", ["nodes.one.mgmt-ipv4", "not a host's address"]),
        ("192.0.2.11", "192.0.2.1", ["nodes.one.mgmt-ipv4", "the host's own"]),
        ("192.0.2.12", "192.0.2.11", ["nodes.two.mgmt-ipv4", "also one's"]),
        ("192.0.2.0/24", "192.0.2.0", ["mgmt.ipv4-subnet"]),
        ("br-small", "br-with-a-long-name", ["mgmt.bridge", "15 characters"]),
        ("mgmt: {", "mgmt: {ipv6-subnet: 'fd00::/64', ", ["mgmt.ipv6-subnet", "remove it"]),
        ("mgmt: {", "mgmt: {ipv4-gw: 192.0.3.1, ", ["mgmt.ipv4-gw", "192.0.3.1 is not in"]),
        ("two:eth2", "three:eth2", ["links[0]", "no node 'three'", "one, two"]),
        ("two:eth2", "one:eth1", ["links[0]", "already has a link"]),
        ("two:eth2", "two:eth0", ["links[0]", "take eth1"]),
        ("two:eth2", "two", ["links.0.endpoints.1", "node:interface"]),
        ("two:eth2", "two:ethernet-1/1", ["links.0.endpoints.1.interface", "15 characters"]),
        ('"one:eth1", "two:eth2"', '"one:eth1"', ["links.0.endpoints.1"]),
        ("- endpoints:", "- type: vxlan\n      endpoints:", ["links.0.type", "'veth'", "containerlab"]),
        ("- endpoints:", "- mtu: 70000\n      endpoints:", ["links.0.mtu", "65535"]),
        ("image: frr", "image: frr, startup-config: x", ["kinds.linux.startup-config", "remove it"]),
        ("image: frr", "image: frr, binds: ['gone:/etc/frr/daemons']", ["binds of node one", "no file", "gone"]),
        ("image: frr", "image: frr, binds: ['small.clab.yml:/etc/passwd']", ["binds of node one", "/etc/frr/ only"]),
        ("  nodes:", "  nodes: {}\n  groups:", ["topology.nodes", "topology.groups"]),
        ("name: small", "name: [small", ["not YAML"]),
    ],
)
def test_what_is_wrong_is_named_with_the_remedy(tmp_path: Path, found: str, instead: str, said: list[str]) -> None:
    assert found in FILE
    with pytest.raises(LabError) as refused:
        load(tmp_path, FILE.replace(found, instead))
    for words in [str(tmp_path / "small.clab.yml"), *said]:
        assert words in str(refused.value)


@pytest.mark.parametrize("content", ["", "[]", "text"])
def test_a_file_that_is_no_topology_at_all_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(LabError, match="the file"):
        load(tmp_path, content)


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no such topology file"):
        topology.load(tmp_path / "gone.yml")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"subnet": "192.0.2.0"}, "192.0.2.0"),
        ({"subnet": "10.0.0.0/30"}, "mgmt-ipv4"),
        ({"bridge": "x" * 16}, "bridge"),
    ],
)
def test_an_impossible_override_is_refused(tmp_path: Path, other: dict[str, Any], said: str) -> None:
    with pytest.raises(LabError, match=said):
        load(tmp_path, **other)
