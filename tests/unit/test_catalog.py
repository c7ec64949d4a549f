"""Blocks written once: what an order may say, what must be learned, what may change."""

import pytest

from trunkline.catalog import PRODUCTS, Block, From, Values
from trunkline.catalog.block import at_stage, changeable_paths, learned_paths, references
from trunkline.catalog.products.core_circuit import CoreCircuitBlock
from trunkline.catalog.products.node import NodeBlock
from trunkline.catalog.values import flatten, merge
from trunkline.errors import Conflict, Invalid

CIRCUIT = PRODUCTS["core-circuit-10g"]
NODE = PRODUCTS["node-frr"]
ORDERED: Values = {"a": {"node": "ams-pe", "interface": "eth1"}, "z": {"node": "par-p", "interface": "eth2"}}
ROUTER: Values = {"name": "ams-pe", "site": "ams", "role": "pe", "management": "10.0.0.1/24"}
LOOPBACKS: Values = {"loopback_ipv4": "10.0.127.2/32", "loopback_ipv6": "fc00::2/128"}
LEARNED: Values = {
    "netbox_id": 1,
    "cid": "TL-1",
    "a": {"ipv4": "10.0.1.0/31", "ipv6": "fc00:0:1::/127", "netbox_interface_id": 2},
    "z": {"ipv4": "10.0.1.1/31", "ipv6": "fc00:0:1::1/127", "netbox_interface_id": 3},
}


def test_an_order_needs_nothing_that_is_learned_and_takes_defaults() -> None:
    block = CIRCUIT.ordered(ORDERED)
    assert block.values() == {**ORDERED, "isis_metric": 10, "under_maintenance": False}
    assert block.describe() == "Core circuit ams-pe:eth1 - par-p:eth2"
    assert block.claims() == ["interface eth1 of ams-pe", "interface eth2 of par-p"]


def test_an_active_block_needs_everything_also_inside_its_ends() -> None:
    complete = CIRCUIT.learned(CIRCUIT.ordered(ORDERED).values(), LEARNED)
    assert complete["a"] == {**dict(ORDERED["a"]), **dict(LEARNED["a"])}  # type: ignore[call-overload]
    assert CIRCUIT.unlearned(complete) == CIRCUIT.ordered(ORDERED).values()
    with pytest.raises(ValueError, match=r"block\.a\.ipv4: Field required.*block\.z\.ipv4"):
        CIRCUIT.learned(CIRCUIT.ordered(ORDERED).values(), {"netbox_id": 1, "cid": "x"})
    with pytest.raises(ValueError, match=r"block\.netbox_id"):
        NODE.learned({"name": "a", "site": "s", "role": "r", "management": "10.0.0.1/24"}, {"netbox_id": "no"})


def test_a_playbook_cannot_change_what_was_ordered() -> None:
    learned: Values = merge(LEARNED, {"isis_metric": 99, "a": {"node": "other"}, "unknown": 1})
    complete = flatten(CIRCUIT.learned(CIRCUIT.ordered(ORDERED).values(), learned))
    assert (complete["isis_metric"], complete["a.node"], "unknown" in complete) == (10, "ams-pe", False)


def test_only_changeable_fields_change() -> None:
    block = CIRCUIT.learned(CIRCUIT.ordered(ORDERED).values(), LEARNED)
    changed = CIRCUIT.modified(block, {"under_maintenance": True}).values()
    assert changed == {**block, "under_maintenance": True}
    refused: list[Values] = [{}, {"a": {"interface": "eth9"}}, {"netbox_id": 5}, {"isis_metric": 0}, {"colour": "red"}]
    for changes in refused:
        with pytest.raises(Invalid) as refusal:
            CIRCUIT.modified(block, changes)
        assert refusal.value.errors


def test_fixed_inputs_go_to_the_playbook_only() -> None:
    block = CIRCUIT.ordered(ORDERED).values()
    assert CIRCUIT.for_playbook(block) == {**block, "speed_mbps": 10_000}
    with pytest.raises(Invalid, match=r"input\.speed_mbps"):
        CIRCUIT.ordered({**ORDERED, "speed_mbps": 1})


def test_what_a_block_says_about_its_fields() -> None:
    assert changeable_paths(CIRCUIT.block) == {"isis_metric", "under_maintenance"}
    assert {"netbox_id", "cid", "a.ipv4", "z.netbox_interface_id"} <= learned_paths(CIRCUIT.block)
    assert {path: use.block for path, use in references(CIRCUIT.block).items()} == {"a.node": "Node", "z.node": "Node"}


def test_a_snapshot_of_before_a_change_is_told_apart() -> None:
    NODE.must_fit(ROUTER, "Run 1")
    with pytest.raises(Conflict, match=r"Run 1 is from before node-frr was changed \(block\.role: Field required"):
        NODE.must_fit({key: value for key, value in ROUTER.items() if key != "role"}, "Run 1")


def test_stages_are_cumulative_and_checked() -> None:
    class Sample(Block, name="Sample"):
        always: int
        later: From["provisioning", int]  # noqa: F821
        last: From["active", int]  # noqa: F821

    assert at_stage(Sample, "initial").model_validate({"always": 1}).values() == {"always": 1}
    assert at_stage(Sample, "provisioning").model_validate({"always": 1, "later": 2}).later == 2
    with pytest.raises(ValueError, match="last"):
        at_stage(Sample, "active").model_validate({"always": 1, "later": 2})
    with pytest.raises(TypeError, match="the stage must be one of initial, provisioning, active"):
        From.__class_getitem__(("someday", int))


def test_a_stage_is_typed_by_what_is_there_from_it_on() -> None:
    # That mypy accepts this is half of the test: in the blocks themselves these may be None.
    node = at_stage(NodeBlock, "active").model_validate({**ROUTER, "netbox_id": 7, **LOOPBACKS})
    assert node.netbox_id + 1 == 8
    circuit = at_stage(CoreCircuitBlock, "provisioning").model_validate(merge(ORDERED, LEARNED))
    assert circuit.a.ipv4.network == circuit.z.ipv4.network
    assert NodeBlock.model_validate(ROUTER).netbox_id is None


@pytest.mark.parametrize("name", ["eth1", "Ethernet1/1", "ge-0/0/0.100", "xe-0:1"])
def test_interface_names_that_pass(name: str) -> None:
    CIRCUIT.ordered(merge(ORDERED, {"a": {"interface": name}}))


@pytest.mark.parametrize(
    "name", ["", "1eth", "eth 1", "eth1\n", "eth1\nno router isis", 'eth"', "eth!", "eth'", "x" * 65]
)
def test_interface_names_that_could_end_a_line_do_not(name: str) -> None:
    with pytest.raises(Invalid, match=r"input\.a\.interface: must be an interface name"):
        CIRCUIT.ordered(merge(ORDERED, {"a": {"interface": name}}))


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "10.0.0.0/24", "10.0.0.255/24", "224.0.0.1/4", "127.0.0.1/8", "x/24", "::/64"]
)
def test_management_addresses_that_no_router_can_have(address: str) -> None:
    with pytest.raises(Invalid, match=r"input\.management"):
        NODE.ordered({"name": "a", "site": "s", "role": "r", "management": address})


@pytest.mark.parametrize("address", ["10.0.0.1/24", "10.0.0.0/31", "10.0.0.1/32", "2001:db8::1/64"])
def test_management_addresses_that_pass(address: str) -> None:
    assert (
        NODE.ordered({"name": "a", "site": "s", "role": "r", "management": address}).values()["management"] == address
    )
