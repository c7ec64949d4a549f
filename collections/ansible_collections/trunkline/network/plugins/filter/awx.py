# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Filters from products of the catalogue to surveys and job templates of AWX."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.module_utils import awx_survey as surveys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


ASKED = ("variables", "job_type", "diff_mode", "skip_tags", "labels", "timeout")


def awx_launched(playbooks: list[str], common: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The job templates that the service launches: one for each playbook."""
    names = [PurePath(playbook).name for playbook in playbooks]
    asked = {f"ask_{name}_on_launch": True for name in ASKED}
    return [
        _object(
            "job_templates", f"Trunkline {name.removesuffix('.yml')}", common, playbook=f"playbooks/{name}", **asked
        )
        for name in names
    ]


def awx_orders(
    products: list[Mapping[str, Any]], workflows: list[Mapping[str, Any]], common: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The job templates and workflows for people: each product can be ordered, ordered with approval, and withdrawn.

    Except those that no survey can ask for: they are ordered through the API.
    """
    found = []
    for product in products:
        playbook = {item["target"]: item["playbook"] for item in workflows if item["product"] == product["slug"]}
        try:
            found += _of_product(product, playbook, common)
        except surveys.NoSurveyError:
            continue
        except (ValueError, KeyError) as error:
            raise AnsibleFilterError(f"awx_orders: {product.get('slug')}: {error}") from error
    return found


def _of_product(
    product: Mapping[str, Any], playbook: Mapping[str, str], common: Mapping[str, Any]
) -> list[dict[str, Any]]:
    name = product["name"]
    survey = {"survey_enabled": True, "survey": surveys.survey(product, withdraw=False)}
    asked = {"diff_mode": True, "ask_job_type_on_launch": True}
    nodes = [
        {"identifier": "plan", "job_template": f"Order {name}", "job_type": "check", "success": ["approval"]},
        {
            "identifier": "approval",
            "approval": {"name": f"Approve: {name}", "description": "The job before this one shows the plan."},
            "success": ["apply"],
        },
        {"identifier": "apply", "job_template": f"Order {name}"},
    ]
    return [
        _object(
            "job_templates",
            f"Order {name}",
            common,
            description=product["description"],
            playbook=f"playbooks/{playbook['create']}",
            extra_vars=json.dumps(surveys.order(product, withdraw=False)),
            **survey,
            **asked,
        ),
        _object(
            "job_templates",
            f"Withdraw {name}",
            common,
            description=product["description"],
            playbook=f"playbooks/{playbook['terminate']}",
            extra_vars=json.dumps(surveys.order(product, withdraw=True)),
            survey_enabled=True,
            survey=surveys.survey(product, withdraw=True),
            **asked,
        ),
        _object(
            "workflow_job_templates",
            f"Order {name} with approval",
            {},
            description=product["description"],
            nodes=nodes,
            **survey,
        ),
    ]


def _object(kind: str, name: str, common: Mapping[str, Any], **values: object) -> dict[str, Any]:
    return {"type": kind, "values": {"name": name, **common, **values}}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"awx_launched": awx_launched, "awx_orders": awx_orders}
