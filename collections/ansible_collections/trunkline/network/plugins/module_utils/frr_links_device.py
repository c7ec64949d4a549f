# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Make the links of a router what they are to be, with its own `ip`; and Trunkline's record of them on the router.

A reboot removes the links and keeps the record: the next validation tells that they are missing, a resync makes them.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.trunkline.network.plugins.module_utils import frr_links, frr_vlan
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError
from ansible_collections.trunkline.network.plugins.module_utils.frr_links import Link, LinkError
from ansible_collections.trunkline.network.plugins.module_utils.frr_lock import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.trunkline.network.plugins.module_utils.frr_device import Runner

FILE = "/etc/frr/trunkline-links.json"
# What is kept of links: `ports` and `l2vpns` as the intent has them, and in `was` MTUs from before they were ports.
Record = dict[str, Any]
NONE: Record = {"ports": [], "l2vpns": [], "was": {}}


def read_record(path: str = FILE) -> Record:
    """The links that Trunkline made last; none if there is no record. DeviceError if it is not readable."""
    try:
        with open(path, encoding="utf-8") as file:
            record: Record = json.load(file)
        links_of(record)
    except FileNotFoundError:
        return dict(NONE)
    except (ValueError, KeyError, TypeError) as error:
        raise DeviceError(f"{path} is not readable as Trunkline's record of links ({error}); remove it") from error
    return record


def write_record(record: Record, path: str = FILE) -> None:
    """Keep it; without links there is no file."""
    if record["ports"] or record["l2vpns"]:
        write_atomically(path, json.dumps(record, indent=2) + "\n")
    elif os.path.exists(path):
        os.unlink(path)


def links_of(record: Record) -> dict[str, Link]:
    """The links of a record, by name."""
    return frr_links.wanted_links(record["ports"], record["l2vpns"])


def current(run: Runner) -> dict[str, Link]:
    """The links that the router has now, by name."""
    answer: list[Mapping[str, Any]] = json.loads(_ip(run, ["-json", "-details", "link", "show"]))
    links = frr_links.observed(answer)
    # One whose frames nobody tags is not the VLAN that it is named for: it is made anew.
    broken = {name for name, link in links.items() if frr_vlan.is_broken(run, link, answer)}
    return {name: replace(link, local="broken") if name in broken else link for name, link in links.items()}


def remembered(there: Mapping[str, Link], record: Record, wanted: Record) -> Record:
    """`wanted` with the MTUs that its ports had before they were ports."""
    was = {
        port["interface"]: record["was"].get(port["interface"]) or there[port["interface"]].mtu
        for port in wanted["ports"]
        if port["interface"] in there and (port["mtu"] or port["interface"] in record["was"])
    }
    return {**wanted, "was": was}


def commands(there: Mapping[str, Link], before: Record, wanted: Record) -> list[list[str]]:
    """The commands that lead from what is there to `wanted`; `before` tells what of it is ours. DeviceError."""
    was = {**wanted["was"], **before["was"]}
    try:
        return frr_links.commands(there, links_of(wanted), set(links_of(before)), was)
    except LinkError as error:
        raise DeviceError(str(error)) from error


def carry_out(run: Runner, todo: Sequence[Sequence[str]], there: Mapping[str, Link]) -> None:
    """Run the commands. DeviceError naming the one that the router refused."""
    for command in todo:
        code, _out, err = run(["ip", *command])
        if code == 0:
            gone = there[command[3]] if command[:2] == ["link", "delete"] else None
            if gone and gone.kind == "vlan":
                frr_vlan.remove(run, parent=gone.parent, vlan=gone.number)
        elif "vlan" in command and frr_vlan.not_in_kernel(err):
            frr_vlan.add(run, parent=command[3], name=command[5], vlan=int(command[-1]))
        else:
            raise DeviceError(f"'ip {' '.join(command)}' failed: {err.strip()}")


def go_back(run: Runner, before: Record, wanted: Record) -> None:
    """Return to the links from before a push that was to bring the `wanted` ones. DeviceError."""
    there = current(run)
    ours = {**links_of(before), **links_of(wanted)}
    was = {**wanted["was"], **before["was"]}
    # What has gone by itself meanwhile, a customer's interface for instance, is not missed.
    target = {name: link for name, link in links_of(before).items() if link.kind or name in there}
    carry_out(run, frr_links.commands(there, target, set(ours), was), there)


def _ip(run: Runner, arguments: list[str]) -> str:
    code, out, err = run(["ip", *arguments])
    if code != 0:
        raise DeviceError(f"'ip {' '.join(arguments)}' failed: {err.strip()}; is iproute2 installed on this router?")
    return out
