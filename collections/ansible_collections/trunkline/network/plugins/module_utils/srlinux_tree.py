# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A configuration of SR Linux as data: which parts of it are ours, and the commands that make a router carry them.

Pure functions: nothing here touches a device. What Trunkline owns is whole entries of a few lists (`OWNED`). Everything
else in a wanted configuration is shared: it is set on the router, and neither removed later nor cleaned of what others
have put beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# JSON as RFC 7951 writes YANG data: names may carry the prefix of their module.
Tree = dict[str, Any]
# A command of JSON-RPC: action, path, and for update and replace a value.
Command = dict[str, Any]

# Lists whose entries are owned whole: (element, its key), no key for a container on the way.
OWNED = (
    # Of network instances only those of an L2VPN: the default one is shared. First, so that what is in it goes along.
    (("network-instance", "name"),),
    (("interface", "name"),),
    (("tunnel-interface", "name"),),
    (("network-instance", "name"), ("interface", "name")),
    (("network-instance", "name"), ("protocols", ""), ("isis", ""), ("instance", "name")),
    (("network-instance", "name"), ("protocols", ""), ("bgp", ""), ("group", "group-name")),
    (("network-instance", "name"), ("protocols", ""), ("bgp", ""), ("neighbor", "peer-address")),
)
L2VPN_TYPE = "mac-vrf"
_STEP = re.compile(r"/([\w-]+)((?:\[[\w-]+=(?:\\.|[^\]\\])*\])*)")
_KEY = re.compile(r"\[([\w-]+)=((?:\\.|[^\]\\])*)\]")


class ConfigError(ValueError):
    """The wanted configuration cannot be used; the message names the place and what to do about it."""


@dataclass(frozen=True, order=True)
class Place:
    """Where an owned list entry is: (element, key name, key) from the root, "" for the keys of a container."""

    steps: tuple[tuple[str, str, str], ...]

    @property
    def path(self) -> str:
        """As JSON-RPC names it: /interface[name=ethernet-1/1]."""
        return "".join(f"/{name}{_predicate(key, value)}" for name, key, value in self.steps)

    @property
    def label(self) -> str:
        """As RFC 8040 names it, in characters that a name on SR Linux may have: /interface=ethernet-1%2F1."""
        return "".join(f"/{name}" + (f"={quote(value, safe='')}" if key else "") for name, key, value in self.steps)


@dataclass(frozen=True)
class Wanted:
    """What a router is to carry: owned list entries by place, and shared values by path."""

    owned: Mapping[Place, Tree]
    shared: Mapping[str, Any]


def local(name: str) -> str:
    """A name without the prefix of its module: srl_nokia-isis:isis -> isis."""
    return name.rpartition(":")[2]


def member(tree: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON value
    """The member of that name, with or without prefix; None if there is none."""
    return next((value for key, value in tree.items() if local(key) == name), None)


def entries(value: object, name: str) -> list[Tree]:
    """All entries of the lists called `name` in what the router answered, however deep: it answers from the list's
    own level or from the root, depending on the release and on wildcards in the path."""
    if isinstance(value, list):
        return [entry for item in value for entry in entries(item, name)]
    if not isinstance(value, dict):
        return []
    found: list[Tree] = []
    for key, inner in value.items():
        found.extend(inner if local(key) == name and isinstance(inner, list) else entries(inner, name))
    return found


def place_of_path(path: str) -> Place:
    """The place that a path names. ConfigError unless it is an entry of a list that can be owned."""
    steps = [(name, dict(_KEY.findall(keys))) for name, keys in _STEP.findall(path)]
    for pattern in OWNED:
        names = [name for name, _keys in steps]
        if names == [name for name, _key in pattern] and "".join(f"/{n}{k}" for n, k in _STEP.findall(path)) == path:
            keys = [(key, given.get(key, "")) for (_name, given), (_element, key) in zip(steps, pattern, strict=True)]
            if all(value or not key for key, value in keys):
                return Place(tuple((name, key, _plain(value)) for name, (key, value) in zip(names, keys, strict=True)))
    raise ConfigError(f"also_owned: {path} is not an entry of a list that can be owned: {', '.join(_patterns())}")


def place_of_label(label: str) -> Place | None:
    """The place that a label names, None if it names none: a newer release may own what this one does not know."""
    steps = [step.partition("=") for step in label.split("/")[1:]]
    for pattern in OWNED:
        if [(name, bool(equals)) for name, equals, _key in steps] == [(name, bool(key)) for name, key in pattern]:
            return Place(
                tuple(
                    (name, key, unquote(value))
                    for (name, _equals, value), (_element, key) in zip(steps, pattern, strict=True)
                )
            )
    return None


def split(config: Tree) -> Wanted:
    """Tell what is owned in a configuration from what is shared. ConfigError where an entry lacks its key."""
    owned: dict[Place, Tree] = {}
    rest: Any = config
    for pattern in OWNED:
        rest = _without(rest, pattern, (), owned)
    return Wanted(owned, dict(_updates(rest)))


def commands(wanted: Wanted, recorded: Iterable[Place]) -> list[Command]:
    """What brings a router from anything to `wanted`: delete what was ours, replace what is, update what is shared."""
    gone = sorted(set(recorded) - set(wanted.owned), reverse=True)
    return [
        *({"action": "delete", "path": place.path} for place in gone),
        *({"action": "replace", "path": place.path, "value": value} for place, value in wanted.owned.items()),
        *({"action": "update", "path": path, "value": value} for path, value in wanted.shared.items()),
    ]


def _without(
    tree: Tree, pattern: tuple[tuple[str, str], ...], above: tuple[tuple[str, str, str], ...], owned: dict[Place, Tree]
) -> Tree:
    """The tree without the entries that the pattern names; these are put into `owned`."""
    (element, key), below = pattern[0], pattern[1:]
    kept: Tree = {}
    for name, value in tree.items():
        if local(name) != element:
            kept[name] = value
        elif not key:
            kept[name] = _without(value, below, (*above, (element, "", "")), owned)
        else:
            left = [_entry_without(entry, element, key, below, above, owned) for entry in value]
            kept[name] = [entry for entry in left if entry is not None]
        if local(name) == element and not kept[name]:
            del kept[name]
    return kept


def _entry_without(
    entry: Tree,
    element: str,
    key: str,
    below: tuple[tuple[str, str], ...],
    above: tuple[tuple[str, str, str], ...],
    owned: dict[Place, Tree],
) -> Tree | None:
    value = member(entry, key)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"config: an entry of the list {element} has no {key}; give it one")
    here = (*above, (element, key, value))
    if below:
        return _without(entry, below, here, owned)
    if element == "network-instance" and local(str(member(entry, "type"))) != L2VPN_TYPE:
        return entry
    if Place(here) in owned:
        raise ConfigError(f"config: {Place(here).path} is there twice; join the two")
    owned[Place(here)] = entry
    return None


def _updates(rest: Tree) -> Iterable[tuple[str, Any]]:
    for name, value in rest.items():
        if isinstance(value, list):
            # Every list at the root of SR Linux's models has the key "name".
            yield from ((f"/{local(name)}{_predicate('name', member(entry, 'name'))}", entry) for entry in value)
        else:
            yield f"/{local(name)}", value


def _predicate(key: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("]", "\\]")
    return f"[{key}={escaped}]" if key else ""


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _patterns() -> list[str]:
    return ["".join(f"/{name}" + (f"[{key}=...]" if key else "") for name, key in pattern) for pattern in OWNED]
