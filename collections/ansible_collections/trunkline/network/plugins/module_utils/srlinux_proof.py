# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether what must be true of an SR Linux router is true: what to ask it, and what its answers mean. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .proof_checks import canonical
from .srlinux_tree import entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .proof_checks import Check

NETWORK_INSTANCE = "default"
_RECEIVED = re.compile(r"(\d+) (?:packets )?received")

Question = tuple[str, str]


def questions(checks: Sequence[Check]) -> list[Question]:
    """The (datastore, path) of all that addresses and adjacencies are judged by."""
    return list(dict.fromkeys(_question(check) for check in checks if check.kind != "ping"))


def look(check: Check, found: Mapping[Question, Any], seconds: float) -> Check:
    """An address or adjacency check with what was found; `seconds` is kept if it is what was expected."""
    answer = found[_question(check)]
    seen = _addresses(answer) if check.kind == "address" else _adjacencies(answer)
    if check.expected in seen:
        return replace(check, found=check.expected, seconds=seconds)
    return replace(check, found=", ".join(seen) or "none")


def ping(check: Check) -> str:
    """The CLI command that asks the destination once, for at most a second."""
    program = "ping6" if ":" in check.expected else "ping"
    return f"{program} network-instance {NETWORK_INSTANCE} -c 1 -W 1 -I {check.subject} {check.expected}"


def answered(check: Check, said: str, seconds: float) -> Check:
    """A ping check with what the command said."""
    received = _RECEIVED.search(said)
    if received and int(received[1]) > 0:
        return replace(check, found=check.expected, seconds=seconds)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return replace(check, found=next((line for line in lines if "packet loss" in line), lines[-1] if lines else "none"))


def _question(check: Check) -> Question:
    if check.kind == "address":
        return "state", f"/interface[name={check.subject}]/subinterface[index=0]"
    interface = f"interface[interface-name={check.subject}.0]"
    return "state", f"/network-instance[name={NETWORK_INSTANCE}]/protocols/isis/instance[name=*]/{interface}/adjacency"


def _addresses(subinterface: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    if not subinterface:
        return ["no subinterface 0"]
    if subinterface.get("oper-state", "up") != "up":
        return [f"the subinterface {subinterface['oper-state']} ({subinterface.get('oper-down-reason', 'no reason')})"]
    return [canonical(entry["ip-prefix"]) for entry in entries(subinterface, "address") if "ip-prefix" in entry]


def _adjacencies(answer: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    return [
        f"{str(entry.get('state', 'down')).capitalize()} with {entry.get('neighbor-hostname', 'unknown')}"
        for entry in entries(answer, "adjacency")
    ]
