# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Filters on a file that lists a whole network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.module_utils import network_file

if TYPE_CHECKING:
    from collections.abc import Callable


def orders_of(
    nodes: list[dict[str, Any]], circuits: list[dict[str, Any]], namespace: str, fabric: dict[str, Any]
) -> dict[str, Any]:
    """The orders that the file stands for."""
    try:
        return network_file.orders_of(nodes, circuits, namespace, [node["name"] for node in fabric["nodes"]])
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Their names."""
        return {"orders_of": orders_of, "gone_from": network_file.gone_from, "reports_of": network_file.reports_of}
