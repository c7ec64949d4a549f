# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from ansible_collections.trunkline.network.plugins.module_utils import awx_survey

PRODUCT = {
    "slug": "link",
    "name": "Link",
    "description": "A link",
    "fixed_inputs": {"speed": 10},
    "input_schema": {
        "$defs": {"End": {"properties": {"node": {"type": "string", "examples": ["ams"]}}, "required": ["node"]}},
        "properties": {
            "a": {"$ref": "#/$defs/End"},
            "metric": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5, "changeable": True},
            "kind": {"enum": ["x", "y"], "type": "string", "changeable": True},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "tags": {"type": "array", "items": {"type": "string"}, "default": []},
            "on": {"type": "boolean", "default": True},
        },
        "required": ["a", "kind"],
    },
}


def test_each_field_becomes_a_question_of_its_type() -> None:
    found = {item["variable"]: item for item in awx_survey.survey(PRODUCT, withdraw=False)["spec"]}
    assert list(found) == [f"order_{name}" for name in ("customer", "a_node", "metric", "kind", "note", "tags", "on")]
    assert (found["order_a_node"]["type"], found["order_a_node"]["required"]) == ("text", True)
    assert found["order_a_node"]["question_description"] == "for example ams"
    assert [found["order_metric"][key] for key in ("type", "min", "max", "default")] == ["integer", 1, 9, 5]
    assert (found["order_kind"]["type"], found["order_kind"]["choices"]) == ("multiplechoice", "x\ny")
    assert not found["order_note"]["required"]
    assert found["order_tags"]["type"] == "textarea"
    assert (found["order_on"]["choices"], found["order_on"]["default"]) == ("false\ntrue", "true")


def test_an_order_is_put_together_from_the_answers() -> None:
    subscription = awx_survey.order(PRODUCT, withdraw=False)["subscription"]
    assert subscription["block"]["a"] == {"node": "{{ order_a_node }}"}
    assert subscription["block"]["speed"] == 10
    assert subscription["status"] == "provisioning"
    # What may change later does not make it another one.
    assert subscription["id"] == "{{ ('link ' ~ order_a_node) | ansible.builtin.to_uuid }}"


def test_to_withdraw_only_what_names_it_is_asked_for() -> None:
    asked = [item["variable"] for item in awx_survey.survey(PRODUCT, withdraw=True)["spec"]]
    assert asked == ["order_customer", "order_a_node"]
    assert awx_survey.order(PRODUCT, withdraw=True)["subscription"]["block"] == {
        "a": {"node": "{{ order_a_node }}"},
        "speed": 10,
    }


def test_what_no_survey_can_ask_is_said_with_its_field() -> None:
    schema = {"properties": {"ports": {"type": "array", "items": {"type": "object"}}}}
    with pytest.raises(ValueError, match=r"ports: no survey can ask for array: order this product through the API"):
        awx_survey.survey({**PRODUCT, "input_schema": schema}, withdraw=False)
