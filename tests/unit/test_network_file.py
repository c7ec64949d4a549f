"""A file that lists a whole network: what it orders, what is wrong with it, what it no longer lists."""

import uuid
from typing import Any

import pytest
import yaml

from ansible_collections.trunkline.network.plugins.module_utils.network_file import CIRCUIT, NODE, gone_from, orders_of
from trunkline.dev.state import PROJECT

EXAMPLE: dict[str, Any] = yaml.safe_load((PROJECT / "examples/network.yml").read_text())
SPACE = EXAMPLE["network_namespace"]
ROLE = PROJECT / "collections/ansible_collections/trunkline/network/roles/network/meta/argument_specs.yml"


def orders(nodes: list[Any] | None = None, circuits: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    nodes = EXAMPLE["network_nodes"] if nodes is None else nodes
    circuits = EXAMPLE["network_circuits"] if circuits is None else circuits
    return orders_of(nodes, circuits, more.get("namespace", SPACE), more.get("known", []))


def fabric(ordered: dict[str, Any]) -> dict[str, Any]:
    """What fabric_info would find once the orders are carried out."""
    return {"nodes": ordered["nodes"], "circuits": ordered["circuits"]}


def test_the_example_is_the_workshop_s_network() -> None:
    workshop = yaml.safe_load((PROJECT / "examples/workshop.yml").read_text())
    ordered = orders()
    wanted = [(node["name"], node["site"], node["role"], node["management"]) for node in workshop["nodes"]]
    assert [(node["name"], node["site"], node["role"], node["management"]) for node in ordered["nodes"]] == wanted
    ends = [(circuit["a"], circuit["z"], circuit["isis_metric"]) for circuit in workshop["circuits"]]
    assert [(circuit["a"], circuit["z"], circuit["isis_metric"]) for circuit in ordered["circuits"]] == ends


def test_an_id_follows_from_namespace_and_name_alone() -> None:
    first, other = orders(), orders(namespace=str(uuid.uuid4()))
    # Fixed for ever: another rule would make every network that was ordered by a file anew.
    assert first["nodes"][0]["subscription"] == "6b70cf1c-2630-5194-b411-7e6fae760092"
    assert first["nodes"] == orders(circuits=[])["nodes"]
    assert {node["subscription"] for node in first["nodes"]}.isdisjoint(node["subscription"] for node in other["nodes"])


def test_a_given_id_stays_and_its_circuit_keeps_the_name_that_it_has_in_netbox() -> None:
    given = str(uuid.uuid4())
    circuit = {key: value for key, value in EXAMPLE["network_circuits"][0].items() if key != "name"} | {"id": given}
    (ordered,) = orders(circuits=[circuit])["circuits"]
    assert ordered["subscription"] == given
    assert "cid" not in ordered


def test_the_defaults_are_those_that_the_role_describes() -> None:
    options = yaml.safe_load(ROLE.read_text())["argument_specs"]["main"]["options"]
    for name, defaults in (("network_nodes", NODE), ("network_circuits", CIRCUIT)):
        said = {key: one["default"] for key, one in options[name]["options"].items() if "default" in one}
        assert said == defaults


def changed(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    items = [dict(item) for item in EXAMPLE[f"network_{kind}"]]
    items[number] |= fields
    return {kind: items}


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"namespace": "mine"}, "network_namespace: 'mine' is not a UUID"),
        (changed("nodes", 1, name="ams-pe"), r"network_nodes\[1\].name: 'ams-pe' is that of network_nodes\[0\], too"),
        (changed("nodes", 2, management="10.0.0.300/8"), r"network_nodes\[2\].management: .*Give an address"),
        (changed("nodes", 2, management="10.0.0.3"), r"network_nodes\[2\].management: .*has no length"),
        (changed("nodes", 2, management="172.20.20.11/24"), r"network_nodes\[2\].management: .*network_nodes\[0\]"),
        (changed("nodes", 0, id="seven"), r"network_nodes\[0\].id: 'seven' is not a UUID"),
        (changed("circuits", 1, isis_metric=0), r"network_circuits\[1\].isis_metric: 0 is not between"),
        (changed("circuits", 1, name=None), r"network_circuits\[1\].name: missing"),
        (changed("circuits", 1, z={"node": "nix", "interface": "e"}), r"network_circuits\[1\].z.node: .*no node 'nix'"),
        (changed("circuits", 1, z={"node": "par-p", "interface": "e"}), r"network_circuits\[1\].z.node: .*also the A"),
        (
            changed("circuits", 1, a={"node": "ams-pe", "interface": "eth1"}),
            r"network_circuits\[1\].a.interface: ams-pe:eth1 is that of network_circuits\[0\], too",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_field(wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        orders(**wrong)


def test_a_circuit_may_end_on_a_node_that_only_netbox_knows() -> None:
    circuit = {"name": "out", "a": {"node": "ams-pe", "interface": "e1"}, "z": {"node": "old", "interface": "e1"}}
    assert orders(circuits=[circuit], known=["old"])["circuits"][0]["z"]["node"] == "old"


def test_gone_is_what_the_file_made_and_no_longer_lists() -> None:
    before, after = orders(), orders(nodes=EXAMPLE["network_nodes"][:2], circuits=EXAMPLE["network_circuits"][:1])
    gone = gone_from(fabric(before), after, SPACE)
    assert [node["name"] for node in gone["nodes"]] == ["lon-pe"]
    assert [circuit["cid"] for circuit in gone["circuits"]] == ["par-lon", "ams-lon"]
    assert gone_from(fabric(before), before, SPACE) == {"nodes": [], "circuits": []}


def test_what_others_ordered_is_never_gone() -> None:
    foreign = orders(namespace=str(uuid.uuid4()))
    given = orders(nodes=[{**node, "id": str(uuid.uuid4())} for node in EXAMPLE["network_nodes"]])
    nothing: dict[str, Any] = {"nodes": [], "circuits": []}
    assert gone_from(fabric(foreign), nothing, SPACE) == nothing
    assert gone_from({"nodes": given["nodes"], "circuits": []}, nothing, SPACE) == nothing
