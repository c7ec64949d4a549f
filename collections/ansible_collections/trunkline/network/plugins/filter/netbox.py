# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Filters on addresses, and from a scenario's pools to NetBox objects."""

from __future__ import annotations

import re
from functools import wraps
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.module_utils import addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


# Two digits for the authority, then groups of four: what fits into the 13 bytes that a NET has for it (ISO/IEC 8348).
AREA = re.compile(r"[0-9A-Fa-f]{2}(\.[0-9A-Fa-f]{4}){0,6}")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        try:
            return function(*args, **kwargs)
        except ValueError as error:
            raise AnsibleFilterError(f"{function.__name__}: {error}") from error
        except KeyError as error:
            raise AnsibleFilterError(f"{function.__name__}: an item has no {error}") from error

    return call


def _text(value: object) -> str:
    # ipaddress takes a number for an address: 10 would be 0.0.0.10.
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")  # noqa: TRY004 - the guard translates ValueError
    return value


def iso_net(loopback: str, area: str) -> str:
    """The ISO NET of a router."""
    if not AREA.fullmatch(_text(area)):
        raise ValueError(f"{area!r} is not an IS-IS area: give it as 49.0001")
    return addresses.iso_net(_text(loopback), area)


def link_ends(prefix: str) -> list[str]:
    """Both addresses of a /31 or /127."""
    network = ip_network(_text(prefix))
    if network.num_addresses != 2:
        raise ValueError(f"{prefix} is not a /31 or a /127")
    return [addresses.first_of(prefix), addresses.second_of(prefix)]


def link_peer(address: str) -> str:
    """The other address of the /31 or /127 that this one is in."""
    interface = ip_interface(_text(address))
    if interface.network.num_addresses != 2:
        raise ValueError(f"{address} is not an address of a /31 or a /127, with its length")
    ends = link_ends(str(interface.network))
    return ends[interface == ip_interface(ends[0])]


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


def port_templates(ports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs of numbered ports as NetBox interface templates."""
    return [
        {"device_type": {"slug": run["device_type"]}, "name": run["name"].format(number), "type": run["type"]}
        for run in ports
        for number in range(run["first"], run["last"] + 1)
    ]


def device_diffs(hostvars: Mapping[str, Mapping[str, Any]], devices: list[str]) -> dict[str, str]:
    """What changes on each device, as the role deploy has found it."""
    results = {device: hostvars[device].get("deploy_result", {}) for device in devices}
    return {device: str(result.get("diff", {}).get("prepared", "")) for device, result in results.items()}


def device_answers(hostvars: Mapping[str, Mapping[str, Any]], devices: list[str]) -> dict[str, dict[str, str]]:
    """Of each device what the role deploy would change there (`diff`), and why that could not be found (`error`)."""
    results = {device: hostvars[device].get("deploy_result", {}) for device in devices}
    return {
        device: {
            "diff": str(result.get("diff", {}).get("prepared", "")),
            "error": str(result.get("msg") or "it did not answer") if _went_wrong(result) else "",
        }
        for device, result in results.items()
    }


def _went_wrong(result: Mapping[str, Any]) -> bool:
    return bool(result.get("failed") or result.get("unreachable") or "diff" not in result)


def interfaces_on(circuit: dict[str, Any], device: str) -> list[str]:
    """The interfaces of the device on which the circuit ends."""
    return [circuit[side]["interface"] for side in ("a", "z") if circuit[side]["node"] == device]


class FilterModule:
    """The collection's filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Their names."""
        return {
            "device_answers": device_answers,
            "device_diffs": device_diffs,
            "interfaces_on": interfaces_on,
            "iso_net": _guarded(iso_net),
            "link_ends": _guarded(link_ends),
            "link_peer": _guarded(link_peer),
            "pool_roles": _guarded(pool_roles),
            "port_templates": _guarded(port_templates),
            "pool_prefixes": _guarded(pool_prefixes),
            "reserved_addresses": _guarded(reserved_addresses),
        }
