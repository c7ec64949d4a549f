"""The description of a new product: a short YAML file about a device that NetBox documents."""

import keyword
import re
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from trunkline.catalog.block import Block
from trunkline.catalog.product import ProductStatus
from trunkline.catalog.types import Slug, Text
from trunkline.errors import field_errors, invalid

# In every device's block: ordered, and learned from trunkline.network.node.
DEVICE_FIELDS = ("name", "site", "management", "netbox_id", "loopback_ipv4", "loopback_ipv6")
_TAKEN = frozenset(dir(Block))


def _field_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or name.startswith("model_"):
        raise ValueError(f"{name!r} must be a Python name of lower-case letters, digits and underscores")
    if name in _TAKEN:
        raise ValueError(f"{name!r} means something else in every block: choose another name")
    return name


type FieldName = Annotated[str, AfterValidator(_field_name)]
type FieldType = Literal["text", "integer", "boolean", "hostname", "slug", "interface", "address", "node"]

EXAMPLES: dict[str, JsonValue] = {
    "text": "C-1234",
    "integer": 1,
    "boolean": True,
    "hostname": "one",
    "slug": "one",
    "interface": "eth1",
    "address": "192.0.2.1/24",
    "node": "ams-pe",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FieldDescription(_Strict):
    """A field: a value of some type, or a block of its own (`fields`), of which there may be a list (`many`)."""

    type: FieldType = "text"
    fields: "dict[FieldName, FieldDescription]" = {}
    many: bool = Field(False, description="A list of them")
    optional: bool = Field(False, description="May be left out; of a list: may be empty")
    default: JsonValue = Field(None, description="What it is when it is left out")
    changeable: bool = Field(False, description="A modify order may change it")
    unique: bool = Field(False, description="No two living subscriptions may have the same")
    example: JsonValue = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.fields and self.unique:
            raise ValueError("unique: is for single values, not for a field with fields of its own")
        if self.many and self.unique:
            raise ValueError("unique: is for single values, not for lists")
        if self.fields and (self.default is not None or self.example is not None):
            raise ValueError("fields: give default and example to each of them instead")
        if self.optional and self.default is not None:
            raise ValueError("optional: means that there is no default; give one or the other")
        return self

    @property
    def sample(self) -> JsonValue:
        """A value that an order could have."""
        one: JsonValue = {name: field.sample for name, field in self.fields.items()} if self.fields else None
        value = one if self.fields else EXAMPLES[self.type] if self.example is None else self.example
        return [value] if self.many and not isinstance(value, list) else value


class Device(_Strict):
    """What the device is in NetBox, by slug; what NetBox does not have is made with the first order."""

    role: Slug
    manufacturer: Slug
    type: Slug
    platform: Slug
    interfaces: list[Text] = Field([], description="Interfaces that the device type brings")
    configure: bool = Field(False, description="Configure and prove it with the roles deploy and verify")


class Description(_Strict):
    """A product."""

    name: Text = Field(max_length=24)
    description: Text = Field(max_length=80)
    device: Device
    fixed_inputs: dict[FieldName, str | int] = {}
    fields: dict[FieldName, FieldDescription] = {}
    status: ProductStatus = "active"
    customers: list[Slug] = []

    @model_validator(mode="after")
    def _no_name_twice(self) -> Self:
        taken = sorted({*self.fields, *self.fixed_inputs} & set(DEVICE_FIELDS))
        if taken:
            raise ValueError(f"{', '.join(taken)}: every device has {', '.join(DEVICE_FIELDS)}; choose another name")
        twice = sorted(self.fields.keys() & {*self.fixed_inputs, *self.inputs})
        if twice:
            raise ValueError(f"fields: {', '.join(twice)} is a fixed input, too; rename one")
        return self

    @property
    def inputs(self) -> dict[str, str | int]:
        """All fixed inputs, those from `device` first."""
        device = self.device
        kinds = {"role": device.role, "manufacturer": device.manufacturer, "device_type": device.type}
        return {**kinds, "platform": device.platform, **self.fixed_inputs}


def load(file: Path) -> Description:
    """The description in a YAML file. Raises Invalid naming each wrong entry."""
    try:
        return Description.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise invalid(field_errors(error.errors(), f"{file.name}: ")) from None
    except (OSError, yaml.YAMLError) as error:
        raise invalid(field_errors([{"loc": (), "msg": f"cannot be read: {error}"}], f"{file}: ")) from None
