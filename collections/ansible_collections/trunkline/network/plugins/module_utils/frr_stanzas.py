# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A FRR configuration as stanzas: who owns which, what replaces what, what differs.

Pure functions on text: nothing here touches a device. A *stanza* is a top-level line (its *header*, for instance
`interface eth1`) with the indented lines below it. Trunkline owns some stanzas of a router; every other one must come
out of these functions byte for byte as it went in.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.trunkline.network.plugins.module_utils.frr_canonical import canonical_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_TERMINATORS = re.compile(r"^(exit\S*|!.*|#.*|)$")
_NEVER_OURS = ("frr version ", "frr defaults ", "hostname ", "service ", "log ")


class StanzaError(ValueError):
    """The wanted configuration cannot be used; the message names the line and what to do about it."""


@dataclass(frozen=True)
class Stanza:
    """One stanza: `text` is exact, up to the next stanza's header; `lines` are its body in canonical spelling."""

    header: str
    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The indented lines with one space less indentation, without separators and without a trailing blank."""
        body = (line.rstrip() for line in self.text.splitlines()[1:])
        return tuple(line[1:] for line in body if line.startswith(" ") and line.strip() != "!")

    @property
    def is_flat(self) -> bool:
        """Whether no line has lines of its own below it, so that the order of the lines means nothing."""
        return not any(line.startswith((" ", "exit")) for line in self.lines)

    def says_the_same_as(self, other: Stanza) -> bool:
        """Whether both configure the same thing; the order of lines counts only in nested stanzas."""
        if self.is_flat and other.is_flat:
            return sorted(self.lines) == sorted(other.lines)
        return self.lines == other.lines


def parse(text: str) -> list[Stanza]:
    """Split a running configuration into stanzas; joining their texts gives `text` again, byte for byte.

    Lines before the first stanza (vtysh's "Building configuration...") are kept in a stanza with the header "".
    """
    stanzas: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines(keepends=True):
        plain = line.rstrip()
        starts_one = not line[:1].isspace() and not _TERMINATORS.match(plain)
        if starts_one and plain not in ("Building configuration...", "Current configuration:"):
            stanzas.append((plain, []))
        stanzas[-1][1].append(line)
    return [Stanza(header, "".join(lines)) for header, lines in stanzas if lines]


def parse_wanted(text: str) -> list[Stanza]:
    """Read the stanzas that somebody wants to own, bring each line into FRR's own spelling.

    Raises StanzaError for what cannot be owned: a line outside any stanza, a stanza twice, a stanza without lines.
    """
    bodies: dict[str, list[str]] = {}
    header = ""
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.rstrip()
        if _TERMINATORS.match(plain) or plain == "end":
            continue
        if not plain[0].isspace():
            header = " ".join(plain.split())
            if header.startswith(_NEVER_OURS):
                raise StanzaError(f"config, line {number}: '{header}' belongs to the whole router; remove it")
            if header in bodies:
                raise StanzaError(f"config, line {number}: stanza '{header}' is there twice; join the two")
            bodies[header] = []
        elif not header:
            raise StanzaError(f"config, line {number}: '{plain.strip()}' is indented but in no stanza; add its header")
        elif plain.strip() != "!":
            bodies[header].extend(canonical_line(plain[1:]))
    for empty in (header for header, body in bodies.items() if not body):
        raise StanzaError(f"config: stanza '{empty}' has no lines; leave it out, then its old lines are removed")
    return [stanza(header, _without_stray_indentation(body)) for header, body in bodies.items()]


def stanza(header: str, lines: Iterable[str]) -> Stanza:
    """Make a stanza in the form that FRR prints."""
    return Stanza(header, "".join(f"{line}\n" for line in (header, *(f" {line}" for line in lines), "exit", "!")))


def replace(running: Sequence[Stanza], owned: Collection[str], wanted: Sequence[Stanza]) -> list[Stanza]:
    """Return `running` with the owned stanzas replaced by the wanted ones: the candidate configuration.

    A stanza that already says the same keeps its text, so that equal configurations give an equal candidate. What is
    owned and not wanted is left out; what is not owned is passed through.
    """
    by_header = {one.header: one for one in wanted}
    candidate: list[Stanza] = []
    for current in running:
        target = by_header.pop(current.header, None)
        if target is not None:
            candidate.append(current if current.says_the_same_as(target) else _in_order_of(current, target))
        elif current.header not in owned or _is_residue(current):
            candidate.append(current)
    at = next((index for index, one in enumerate(candidate) if one.header == "end"), len(candidate))
    candidate[at:at] = by_header.values()
    return candidate


def differences(target: Sequence[Stanza], actual: Sequence[Stanza], owned: Collection[str]) -> list[str]:
    """Say how the owned stanzas of `actual` differ from `target`, one sentence a line; empty if they do not."""
    wanted = {one.header: one for one in target if one.header in owned and one.lines}
    found = {one.header: one for one in actual if one.header in owned and one.lines}
    sentences: list[str] = []
    for header in dict.fromkeys((*wanted, *found)):
        want, have = wanted.get(header), found.get(header)
        if want is not None and have is not None and want.says_the_same_as(have):
            continue
        want_lines = want.lines if want else ()
        have_lines = have.lines if have else ()
        lost = [line for line in want_lines if line not in have_lines]
        extra = [line for line in have_lines if line not in want_lines]
        sentences.extend(f"{header}: '{line.strip()}' was not accepted" for line in lost)
        sentences.extend(f"{header}: '{line.strip()}' is still there" for line in extra)
        if not lost and not extra:
            sentences.append(f"{header}: the lines are in another order")
    return sentences


def unified_diff(before: Sequence[Stanza], after: Sequence[Stanza], owned: Collection[str]) -> str:
    """Return the unified diff of the owned stanzas, one hunk a changed stanza, or "" if none changed.

    Foreign stanzas are left out even as context: they may hold secrets that are none of our business.
    """
    old = {one.header: one for one in before if one.header in owned and one.lines}
    new = {one.header: one for one in after if one.header in owned and one.lines}
    hunks: list[str] = []
    for header in dict.fromkeys((*old, *new)):
        left = _lines_to_show(old.get(header))
        right = _lines_to_show(new.get(header))
        body = list(difflib.unified_diff(left, right, n=max(len(left), len(right)), lineterm=""))[2:]
        if body:
            hunks.extend((f"{body[0]} {header}", *body[1:]))
    if not hunks:
        return ""
    return "".join(f"{line}\n" for line in ("--- running", "+++ intended", *hunks))


def text_of(stanzas: Iterable[Stanza]) -> str:
    """Join stanzas to configuration text."""
    return "".join(one.text for one in stanzas)


def interface_name(header: str) -> str | None:
    """Return the interface that a stanza header such as `interface eth1` is about, None for any other stanza."""
    words = header.split()
    return words[1] if len(words) > 1 and words[0] == "interface" else None


def _is_residue(one: Stanza) -> bool:
    """Whether this is the empty shell that FRR keeps of an interface it once configured; it cannot be removed."""
    return interface_name(one.header) is not None and not one.lines


def _without_stray_indentation(body: Sequence[str]) -> list[str]:
    # FRR closes each inner block with a kind of `exit`. Where there is none, deeper indentation is the writer's taste.
    has_blocks = any(line.lstrip().startswith("exit") for line in body)
    return list(body) if has_blocks else [line.lstrip() for line in body]


def _lines_to_show(one: Stanza | None) -> list[str]:
    return [] if one is None else [one.header, *(f" {line}" for line in one.lines)]


def _in_order_of(current: Stanza, target: Stanza) -> Stanza:
    """Return the target with the lines it shares with `current` in the order of `current`: the diff shows no moves."""
    if not (current.is_flat and target.is_flat):
        return target
    merged = [line for line in current.lines if line in target.lines]
    at = 0
    for line in target.lines:
        if line in merged:
            at = merged.index(line) + 1
        else:
            merged.insert(at, line)
            at += 1
    return stanza(target.header, merged)
