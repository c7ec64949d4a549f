# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Filters from products of the catalogue to surveys and job templates of AWX."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.module_utils import awx_survey as surveys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def awx_survey(product: Mapping[str, Any], withdraw: bool = False) -> dict[str, Any]:
    """The survey for a product's order."""
    try:
        return surveys.survey(product, withdraw=withdraw)
    except (ValueError, KeyError) as error:
        raise AnsibleFilterError(f"awx_survey: {error}") from error


def awx_order(product: Mapping[str, Any], withdraw: bool = False) -> str:
    """The extra vars of the job template with that survey, as JSON."""
    try:
        return json.dumps(surveys.order(product, withdraw=withdraw))
    except (ValueError, KeyError) as error:
        raise AnsibleFilterError(f"awx_order: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"awx_survey": awx_survey, "awx_order": awx_order}
