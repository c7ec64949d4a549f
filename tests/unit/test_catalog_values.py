"""Blocks in blocks, one, perhaps none, or many: an L2VPN with its access points."""

from typing import Annotated

import pytest

from trunkline.catalog import Block, From, Product, Values
from trunkline.catalog.block import changeable_paths, input_model, learned_paths, references, references_in
from trunkline.catalog.types import Changeable, NodeName
from trunkline.catalog.values import flatten, merge, put
from trunkline.db.catalog.rewrite import at, renamed
from trunkline.errors import Invalid


class PointBlock(Block, name="Point"):
    node: NodeName
    port: str
    vlan: int = 0
    netbox_id: From["provisioning", int]  # noqa: F821


class VpnBlock(Block, name="Vpn"):
    name: str
    points: Annotated[list[PointBlock], Changeable]
    backup: PointBlock | None = None
    netbox_id: From["provisioning", int]  # noqa: F821


VPN = Product("vpn", "VPN", "A VPN", VpnBlock, {}, "vpn_provision.yml", "vpn_terminate.yml")
A: Values = {"node": "ams-pe", "port": "eth1"}
B: Values = {"node": "par-p", "port": "eth2", "vlan": 7}
ORDER: Values = {"name": "red", "points": [A, B]}


def complete() -> Values:
    found: Values = {"netbox_id": 1, "points": [{"netbox_id": 2}, {"netbox_id": 3, "port": "other"}]}
    return VPN.learned(VPN.ordered(ORDER).values(), found)


def test_items_learn_what_was_found_for_them() -> None:
    assert complete() == {
        "name": "red",
        "netbox_id": 1,
        "points": [{**A, "vlan": 0, "netbox_id": 2}, {**B, "netbox_id": 3}],
    }
    assert VPN.unlearned(complete()) == VPN.ordered(ORDER).values()
    with pytest.raises(ValueError, match=r"block\.points\.0\.netbox_id: Field required"):
        VPN.learned(VPN.ordered(ORDER).values(), {"netbox_id": 1})
    with pytest.raises(ValueError, match="points: has 2 items, and 1 were reported"):
        VPN.learned(VPN.ordered(ORDER).values(), {"netbox_id": 1, "points": [{"netbox_id": 2}]})


def test_an_optional_block_is_complete_or_absent() -> None:
    backed = VPN.ordered({**ORDER, "backup": A}).values()
    found: Values = {"netbox_id": 1, "points": [{"netbox_id": 2}, {"netbox_id": 3}]}
    with pytest.raises(ValueError, match=r"block\.backup\.netbox_id"):
        VPN.learned(backed, found)
    assert VPN.learned(backed, {**found, "backup": {"netbox_id": 9}})["backup"] == {**A, "vlan": 0, "netbox_id": 9}
    assert "backup" not in complete()


def test_a_changed_list_keeps_what_was_learned_for_items_that_stay() -> None:
    changed = VPN.modified(complete(), {"points": [B, {"node": "lon-pe", "port": "eth3"}]}).values()
    assert changed["points"] == [{**B, "netbox_id": 3}, {"node": "lon-pe", "port": "eth3", "vlan": 0}]
    refused: list[Values] = [{"points": [{**A, "netbox_id": 5}]}, {"backup": A}, {"backup": None}, {"points": [{}]}]
    for changes in refused:
        with pytest.raises(Invalid):
            VPN.modified(complete(), changes)
    assert VPN.modified(complete(), {"points": []}).values()["points"] == []


def test_a_person_gives_no_learned_value_in_a_list_either() -> None:
    with pytest.raises(Invalid, match=r"input\.points\.1\.netbox_id: is allocated"):
        VPN.ordered({"name": "red", "points": [A, {**B, "netbox_id": 3}]})
    properties = input_model(VpnBlock).model_json_schema()["$defs"]["PointInput"]["properties"]
    assert list(properties) == ["node", "port", "vlan"]


def test_what_a_block_says_of_fields_in_lists() -> None:
    assert {"points.*.netbox_id", "backup.netbox_id", "netbox_id"} == learned_paths(VpnBlock)
    assert changeable_paths(VpnBlock) == {"points", "points.*.node", "points.*.port", "points.*.vlan"}
    assert set(references(VpnBlock)) == {"points.*.node", "backup.node"}
    assert set(references_in(VpnBlock, ORDER)) == {"points.0.node", "points.1.node"}


def test_paths_reach_into_lists() -> None:
    assert flatten({"a": {"b": 1}, "c": [{"d": 2}, {"d": 3}], "e": [], "f": [1]}) == {
        "a.b": 1,
        "c.0.d": 2,
        "c.1.d": 3,
        "e": [],
        "f": [1],
    }
    assert put({"c": [{"d": 2}, {"d": 3}]}, "c.1.d", 4) == {"c": [{"d": 2}, {"d": 4}]}
    assert merge({"c": [{"d": 2}]}, {"c": [{"e": 3}]}) == {"c": [{"e": 3}]}
    assert merge({"c": [{"d": 2}]}, {"c": [{"e": 3}]}, items=True) == {"c": [{"d": 2, "e": 3}]}


def test_a_rewrite_reaches_every_place_and_leaves_the_rest() -> None:
    values: Values = {"x": [{"y": {"old": 1}}, {"y": None}, {}], "old": 2}
    assert at(values, ("x", "*", "y"), lambda found, _where: renamed(found, "old", "new")) == {
        "x": [{"y": {"new": 1}}, {"y": None}, {}],
        "old": 2,
    }
    assert values["x"] == [{"y": {"old": 1}}, {"y": None}, {}]


def test_who_may_order_a_product() -> None:
    def refusal(customer: str, **more: object) -> str | None:
        values = {"slug": "vpn", "name": "VPN", "description": "", "block": VpnBlock, "fixed_inputs": {}}
        product = Product(**values, provision_playbook="", terminate_playbook="", **more)  # type: ignore[arg-type]
        found = product.orderable_by(customer)
        return f"{found.field}: {found.message}" if found else None

    assert refusal("noc") is None
    assert refusal("noc", status="hidden") is None
    assert refusal("noc", customers=("noc", "uni")) is None
    assert "product: vpn has reached its end of life" in str(refusal("noc", status="end-of-life"))
    assert "customer: 'other' may not order vpn; it is for noc, uni" in str(refusal("other", customers=("noc", "uni")))
