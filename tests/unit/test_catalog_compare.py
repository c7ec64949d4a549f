"""From one catalogue to another: every difference becomes a change, renames are asked for, nothing is guessed."""

import ast

import pytest

from trunkline.catalog import PRODUCTS
from trunkline.catalog.resource_types import Field
from trunkline.db.catalog import (
    AddField,
    Change,
    ChangeField,
    ChangeFixedInput,
    ChangeProduct,
    CreateBlock,
    CreateProduct,
    RemoveBlock,
    RemoveField,
    RemoveProduct,
    RenameBlock,
    RenameField,
    RenameFixedInput,
    RenameProduct,
)
from trunkline.db.catalog.compare import Answers, compare
from trunkline.db.catalog.script import source
from trunkline.db.catalog.state import Catalogue, ProductState, of_code
from trunkline.errors import Invalid

TEXT, NUMBER = Field(type="string"), Field(type="integer")
POINT = {"port": TEXT, "node": Field(type="string", uses="Node.name")}
VPN = {"points": Field(type="Point", holds="blocks"), "vlan": NUMBER}
NOW = Catalogue(
    {"Node": {"name": TEXT, "role": TEXT}, "Point": POINT, "Vpn": VPN},
    {
        "node": ProductState("Node", "A router", "Node", {"vendor": "FRR", "speed": 10}),
        "vpn": ProductState("VPN", "A VPN", "Vpn"),
    },
)
RENAMED_FIELD = NOW.with_block("Node", {"name": TEXT, "function": TEXT})


def node(**changes: object) -> Catalogue:
    values = {
        "name": "Node",
        "description": "A router",
        "block": "Node",
        "fixed_inputs": {"vendor": "FRR", "speed": 10},
    }
    return NOW.with_product("node", ProductState(**(values | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "answers", "expected"),
    [
        (NOW, Answers(), []),
        (
            NOW.with_block("Node", {"name": TEXT, "role": TEXT, "rack": TEXT}),
            Answers(defaults={"node.rack": "A1"}),
            [AddField("Node", "rack", TEXT, "A1")],
        ),
        (
            NOW.with_block("Node", {"name": TEXT, "role": TEXT, "rack": Field(type="string", optional=True)}),
            Answers(),
            [AddField("Node", "rack", Field(type="string", optional=True))],
        ),
        (
            NOW.with_block("Node", {"name": TEXT, "role": TEXT, "id": Field(type="integer", since="provisioning")}),
            Answers(),
            [AddField("Node", "id", Field(type="integer", since="provisioning"))],
        ),
        (NOW.with_block("Node", {"name": TEXT}), Answers(), [RemoveField("Node", "role", TEXT)]),
        (
            RENAMED_FIELD,
            Answers(renames=frozenset({"node.role=node.function"})),
            [RenameField("Node", "role", "function")],
        ),
        (
            RENAMED_FIELD,
            Answers(removals=frozenset({"Node.role"}), defaults={"Node.function": "pe"}),
            [AddField("Node", "function", TEXT, "pe"), RemoveField("Node", "role", TEXT)],
        ),
        (NOW.with_block("Vpn", VPN | {"vlan": TEXT}), Answers(), [ChangeField("Vpn", "vlan", NUMBER, TEXT)]),
        (
            node(status="end-of-life", customers=("noc",)),
            Answers(),
            [
                ChangeProduct(
                    "node", {"status": "active", "customers": ()}, {"status": "end-of-life", "customers": ("noc",)}
                )
            ],
        ),
        (
            node(fixed_inputs={"maker": "FRR", "speed": 100}),
            Answers(renames=frozenset({"node.vendor=node.maker"})),
            [RenameFixedInput("node", "vendor", "maker"), ChangeFixedInput("node", "speed", 10, 100)],
        ),
        (
            Catalogue(
                {**NOW.blocks, "Tap": {"name": TEXT}}, {**NOW.products, "tap": ProductState("T", "A tap", "Tap")}
            ),
            Answers(),
            [CreateBlock("Tap", {"name": TEXT}), CreateProduct("tap", "T", "A tap", "Tap")],
        ),
        (
            Catalogue({"Node": NOW.blocks["Node"]}, {"node": NOW.products["node"]}),
            Answers(),
            [RemoveProduct("vpn", "VPN", "A VPN", "Vpn"), RemoveBlock("Vpn", VPN), RemoveBlock("Point", POINT)],
        ),
        (
            RenameProduct("vpn", "l2vpn").on(RenameBlock("Node", "Router").on(NOW)),
            Answers(renames=frozenset({"node=router", "vpn=l2vpn"})),
            [RenameBlock("Node", "Router"), RenameProduct("vpn", "l2vpn")],
        ),
    ],
)
def test_every_difference_becomes_a_change(code: Catalogue, answers: Answers, expected: list[Change]) -> None:
    found = compare(NOW, code, {}, answers)
    assert (found.changes, found.undecided) == (expected, [])
    now = NOW
    for change in found.changes:
        now = change.on(now)
    assert now == code
    for change in reversed(found.changes):
        now = change.inverse().on(now)
    assert now == NOW


def test_a_possible_rename_waits_for_an_answer() -> None:
    found = compare(NOW, RENAMED_FIELD, {("Node", "function"): "pe"}, Answers())
    assert [str(rename) for rename in found.undecided] == ["Node.role=Node.function"]
    blocks = {("Router" if name == "Node" else name): fields for name, fields in NOW.blocks.items()}
    code = Catalogue(blocks, NOW.products)
    assert "Node=Router" in [str(rename) for rename in compare(NOW, code, {}, Answers()).undecided]


def test_fields_of_another_type_are_not_proposed_but_can_be_chosen() -> None:
    code = NOW.with_block("Node", {"name": TEXT, "rank": NUMBER})
    assert compare(NOW, code, {("Node", "rank"): 1}, Answers()).undecided == []
    chosen = compare(NOW, code, {}, Answers(renames=frozenset({"Node.role=Node.rank"}))).changes
    assert chosen == [RenameField("Node", "role", "rank"), ChangeField("Node", "rank", TEXT, NUMBER)]


@pytest.mark.parametrize(
    ("code", "answers", "message"),
    [
        (
            NOW.with_block("Node", {**NOW.blocks["Node"], "rack": TEXT}),
            Answers(),
            r"Node\.rack: is new and required.*--def",
        ),
        (NOW.with_block("Vpn", VPN | {"nodes": Field(type="Point", holds="blocks")}), Answers(), r"Vpn\.nodes: is new"),
        (
            NOW.with_block("Node", {**NOW.blocks["Node"], "peer": Field(type="string", uses="Node.name")}),
            Answers(defaults={"Node.peer": "x"}),
            r"Node\.peer: refers to another subscription",
        ),
        (
            RENAMED_FIELD,
            Answers(renames=frozenset({"Node.rule=Node.function"})),
            r"possible renames: Node\.role=Node\.f",
        ),
        (NOW, Answers(removals=frozenset({"Node.role"})), r"Node\.role: names nothing.*possible renames: none"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(code: Catalogue, answers: Answers, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        compare(NOW, code, {}, answers)


def test_a_block_is_found_wherever_it_stands() -> None:
    assert list(NOW.places("Point")) == [("vpn", ("points", "*"))]
    assert sorted(of_code(PRODUCTS).places("Endpoint")) == [
        (slug, (end,)) for slug in ("core-circuit-100g", "core-circuit-10g") for end in ("a", "z")
    ]


def test_a_migration_is_python_that_makes_the_same_changes() -> None:
    changes: list[Change] = [
        CreateBlock("Vpn", VPN),
        CreateProduct("vpn", "It's", 'a "VPN"', "Vpn", {"mtu": 9000}, customers=("noc",)),
        AddField("Node", "rack", TEXT, {"row": 1, "tags": ["a", "b"]}),
    ]
    text = source(changes)
    ast.parse(text)
    names = {type(change).__name__: type(change) for change in changes}
    assert eval(text, names) == changes
    assert all(len(line) <= 120 for line in text.splitlines())
