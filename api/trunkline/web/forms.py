"""A page's JSON Schema as fields to draw, and what a browser sends as the page's values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from starlette.datastructures import FormData

from trunkline.catalog.values import Values, flatten, items_of, pattern_of, value_at

type Schema = Mapping[str, Any]
type Kind = Literal["text", "number", "checkbox", "select", "long"]

PREFIX = "f."
OPTIONAL = "optional"
"""The field of a form that names those which are null when they are left empty."""

_ABBREVIATIONS = {
    "vlan": "VLAN",
    "mtu": "MTU",
    "isis": "IS-IS",
    "ipv4": "IPv4",
    "ipv6": "IPv6",
}
_ROW = re.compile(r"(?P<list>.+)\.(?P<number>\d+)\Z")


@dataclass(frozen=True)
class Input:
    """One field. `value` is what stands in it."""

    path: str
    label: str
    kind: Kind
    value: str
    required: bool
    optional: bool = False
    help: str = ""
    placeholder: str = ""
    error: str = ""
    options: tuple[tuple[str, str], ...] = ()
    limits: tuple[int | None, int | None] = (None, None)

    @property
    def name(self) -> str:
        """The name that the browser sends it under."""
        return PREFIX + self.path


@dataclass(frozen=True)
class Group:
    """Fields that belong together: those of an inner block, or of a row. The outermost has no label."""

    label: str
    path: str = ""
    inputs: list[Input] = field(default_factory=list)


@dataclass(frozen=True)
class Rows:
    """A list of blocks: a group each. `fewest` and `most` are how many there may be."""

    label: str
    path: str
    row_label: str
    rows: list[Group]
    fewest: int
    most: int | None
    help: str = ""
    error: str = ""


@dataclass(frozen=True)
class _Given:
    """What stands in the fields, and what is wrong with them."""

    values: Values
    flat: Mapping[str, str]
    errors: Mapping[str, str]
    definitions: Schema


def groups_of(schema: Schema, values: Values, errors: Mapping[str, str]) -> list[Group | Rows]:
    """The page's fields, filled with `values` (else with their defaults), each with its error."""
    flat = {path: "" if value is None else str(value) for path, value in flatten(values).items()}
    given = _Given(values, flat, errors, schema.get("$defs", {}))
    return [group for group in list(_walk(schema, "", "", given)) if isinstance(group, Rows) or group.inputs]


def inputs_of(groups: Iterable[Group | Rows]) -> list[Input]:
    """All fields of a page."""
    return [
        item for group in groups for row in (group.rows if isinstance(group, Rows) else [group]) for item in row.inputs
    ]


def read(form: FormData) -> Values:
    """What was filled in, nested as the schema has it. A box that is not ticked has a hidden `false` before it."""
    optional = str(form.get(OPTIONAL, "")).split()
    values: Values = {}
    for name, value in form.multi_items():
        if name.startswith(PREFIX) and isinstance(value, str):
            path = name.removeprefix(PREFIX)
            *parents, last = path.split(".")
            below = values
            for parent in parents:
                below = cast("Values", below.setdefault(parent, {}))
            text = value.replace("\r\n", "\n").strip()
            below[last] = None if not text and pattern_of(path) in optional else text
    return cast("Values", _with_lists(values))


def with_row(values: Values, path: str) -> Values:
    """`values` with an empty row more at the end of the list at `path`."""
    return _put(values, path, [*items_of(value_at(values, path)), {}])


def without_row(values: Values, path: str) -> Values:
    """`values` without the row at `path` ("saps.2")."""
    found = _ROW.match(path)
    if found is None:
        return values
    rows = items_of(value_at(values, found["list"]))
    return _put(values, found["list"], [row for number, row in enumerate(rows) if number != int(found["number"])])


def _put(values: Values, path: str, rows: list[Values]) -> Values:
    name, _, below = path.partition(".")
    return {**values, name: _put(cast("Values", values.get(name, {})), below, rows) if below else rows}


def _with_lists(values: object) -> object:
    """Mappings whose keys are numbers are lists."""
    if not isinstance(values, dict):
        return values
    inner = {name: _with_lists(value) for name, value in values.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _walk(schema: Schema, prefix: str, label: str, given: _Given) -> Iterable[Group | Rows]:
    group = Group(label, prefix.rstrip("."))
    yield group
    for name, raw in schema.get("properties", {}).items():
        inner = _resolved(raw, given.definitions)
        path = prefix + name
        if inner.get("type") == "object":
            yield from _walk(inner, f"{path}.", _label(path), given)
        elif inner.get("type") == "array":
            yield _rows(inner, path, given)
        else:
            group.inputs.append(_input(path, inner, name in schema.get("required", ()), given))


def _rows(schema: Schema, path: str, given: _Given) -> Rows:
    """A list as the page has it, with as many rows as are given, and no fewer than there must be."""
    fewest, most = int(schema.get("minItems", 0)), schema.get("maxItems")
    found = value_at(given.values, path)
    present = items_of(found if found is not None else schema.get("default"))
    count = max(len(present), fewest)
    # Either each row has a schema of its own, or all have the same.
    schemas = [_resolved(item, given.definitions) for item in schema.get("prefixItems", [])]
    shared = _resolved(schema.get("items") or {}, given.definitions)
    row_label = str((schemas[0] if schemas else shared).get("title", _label(path)))
    standing = {f"{path}.{place}": _text(value) for place, value in _flat_rows(present).items()}
    below = _Given(given.values, {**standing, **given.flat}, given.errors, given.definitions)
    rows: list[Group] = []
    for number in range(count):
        row = schemas[number] if number < len(schemas) else shared
        groups = list(_walk(row, f"{path}.{number}.", f"{row_label} {number + 1}", below))
        rows += [group for group in groups if isinstance(group, Group) and group.inputs]
    help_, error = str(schema.get("description", "")), given.errors.get(path, "")
    return Rows(_label(path.rpartition(".")[2]), path, row_label, rows, fewest, most, help_, error)


def _flat_rows(rows: list[Values]) -> Values:
    return {f"{number}.{place}": value for number, row in enumerate(rows) for place, value in flatten(row).items()}


def _input(path: str, schema: Schema, required: bool, given: _Given) -> Input:
    kind = _kind(schema)
    value = given.flat.get(path)
    if value is None:
        value = _text(schema.get("default"))
    error = given.errors.get(path, "")
    if error and not value:
        error = "Choose one." if kind == "select" else "Fill this in."
    elif kind == "number" and error.startswith("Input should be a valid integer"):
        error = "Must be a whole number."
    examples = schema.get("examples") or [""]
    return Input(
        path=path,
        label=_label(path.rpartition(".")[2]),
        kind=kind,
        value=value.lower() if kind == "checkbox" else value,
        required=required and kind != "checkbox",
        optional="null" in {member.get("type") for member in schema.get("anyOf", ())},
        help=str(schema.get("description", "")),
        placeholder=f"such as {examples[0]}" if examples[0] != "" else "",
        error=error,
        options=_options(schema),
        limits=(schema.get("minimum"), schema.get("maximum")),
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _kind(schema: Schema) -> Kind:
    if "enum" in schema:
        return "select"
    if schema.get("format") == "long":
        return "long"
    types: Mapping[str, Kind] = {"boolean": "checkbox", "integer": "number"}
    return types.get(str(schema.get("type")), "text")


def _options(schema: Schema) -> tuple[tuple[str, str], ...]:
    labels = schema.get("options", {})
    return tuple((str(value), str(labels.get(value, value))) for value in schema.get("enum", ()))


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema with what it refers to; what stands beside the reference counts more."""
    for reference in (schema, *schema.get("allOf", ())):
        if "$ref" in reference:
            return {**definitions[str(reference["$ref"]).rpartition("/")[2]], **schema}
    # Of several types the first that is not null: a browser sends text in any case.
    members = [member for member in schema.get("anyOf", ()) if member.get("type") != "null"]
    return {**_resolved(members[0], definitions), **schema} if members else schema


def _label(path: str) -> str:
    words = [_ABBREVIATIONS.get(word, word) for word in path.replace(".", "_").split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])
