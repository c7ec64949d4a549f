# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.filter.awx import awx_orders

if TYPE_CHECKING:
    from collections.abc import Mapping

NODE: Mapping[str, Any] = {
    "slug": "node",
    "name": "Node",
    "description": "A router",
    "fixed_inputs": {},
    "input_schema": {"properties": {"name": {"type": "string"}}, "required": ["name"]},
}
LISTED = {"properties": {"ports": {"type": "array", "items": {"$ref": "#/$defs/Port"}}}, "$defs": {"Port": {}}}
WORKFLOWS: list[Mapping[str, Any]] = [
    {"product": slug, "target": target, "playbook": f"{target}.yml"}
    for slug in ("node", "l2vpn")
    for target in ("create", "terminate")
]


def test_a_product_that_no_survey_can_ask_for_gets_no_template_and_is_in_nobody_s_way() -> None:
    l2vpn = {**NODE, "slug": "l2vpn", "input_schema": LISTED}
    assert awx_orders([l2vpn, NODE], WORKFLOWS, {}) == awx_orders([NODE], WORKFLOWS, {}) != []


def test_a_product_without_a_playbook_is_named() -> None:
    with pytest.raises(AnsibleFilterError, match="awx_orders: node: 'create'"):
        awx_orders([NODE], [], {})
