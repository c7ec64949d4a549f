"""Pages derived from a block with lists: one schema for all rows, or one for each."""

from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_forms.core.shared import page_schema

from trunkline.catalog import PRODUCTS
from trunkline.catalog.block import input_model
from trunkline.forms.pages import choice, leaves, page, with_examples

MODEL = input_model(PRODUCTS["l2vpn-multipoint"].block)


def _row(schema: dict[str, Any], definition: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"][definition]
    return found


def test_a_list_of_blocks_is_a_list_on_the_page_with_its_limits_and_choices() -> None:
    ports = choice("saps.*.port", {"a:eth1": "Port a", "b:eth1": "Port b"})
    types = {path: ports if path == "saps.*.port" else field.annotation for path, field in leaves(MODEL, {})}
    assert set(types) == {"saps.*.port", "saps.*.vlan", "label"}
    form = page("L2VPN", MODEL, types, {}, {})
    schema = page_schema(form)
    assert schema["properties"]["saps"]["minItems"] == 2
    assert _row(schema, "Saps")["title"] == "Access point"
    assert "description" not in _row(schema, "Saps")["properties"]["port"]
    assert _row(schema, "saps_port")["options"]["b:eth1"] == "Port b"
    given = form.model_validate({"saps": [{"port": "a:eth1", "vlan": "7"}, {"port": "b:eth1", "vlan": None}]})
    assert given.model_dump(mode="json")["saps"][0] == {"port": "a:eth1", "vlan": 7}
    with pytest.raises(ValidationError, match=r"saps\.0\.port"):
        form.model_validate({"saps": [{"port": "c:eth1"}, {"port": "b:eth1"}]})


def test_where_choices_hang_on_the_row_each_row_has_its_own() -> None:
    rows = {"saps": 2}
    options = {"saps.0.port": {"a:eth1": "a"}, "saps.1.port": {"b:eth1": "b"}}
    types = {path: choice(path, options[path]) for path, _ in leaves(MODEL, rows) if path in options}
    assert set(types) == set(options)
    form = page("L2VPN: details", MODEL, types, {}, rows)
    assert len(page_schema(form)["properties"]["saps"]["prefixItems"]) == 2
    values = {"saps": [{"port": "a:eth1"}, {"port": "b:eth1"}]}
    assert form.model_validate(values).model_dump(mode="json") == values
    with pytest.raises(ValidationError):
        form.model_validate({"saps": values["saps"][::-1]})


def test_what_stands_already_stands_on_the_page_and_examples_fill_each_row() -> None:
    standing = [{"port": "a:eth1"}, {"port": "b:eth1", "vlan": 7}]
    types = {path: field.annotation for path, field in leaves(MODEL, {})}
    form = page("L2VPN", MODEL, types, {"saps": standing}, {})
    assert page_schema(form)["properties"]["saps"]["default"] == standing
    assert form().model_dump(mode="json")["saps"][1] == {"port": "b:eth1", "vlan": 7}
    assert with_examples(MODEL, {"saps": [{"vlan": 3}]})["saps"] == [{"vlan": 3, "port": "ams-pe:eth3"}]
