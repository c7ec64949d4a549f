# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""From a product's order form (JSON Schema) to a survey of AWX, and back to the order that its answers make.

Surveys are flat and know text, integers, floats and choices; forms are nested. A field a.node becomes the question
order_a_node; lists are given one item a line; what may be left out is left out when its answer is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "order"
LONGEST = 1024


class Field(NamedTuple):
    """One field of the form that holds a value."""

    path: tuple[str, ...]
    schema: Mapping[str, Any]
    required: bool

    @property
    def variable(self) -> str:
        """Its name in the survey; a variable called `name` or `role` would be in Ansible's way."""
        return "_".join((PREFIX, *self.path))

    @property
    def names_it(self) -> bool:
        """Whether two orders that differ here are two things: it must be given, and cannot be changed later."""
        return self.required and not self.schema.get("changeable", False)


class NoSurveyError(ValueError):
    """A product has a field that no survey can ask for, a list of parts for instance."""


def fields(schema: Mapping[str, Any]) -> list[Field]:
    """All fields, in the form's order."""
    return list(_walk(schema, schema, (), required=True))


def survey(product: Mapping[str, Any], *, withdraw: bool) -> dict[str, Any]:
    """What AWX's survey_spec takes; to withdraw an order only what names it is asked for."""
    chosen = [field for field in fields(product["input_schema"]) if field.names_it or not withdraw]
    customer = {
        "question_name": "Customer",
        "question_description": "Whom it is for: the customer's short code",
        "variable": f"{PREFIX}_customer",
        "type": "text",
        "required": True,
        "default": "",
        "min": 1,
        "max": LONGEST,
    }
    return {
        "name": product["name"],
        "description": product["description"],
        "spec": [customer, *(_question(field) for field in chosen)],
    }


def order(product: Mapping[str, Any], *, withdraw: bool) -> dict[str, Any]:
    """The extra vars of a job template that turn the answers into the playbooks' `subscription`.

    The same answers to the questions that name it are always the same subscription.
    """
    found = [field for field in fields(product["input_schema"]) if field.names_it or not withdraw]
    block: dict[str, Any] = {}
    for field in found:
        inner = block
        for part in field.path[:-1]:
            inner = inner.setdefault(part, {})
        inner[field.path[-1]] = _template(field)
    identity = " ~ ' ' ~ ".join(field.variable for field in found if field.names_it)
    return {
        "subscription": {
            "id": f"{{{{ ('{product['slug']} ' ~ {identity}) | ansible.builtin.to_uuid }}}}",
            "product": product["slug"],
            "status": "active" if withdraw else "provisioning",
            "customer": f"{{{{ {PREFIX}_customer }}}}",
            "block": {**block, **product["fixed_inputs"]},
        }
    }


def _walk(root: Mapping[str, Any], schema: Mapping[str, Any], path: tuple[str, ...], required: bool) -> Iterator[Field]:
    needed = schema.get("required", ())
    for name, given in schema["properties"].items():
        one = _resolved(root, given)
        here, must = (*path, name), required and name in needed
        if "properties" in one:
            yield from _walk(root, one, here, must)
        else:
            yield Field(here, one, must)


def _resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without references, and without the null of what may be left out."""
    found = dict(schema)
    while "$ref" in found:
        target: Any = root
        for part in found.pop("$ref").lstrip("#/").split("/"):
            target = target[part]
        found = {**target, **found}
    choices = [item for item in found.get("anyOf", ()) if item.get("type") != "null"]
    if choices:
        found = {**_resolved(root, choices[0]), **{key: value for key, value in found.items() if key != "anyOf"}}
    return found


def _question(field: Field) -> dict[str, Any]:
    schema = field.schema
    examples = ", ".join(str(item) for item in schema.get("examples", ()))
    parts = [schema.get("description", ""), f"for example {examples}" if examples else ""]
    question: dict[str, Any] = {
        "question_name": " ".join((*field.path[:-1], schema.get("title", field.path[-1]))),
        "question_description": "; ".join(part for part in parts if part),
        "variable": field.variable,
        "required": field.required,
        "default": "" if schema.get("default") is None else schema["default"],
    }
    kind = schema.get("type", "string")
    if "enum" in schema or kind == "boolean":
        allowed = [str(item) for item in schema.get("enum", ("false", "true"))]
        default = str(schema["default"]).lower() if kind == "boolean" and "default" in schema else question["default"]
        return {**question, "type": "multiplechoice", "choices": "\n".join(allowed), "default": default}
    if kind in ("integer", "number"):
        limits = {"min": schema.get("minimum"), "max": schema.get("maximum")}
        return {**question, "type": "integer" if kind == "integer" else "float", **limits}
    items = schema.get("items", {})
    if kind == "array" and "$ref" not in items and _resolved({}, items).get("type", "string") == "string":
        return {**question, "type": "textarea", "default": "\n".join(question["default"] or ()), "max": LONGEST * 4}
    if kind == "string":
        return {**question, "type": "text", "min": schema.get("minLength", 0), "max": schema.get("maxLength", LONGEST)}
    raise NoSurveyError(f"{'.'.join(field.path)}: no survey can ask for {kind}: order this product through the API")


def _template(field: Field) -> str:
    name, kind = field.variable, field.schema.get("type", "string")
    if kind == "boolean":
        return f"{{{{ {name} | ansible.builtin.bool }}}}"
    if kind == "array":
        return f"{{{{ ({name} | default('')).splitlines() }}}}"
    if field.required or field.schema.get("default") is not None:
        return f"{{{{ {name} }}}}"
    return f"{{{{ {name} | default('', true) or none }}}}"
