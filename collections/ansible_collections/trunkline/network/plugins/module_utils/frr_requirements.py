# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What a router must have before a configuration can work there. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import Stanza, interface_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# FRR accepts the lines of a daemon that does not run, and drops them without a word.
_DAEMON_OF = {"bgp": "bgpd", "isis": "isisd", "ospf": "ospfd", "ospf6": "ospf6d", "rip": "ripd", "ripng": "ripngd"}


def occupied(wanted: Sequence[Stanza], running: Sequence[Stanza], ours: Collection[str]) -> str:
    """Return a sentence that names what somebody else has configured in our place and the remedy; "" if nobody has.

    A router has one BGP instance: unlike a routing instance of a name of ours, it may carry others' sessions.
    """
    there = {one.header: one for one in running if one.lines}
    for one in wanted:
        other = there.get(one.header)
        if (
            one.header.startswith("router bgp ")
            and other
            and one.header not in ours
            and not one.says_the_same_as(other)
        ):
            return (
                f"'{one.header}' is configured on this router, and not by Trunkline; take its lines away, or name it "
                "in also_owned (deploy_also_owned) to hand it over"
            )
    return ""


def unmet(wanted: Sequence[Stanza], interfaces: Collection[str], daemons: Collection[str]) -> str:
    """Return a sentence that names what is missing on the router and the remedy; "" if nothing is."""
    named = (interface_name(one.header) for one in wanted)
    absent = [name for name in named if name and name not in interfaces]
    if absent:
        present = ", ".join(sorted(interfaces)) or "none"
        return f"interface {', '.join(absent)} does not exist on this router; it has {present}"
    for one in wanted:
        words = one.header.split()
        daemon = _DAEMON_OF.get(words[1]) if words[0] == "router" and len(words) > 1 else None
        if daemon and daemon not in daemons:
            remedy = f"set {daemon}=yes in /etc/frr/daemons and restart FRR"
            return f"'{one.header}' needs {daemon}, which does not run; {remedy}"
    return ""
