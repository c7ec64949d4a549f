# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands that a push gives to vtysh itself, before frr-reload sees to what is left. Pure.

Three things frr-reload does badly. It takes an interface's lines away first to last, and once `ip router isis` is gone
isisd refuses to remove the interface's other IS-IS lines. It removes a line before it sets its new value, so that a
changed metric is the default metric for a moment, and traffic moves twice. And it starts a process a line: it is slow.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import Stanza, interface_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence


def direct_commands(current: Sequence[Stanza], target: Sequence[Stanza], interfaces: Collection[str]) -> str:
    """Return vtysh commands that remove the stanzas which `target` lacks and set the lines which `current` lacks.

    Old lines of a stanza that stays are not removed here: a new value has replaced most of them, and removing them by
    name would remove the new value. `interfaces` are those that exist on the router.
    """
    return "".join(
        f"{command}\n" for command in (*_removals(current, target, interfaces), *_additions(current, target))
    )


def missing_lines(current: Sequence[Stanza], target: Sequence[Stanza]) -> Iterator[tuple[str, str]]:
    """Yield (header, line) for what `target` has and `current` lacks, as far as a line means something by itself."""
    present = {one.header: one for one in current}
    for one in target:
        before = present.get(one.header)
        if before is None and one.is_flat:
            yield from ((one.header, line) for line in one.lines)
        elif before is not None and before.is_flat and one.is_flat:
            # Inside nested blocks a line means nothing without its block; frr-reload knows the blocks.
            yield from ((one.header, line) for line in one.lines if line not in before.lines)


def changes_within(current: Sequence[Stanza], target: Sequence[Stanza]) -> bool:
    """Whether a stanza changes, or one with nested blocks comes or goes: then frr-reload is needed, there or back.

    Flat stanzas that come or go as a whole take these commands alone, in both directions.
    """
    before, after = ({one.header: one for one in side if one.lines} for side in (current, target))
    both = before.keys() & after.keys()
    return any(not before[header].says_the_same_as(after[header]) for header in both) or any(
        not one.is_flat for header, one in {**before, **after}.items() if header not in both
    )


def _removals(current: Sequence[Stanza], target: Sequence[Stanza], interfaces: Collection[str]) -> Iterator[str]:
    kept = {one.header for one in target if one.lines}
    for one in reversed(current):
        if one.header in kept or not one.lines:
            continue
        name = interface_name(one.header)
        if name is None or name not in interfaces:
            # FRR refuses `no interface` while the interface exists; afterwards it is the only thing that works.
            yield f"no {one.header}"
            continue
        yield one.header
        yield from (f" {_negated(line)}" for line in reversed(one.lines))
        yield "exit"


def _additions(current: Sequence[Stanza], target: Sequence[Stanza]) -> Iterator[str]:
    for header, lines in groupby(missing_lines(current, target), key=itemgetter(0)):
        yield header
        yield from (f" {line}" for _header, line in lines)
        yield "exit"


def _negated(line: str) -> str:
    if line.startswith("no "):
        return line[3:]
    # FRR takes no text after `no description`.
    return "no description" if line.startswith("description ") else f"no {line}"
