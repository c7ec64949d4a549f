"""Options of an order, made of the product's JSON Schema: `--name ams-pe --a ams-pe:eth1 --under-maintenance`."""

from collections.abc import Iterable, Iterator, Sequence

from trunkline.cli.client import USAGE, CliError, Json

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def resolved(schema: Json, root: Json | None = None) -> Json:
    """`schema` with what it refers to (`$ref`, an optional `anyOf`) in its place."""
    root = root or schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return resolved({**root["$defs"][name], **{key: value for key, value in schema.items() if key != "$ref"}}, root)
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1:
        return resolved({**schema, **choices[0], "anyOf": []}, root)
    if "items" in schema:
        return schema | {"items": resolved(schema["items"], root)}
    if "properties" in schema:
        return schema | {"properties": {name: resolved(item, root) for name, item in schema["properties"].items()}}
    return schema


def options(schema: Json, prefix: str = "") -> Iterator[tuple[str, Json, bool]]:
    """(dotted name, schema, required) of every leaf."""
    for name, item in schema.get("properties", {}).items():
        required = name in schema.get("required", [])
        if item.get("properties"):
            for path, leaf, needed in options(item, f"{prefix}{name}."):
                yield path, leaf, required and needed
        else:
            yield prefix + name, item, required


def parse(schema: Json, arguments: Sequence[str]) -> Json:
    """The input that the arguments give. Raises CliError naming the option and what it takes."""
    given: Json = {}
    words = iter(arguments)
    for word in words:
        if not word.startswith("--"):
            raise CliError(f"{word}: an option must stand before it, such as --name {word}", USAGE)
        name, equals, value = word.removeprefix("--").partition("=")
        path = [part.replace("-", "_") for part in name.split(".")]
        item = _at(schema, path)
        if item is None and path[0].startswith("no_") and (item := _at(schema, [path[0][3:], *path[1:]])):
            path, value, equals = [path[0][3:], *path[1:]], "false", "="
        if item is None:
            known = ", ".join(f"--{flag(path)}" for path, _, _ in options(schema))
            raise CliError(f"--{name}: there is no such option; there are {known}", USAGE)
        if not equals:
            value = "true" if item.get("type") == "boolean" else next(words, "")
        _put(given, path, convert(item, value, f"--{name}"))
    return given


def convert(item: Json, text: str, name: str) -> object:
    """The text as the schema's type. Raises CliError.

    An object of n required fields takes n parts with colons between them; what is optional follows with its name:
    `ams-pe:eth3:vlan=100`.
    """
    if item.get("properties"):
        head, _colon, last = text.rpartition(":")
        key, equals, value = last.partition("=")
        if equals and key in item["properties"]:
            rest = convert(item, head, name)
            return {**rest, key: convert(item["properties"][key], value, name)} if isinstance(rest, dict) else rest
        # From the right: an interface never has a colon where there are two parts, a node might.
        leaves = list(item["properties"].items())
        parts = text.rsplit(":", len(item.get("required", leaves)) - 1)
        if len(parts) != len(item.get("required", leaves)):
            raise CliError(f"{name}: {text!r} must be {':'.join(item.get('required', []))}", USAGE)
        return {
            key: convert(item["properties"][key], part, name) for key, part in zip(item["required"], parts, strict=True)
        }
    kind = item.get("type")
    if kind == "boolean":
        if text.lower() in _TRUE + _FALSE:
            return text.lower() in _TRUE
        raise CliError(f"{name}: {text!r} must be true or false", USAGE)
    if kind in ("integer", "number"):
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            raise CliError(f"{name}: {text!r} must be a number", USAGE) from None
    if kind == "array":
        return [convert(item.get("items", {}), part, name) for part in text.split(",") if part]
    if not text:
        raise CliError(f"{name}: a value is missing", USAGE)
    return text


def missing(schema: Json, given: Json) -> list[tuple[str, Json]]:
    """Required fields that are not given, objects as a whole."""
    return [(name, schema["properties"][name]) for name in schema.get("required", []) if name not in given]


def flag(path: str) -> str:
    """A dotted path as an option's name."""
    return path.replace("_", "-")


def hint(item: Json) -> str:
    """What a field takes, in a few words."""
    if item.get("properties"):
        return ":".join(item.get("required") or item["properties"])
    if item.get("enum"):
        return " | ".join(str(value) for value in item["enum"])
    examples = item.get("examples") or []
    kind = str(item.get("type", "text")).replace("string", "text")
    return f"{kind}, such as {examples[0]}" if examples else kind


def dotted(values: Json, prefix: str = "") -> Json:
    """Nested mappings as dotted names."""
    flat: Json = {}
    for key, value in values.items():
        flat |= dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def _at(schema: Json, path: Iterable[str]) -> Json | None:
    here: Json | None = schema
    for part in path:
        here = (here or {}).get("properties", {}).get(part)
    return here


def _put(values: Json, path: Sequence[str], value: object) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
    values[path[-1]] = value
