"""The files of a new product, from the templates beside this."""

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import JsonValue

from trunkline.catalog.generator.description import Description, FieldDescription
from trunkline.errors import Conflict, FieldError, invalid

_PYTHON = {
    "text": "Text",
    "integer": "int",
    "boolean": "bool",
    "hostname": "Hostname",
    "slug": "Slug",
    "interface": "InterfaceName",
    "address": "ManagementAddress",
    "node": "NodeName",
}
_WIDTH = 120


@dataclass(frozen=True)
class _BlockSource:
    """A nested block's class as the template writes it."""

    class_name: str
    name: str
    lines: list[str]


def generate(slug: str, description: Description, project: Path) -> list[Path]:
    """Write the files of the product into the checkout, relative to which they are returned.

    Raises Invalid for a wrong slug, Conflict when a file is there already; nothing is written then.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug) or len(slug) > 24:
        message = f"{slug!r} must be at most 24 lower-case letters and digits with hyphens between, such as firewall"
        raise invalid([FieldError(field="NAME", message=message)])
    files = render(slug, description)
    there = [str(path) for path in files if (project / path).exists()]
    if there:
        raise Conflict(f"{', '.join(there)}: there already. Choose another name, or remove what is there first.")
    for path, text in files.items():
        (project / path).write_text(text, encoding="utf-8")
    return list(files)


def render(slug: str, description: Description) -> dict[Path, str]:
    """The files by their paths in a checkout."""
    module = slug.replace("-", "_")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (Python and YAML, not HTML)
    )
    environment.filters |= {"python": _python, "camel": _camel, "title": _title}
    blocks = _blocks(_camel(slug), description.name, description.fields)
    values = {
        "slug": slug,
        "module": module,
        "constant": module.upper(),
        "class_name": f"{_camel(slug)}Block",
        "noun": description.name[0].lower() + description.name[1:],
        "product": description,
        "device": description.device,
        "blocks": blocks,
        "lines": _lines(_camel(slug), description.fields),
        "types": _import(blocks, description),
        "unique": {name: field for name, field in description.fields.items() if field.unique},
        "order": {name: field.sample for name, field in description.fields.items()},
    }
    paths = {
        "product.py.j2": Path("api/trunkline/catalog/products") / f"{module}.py",
        "provision.yml.j2": Path("playbooks") / f"{module}_provision.yml",
        "terminate.yml.j2": Path("playbooks") / f"{module}_terminate.yml",
        "test.py.j2": Path("tests/netbox") / f"test_{module}.py",
    }
    return {path: environment.get_template(name).render(values) for name, path in paths.items()}


def _blocks(prefix: str, name: str, fields: dict[str, FieldDescription]) -> list[_BlockSource]:
    """The classes of nested blocks, those that others hold first."""
    found: list[_BlockSource] = []
    for key, field in fields.items():
        if field.fields:
            inner, title = f"{prefix}{_camel(_singular(key, field))}", f"{name} {_title(_singular(key, field)).lower()}"
            found += _blocks(inner, title, field.fields)
            found.append(_BlockSource(f"{inner}Block", title, _lines(inner, field.fields)))
    return found


def _lines(prefix: str, fields: dict[str, FieldDescription]) -> list[str]:
    """The fields as a class body has them."""
    lines = []
    for name, field in fields.items():
        kind = f"{prefix}{_camel(_singular(name, field))}Block" if field.fields else _PYTHON[field.type]
        annotation = f"list[{kind}]" if field.many else kind
        if field.optional and not field.many:
            annotation += " | None"
        if field.changeable:
            annotation = f"Annotated[{annotation}, Changeable]"
        value = [] if field.optional and field.many else field.default
        default = f" = {_python(value)}" if field.optional or value is not None else ""
        lines.append(f"{name}: {annotation}{default}")
    return lines


def _import(blocks: list[_BlockSource], description: Description) -> str:
    text = "\n".join(line for block in blocks for line in block.lines)
    text += "\n" + "\n".join(_lines("", description.fields))
    names = {"Changeable", "Hostname", "ManagementAddress", "Slug"}
    names |= {name for name in _PYTHON.values() if name[0].isupper() and re.search(rf"\b{name}\b", text)}
    line = f"from trunkline.catalog.types import {', '.join(sorted(names))}"
    if len(line) <= _WIDTH:
        return line
    return "from trunkline.catalog.types import (\n" + "".join(f"    {name},\n" for name in sorted(names)) + ")"


def _singular(name: str, field: FieldDescription) -> str:
    return name.removesuffix("s") if field.many else name


def _camel(text: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[-_ ]", text))


def _title(slug: str) -> str:
    """What a slug is called until somebody gives it a better name."""
    return re.sub(r"[-_]", " ", slug).capitalize()


def _python(value: JsonValue) -> str:
    """Python source of a value, with ruff's quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_python(key)}: {_python(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_python, value)) + "]"
    if isinstance(value, str):
        return repr(value) if '"' in value else '"' + repr(value)[1:-1].replace("\\'", "'") + '"'
    return repr(value)
