"""What pages are made of, without a browser: diffs, fields, the map, addresses."""

import uuid
from typing import Any

import pytest
from starlette.datastructures import FormData

from trunkline.catalog.values import Values
from trunkline.db.models import Lifecycle
from trunkline.routes.topology.service import Ordered, Planned, build, state_of
from trunkline.web.diffs import Row, side_by_side
from trunkline.web.forms import Group, Rows, groups_of, inputs_of, read, with_row, without_row
from trunkline.web.page import local

A, B, C = (uuid.UUID(int=number) for number in range(3))


def test_replaced_lines_stand_beside_those_that_replace_them() -> None:
    lines = ["--- running", "+++ planned", "@@ interface eth1 @@", " interface eth1"]
    diff = "\n".join([*lines, "- isis metric 10", "+ isis metric 20", "+ mtu 9000"])
    assert side_by_side(diff) == [
        Row("hunk", "@@ interface eth1 @@", None),
        Row("same", "interface eth1", "interface eth1"),
        Row("changed", " isis metric 10", " isis metric 20"),
        Row("added", None, " mtu 9000"),
    ]


def test_lines_that_only_go_or_only_come_have_a_gap_beside_them() -> None:
    assert side_by_side("-a\n-b") == [Row("removed", "a", None), Row("removed", "b", None)]
    assert side_by_side("+a\n-b") == [Row("added", None, "a"), Row("removed", "b", None)]
    assert side_by_side("") == []


SCHEMA: dict[str, Any] = {
    "properties": {
        "a": {"$ref": "#/$defs/End"},
        "metric": {"type": "integer", "default": 10, "minimum": 1},
        "maintenance": {"type": "boolean", "default": False},
        "note": {"anyOf": [{"type": "string", "format": "long"}, {"type": "null"}], "default": ""},
    },
    "required": ["a"],
    "$defs": {
        "End": {
            "type": "object",
            "properties": {"node": {"$ref": "#/$defs/node", "description": "Where"}, "port": {"type": "string"}},
            "required": ["node", "port"],
        },
        "node": {"enum": ["ams", "par"], "options": {"ams": "Amsterdam"}, "type": "string"},
    },
}


def _groups(*arguments: Any) -> list[Group]:
    return [group for group in groups_of(*arguments) if isinstance(group, Group)]


def test_a_schema_becomes_fields_with_values_choices_and_errors() -> None:
    outer, end = _groups(SCHEMA, {"a": {"node": "par"}}, {"a.port": "is taken", "metric": "too high"})
    node, port = end.inputs
    assert (end.label, node.kind, node.value, node.required) == ("A", "select", "par", True)
    assert (node.options, node.help) == ((("ams", "Amsterdam"), ("par", "par")), "Where")
    assert port.error == "Fill this in."
    metric, maintenance, note = outer.inputs
    assert (metric.kind, metric.value, metric.error) == ("number", "10", "too high")
    assert (maintenance.kind, maintenance.value, maintenance.required) == ("checkbox", "false", False)
    assert note.kind == "long"


LIST: dict[str, Any] = {
    "properties": {
        "saps": {"type": "array", "items": {"$ref": "#/$defs/Sap"}, "minItems": 2, "maxItems": 3},
        "label": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    },
    "required": ["saps"],
    "$defs": {
        "Sap": {
            "type": "object",
            "title": "Access point",
            "properties": {
                "port": {"type": "string", "enum": ["a:1", "b:1"]},
                "vlan": {"anyOf": [{"type": "integer", "maximum": 4094}, {"type": "null"}], "default": None},
            },
            "required": ["port"],
        }
    },
}


def _rows(*arguments: Any) -> Rows:
    (rows,) = [group for group in groups_of(*arguments) if isinstance(group, Rows)]
    return rows


def test_a_list_has_as_many_rows_as_it_must_or_as_were_filled_in() -> None:
    rows = _rows(LIST, {}, {})
    assert (rows.row_label, rows.fewest, rows.most) == ("Access point", 2, 3)
    assert [row.label for row in rows.rows] == ["Access point 1", "Access point 2"]
    values: Values = {"saps": [{"port": "b:1", "vlan": "7"}, {}, {}], "label": None}
    rows = _rows(LIST, values, {"saps.1.port": "is missing", "saps": "two are the same"})
    assert len(rows.rows) == 3
    port, vlan = rows.rows[0].inputs
    assert (port.name, port.value, vlan.kind, vlan.value, vlan.optional) == (
        "f.saps.0.port",
        "b:1",
        "number",
        "7",
        True,
    )
    assert (rows.rows[1].inputs[0].error, rows.error) == ("Choose one.", "two are the same")
    (label,) = [item for item in inputs_of(groups_of(LIST, values, {})) if item.path == "label"]
    assert (label.value, label.optional) == ("", True)


def test_a_list_that_stands_already_is_shown_and_each_row_may_have_choices_of_its_own() -> None:
    standing = {**LIST["properties"]["saps"], "default": [{"port": "a:1"}, {"port": "b:1", "vlan": 9}]}
    rows = _rows({**LIST, "properties": {"saps": standing}}, {}, {})
    assert [[item.value for item in row.inputs] for row in rows.rows] == [["a:1", ""], ["b:1", "9"]]
    own = [{"type": "object", "title": "End", "properties": {"port": {"enum": [name]}}} for name in ("x", "y")]
    each = {"properties": {"ends": {"type": "array", "prefixItems": own, "minItems": 2, "maxItems": 2}}}
    assert [row.inputs[0].options for row in _rows(each, {}, {}).rows] == [(("x", "x"),), (("y", "y"),)]


def test_a_list_comes_back_as_one_and_what_may_be_empty_as_nothing() -> None:
    sent = [("optional", "saps.*.vlan label"), ("f.label", ""), ("f.saps.1.port", "b:1"), ("f.saps.1.vlan", "")]
    values = read(FormData([*sent, ("f.saps.0.port", ""), ("f.saps.0.vlan", "7")]))
    assert values == {"label": None, "saps": [{"port": "", "vlan": "7"}, {"port": "b:1", "vlan": None}]}
    assert with_row(values, "saps")["saps"] == [{"port": "", "vlan": "7"}, {"port": "b:1", "vlan": None}, {}]
    assert without_row(values, "saps.0")["saps"] == [{"port": "b:1", "vlan": None}]
    assert with_row({"a": {"ends": [{"x": "1"}]}}, "a.ends") == {"a": {"ends": [{"x": "1"}, {}]}}
    assert without_row(values, "nonsense") == values


def test_what_a_browser_sends_is_nested_and_a_box_that_is_not_ticked_is_false() -> None:
    sent = [("csrf_token", "x"), ("f.a.node", " ams "), ("f.a.port", "eth1"), ("f.up", "false"), ("f.down", "false")]
    assert read(FormData([*sent, ("f.down", "true")])) == {
        "a": {"node": "ams", "port": "eth1"},
        "up": "false",
        "down": "true",
    }


def _ordered(number: uuid.UUID, name: str, *uses: uuid.UUID, **more: Any) -> Ordered:
    values: dict[str, Any] = {"status": Lifecycle.ACTIVE, "insync": True, "block": {"name": name, "site": "ams"}} | more
    return Ordered(number, more.pop("product", "node-frr"), description=name, uses=frozenset(uses), **values)


def test_what_refers_to_two_nodes_joins_them_and_what_refers_to_one_does_not() -> None:
    one_end = _ordered(uuid.UUID(int=9), "port", A)
    found = build([_ordered(A, "a"), _ordered(B, "b"), _ordered(C, "a-b", A, B), one_end], [])
    assert [(node.name, node.group) for node in found.nodes] == [("a", "ams"), ("b", "ams")]
    assert [(link.a, link.z, link.state) for link in found.links] == [(A, B, "up")]


def test_a_circuit_that_is_only_planned_is_on_the_map_until_it_is_ordered() -> None:
    block: dict[str, object] = {"a": {"node": "a"}, "z": {"node": str(B)}}
    plan = Planned(C, "core-circuit-10g", "a-b", block)
    nodes = [_ordered(A, "a"), _ordered(B, "b")]
    (link,) = build(nodes, [plan]).links
    assert (link.state, link.ordered, link.run) == ("planned", False, C)
    (link,) = build([*nodes, _ordered(uuid.UUID(int=7), "a-b", A, B)], [plan]).links
    assert link.ordered


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, "up"),
        ({"insync": False}, "drift"),
        ({"block": {"under_maintenance": True}}, "maintenance"),
        ({"status": Lifecycle.INITIAL, "insync": False}, "planned"),
        ({"status": Lifecycle.PROVISIONING, "insync": False}, "provisioning"),
        ({"status": Lifecycle.DISABLED}, "disabled"),
    ],
)
def test_a_state_follows_from_lifecycle_sync_and_maintenance(more: dict[str, Any], state: str) -> None:
    assert state_of(_ordered(A, "a", **more)) == state


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/runs?status=failed", "/runs?status=failed"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_a_log_in_leads_nowhere_else(asked: str, goes: str) -> None:
    assert local(asked) == goes
