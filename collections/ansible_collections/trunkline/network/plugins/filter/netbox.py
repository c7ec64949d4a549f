# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Filters on addresses, and from a scenario's pools to NetBox objects."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.module_utils import addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: object, **kwargs: object) -> object:
        try:
            return function(*args, **kwargs)
        except ValueError as error:
            raise AnsibleFilterError(str(error)) from error

    return call


def link_ends(prefix: str) -> list[str]:
    """Both addresses of a /31 or /127."""
    network = ip_network(prefix)
    if network.num_addresses != 2:
        raise ValueError(f"{prefix} is not a /31 or a /127")
    return [addresses.first_of(prefix), addresses.second_of(prefix)]


def pool_roles(pools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pools' roles as NetBox prefix roles."""
    slugs = dict.fromkeys(pool["role"] for pool in pools)
    return [{"slug": slug, "name": slug.replace("-", " ").capitalize()} for slug in slugs]


def pool_prefixes(pools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pools as NetBox prefixes."""
    return [
        {
            "prefix": str(ip_network(pool["prefix"])),
            "role": {"slug": pool["role"]},
            "status": pool.get("status", "active"),
            "description": pool.get("description", f"Trunkline pool: {pool['role']}"),
        }
        for pool in pools
    ]


def reserved_addresses(pools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first host address of each pool that reserves it, as NetBox IP addresses of status reserved."""
    return [
        {
            "address": f"{network[1]}/{network.max_prefixlen}",
            "status": "reserved",
            "description": f"First address of the pool {pool['role']}: not handed out",
        }
        for pool in pools
        if pool.get("reserve_first")
        for network in [ip_network(pool["prefix"])]
    ]


def device_diffs(hostvars: Mapping[str, Mapping[str, Any]], devices: list[str]) -> dict[str, str]:
    """What changes on each device, as the role deploy has found it."""
    results = {device: hostvars[device].get("deploy_result", {}) for device in devices}
    return {device: str(result.get("diff", {}).get("prepared", "")) for device, result in results.items()}


def interfaces_on(circuit: dict[str, Any], device: str) -> list[str]:
    """The interfaces of the device on which the circuit ends."""
    return [circuit[side]["interface"] for side in ("a", "z") if circuit[side]["node"] == device]


class FilterModule:
    """The collection's filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Their names."""
        return {
            "device_diffs": device_diffs,
            "interfaces_on": interfaces_on,
            "iso_net": _guarded(addresses.iso_net),
            "link_ends": _guarded(link_ends),
            "pool_roles": _guarded(pool_roles),
            "pool_prefixes": _guarded(pool_prefixes),
            "reserved_addresses": _guarded(reserved_addresses),
        }
