"""Nokia's YANG models, as the stand-in router uses them: names, paths and the validity of a whole configuration."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from yangson import DataModel
from yangson.enumerations import ContentType, ValidationScope
from yangson.exceptions import YangsonException
from yangson.schemanode import InternalNode, LeafListNode, ListNode, SchemaNode

MODELS = Path(__file__).parents[1] / "data" / "srlinux"
_STEP = re.compile(r"/([\w:.-]+)((?:\[[\w-]+=(?:\\.|[^\]\\])*\])*)")
_KEY = re.compile(r"\[([\w-]+)=((?:\\.|[^\]\\])*)\]")


class RefusedError(Exception):
    """What the router would answer."""


@dataclass(frozen=True)
class Step:
    """One step of a path: the schema node, its name in the tree (RFC 7951), and the keys given for a list entry."""

    node: SchemaNode
    name: str
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, ListNode)

    def matches(self, entry: dict[str, Any]) -> bool:
        return all(value in ("*", str(entry[key])) for key, value in self.keys.items())


@cache
def models() -> DataModel:
    """Nokia's models; reading them takes a second. Without `must`: some name nodes in a way that only SR Linux resolves
    (`../../type` for a node of another module)."""
    model = DataModel((MODELS / "library.json").read_text(), [str(MODELS)])
    _forget_must(model.schema)
    return model


def steps(path: str) -> list[Step]:
    """The steps of a path such as /interface[name=mgmt0]/description."""
    if path == "/":
        return []
    if not re.fullmatch(f"(?:{_STEP.pattern})+", path):
        raise RefusedError(f"Path not valid - failed to parse '{path}'")
    node: SchemaNode = models().schema
    found = []
    for name, keys in _STEP.findall(path):
        child = _child(node, name)
        given = {key: re.sub(r"\\(.)", r"\1", value) for key, value in _KEY.findall(keys)}
        if given and set(given) != {key for key, _namespace in getattr(child, "keys", [])}:
            raise RefusedError(f"Path not valid - wrong keys {sorted(given)} for '{name}'")
        found.append(Step(child, _name_in(node, child), given))
        node = child
    return found


def canonical(node: SchemaNode | None, value: Any) -> Any:
    """A value with the names that RFC 7951 wants; with or without prefixes it means the same to SR Linux."""
    node = node or models().schema
    if isinstance(node, ListNode) and isinstance(value, list):
        return [_canonical_members(node, entry) for entry in value]
    return _canonical_members(node, value) if isinstance(value, dict) else value


def check(tree: dict[str, Any], semantics: bool) -> None:
    """Refuse a configuration that the models do not allow; with `semantics` also dangling references."""
    try:
        instance = models().from_raw(tree)
        scope = ValidationScope.all if semantics else ValidationScope.syntax
        instance.validate(scope=scope, ctype=ContentType.config)
    except YangsonException as error:
        raise RefusedError(f"{_where(error)}: {_why(error)}") from error


def keys_of(node: SchemaNode | None) -> list[str]:
    """The names of a list's keys."""
    return [key for key, _namespace in node.keys] if isinstance(node, ListNode) else []


def child_of(node: SchemaNode | None, name: str) -> SchemaNode:
    """The schema node of a member of the tree."""
    return _child(node or models().schema, name)


def is_leaf_list(node: SchemaNode) -> bool:
    return isinstance(node, LeafListNode)


def _forget_must(node: SchemaNode) -> None:
    if hasattr(node, "must"):
        node.must = []
    for child in getattr(node, "children", []):
        _forget_must(child)


def _canonical_members(node: SchemaNode, value: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, inner in value.items():
        child = _child(node, name)
        found[_name_in(node, child)] = canonical(child, inner)
    return found


def _child(node: SchemaNode, name: str) -> SchemaNode:
    wanted = name.rpartition(":")[2]
    children = list(_children(node))
    for child in children:
        if child.name == wanted:
            return child
    options = ", ".join(sorted(str(child.name) for child in children))
    raise RefusedError(f"Path not valid - unknown element '{wanted}'. Options are [{options}]")


def _children(node: SchemaNode) -> Iterator[SchemaNode]:
    if isinstance(node, InternalNode):
        yield from node.data_children()


def _name_in(parent: SchemaNode, child: SchemaNode) -> str:
    return str(child.name) if parent.ns == child.ns else f"{child.ns}:{child.name}"


def _where(error: YangsonException) -> str:
    instance = getattr(error, "instance", None)
    return str(instance.json_pointer()) if instance is not None else str(getattr(error, "path", "") or "/")


def _why(error: YangsonException) -> str:
    return str(getattr(error, "message", "") or getattr(error, "tag", "") or error)
