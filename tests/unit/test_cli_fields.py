"""Options of an order, made of its JSON Schema; and what products may be called."""

from typing import Any

import pytest

from trunkline.catalog import PRODUCTS
from trunkline.catalog.block import input_model
from trunkline.cli import fields
from trunkline.cli.client import CliError
from trunkline.cli.find import products_called, words_of

CIRCUIT = fields.resolved(input_model(PRODUCTS["core-circuit-10g"].block).model_json_schema())
LISTED: list[dict[str, Any]] = [
    {"slug": item.slug, "block": item.block.block_name, "status": "active", "fixed_inputs": item.fixed_inputs}
    for item in PRODUCTS.values()
]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["--a", "ams-pe:eth1"], {"a": {"node": "ams-pe", "interface": "eth1"}}),
        (["--a=ams-pe:eth1"], {"a": {"node": "ams-pe", "interface": "eth1"}}),
        (["--a.node", "ams-pe", "--a.interface", "eth1"], {"a": {"node": "ams-pe", "interface": "eth1"}}),
        (["--isis-metric", "20"], {"isis_metric": 20}),
        (["--isis_metric=20"], {"isis_metric": 20}),
        (["--under-maintenance"], {"under_maintenance": True}),
        (["--under-maintenance=false"], {"under_maintenance": False}),
        (["--no-under-maintenance", "--isis-metric", "5"], {"under_maintenance": False, "isis_metric": 5}),
        ([], {}),
    ],
)
def test_options_become_the_input(arguments: list[str], given: dict[str, Any]) -> None:
    assert fields.parse(CIRCUIT, arguments) == given


def test_a_list_of_parts_is_one_option_with_what_is_optional_by_its_name() -> None:
    l2vpn = fields.resolved(input_model(PRODUCTS["l2vpn-multipoint"].block).model_json_schema())
    given = fields.parse(l2vpn, ["--saps", "ams-pe:eth3:vlan=100,lon-pe:eth3", "--label", "Two sites"])
    assert given == {"saps": [{"port": "ams-pe:eth3", "vlan": 100}, {"port": "lon-pe:eth3"}], "label": "Two sites"}
    with pytest.raises(CliError, match="--saps: 'many' must be a number"):
        fields.parse(l2vpn, ["--saps", "ams-pe:eth3:vlan=many"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--a", "ams-pe"], "--a: 'ams-pe' must be node:interface"),
        (["--isis-metric", "high"], "--isis-metric: 'high' must be a number"),
        (["--under-maintenance=perhaps"], "must be true or false"),
        (["--colour", "red"], "--colour: there is no such option; there are --a.node, --a.interface"),
        (["red"], "red: an option must stand before it"),
        (["--a.node"], "--a.node: a value is missing"),
    ],
)
def test_a_wrong_option_is_named_with_what_it_takes(arguments: list[str], says: str) -> None:
    with pytest.raises(CliError, match=says) as raised:
        fields.parse(CIRCUIT, arguments)
    assert raised.value.code == 2


def test_what_is_missing_is_named_with_a_hint() -> None:
    lacking = fields.missing(CIRCUIT, {"a": {}})
    assert [(name, fields.hint(item)) for name, item in lacking] == [("z", "node:interface")]


def test_words_come_from_the_catalogue_and_the_slowest_fits_first() -> None:
    assert words_of(LISTED[0]) >= {LISTED[0]["slug"]}
    assert products_called(LISTED, "circuit")[0]["slug"] == "core-circuit-10g"
    assert [item["slug"] for item in products_called(LISTED, "core-circuit-100g")] == ["core-circuit-100g"]
    assert [item["slug"] for item in products_called(LISTED, "node")] == ["node-frr", "node-srlinux"]
    assert products_called(LISTED, "no-such-product") == []
