"""The changes that a migration of the catalogue is made of. Each says what it does to the catalogue (`on`), what to
stored data (`rewrite`), and how it is undone (`inverse`)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from trunkline.catalog.resource_types import Field
from trunkline.db.catalog.rewrite import renamed
from trunkline.db.catalog.state import Catalogue, ProductState
from trunkline.db.catalog.stored import Stored


class Change(ABC):
    """One change. Values are JSON, as blocks store it."""

    @abstractmethod
    def on(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue after the change."""

    @abstractmethod
    def inverse(self) -> "Change":
        """The change that undoes this one."""

    @abstractmethod
    def __str__(self) -> str:
        """What it does, for people."""

    def rewrite(self, stored: Stored, before: Catalogue) -> None:  # noqa: B027 (most changes leave stored data alone)
        """Bring stored data along. Raises Conflict naming what stands against it."""


@dataclass(frozen=True)
class CreateBlock(Change):
    """A new block with its fields."""

    name: str
    fields: Mapping[str, Field]

    def on(self, catalogue: Catalogue) -> Catalogue:
        return catalogue.with_block(self.name, self.fields)

    def inverse(self) -> Change:
        return RemoveBlock(self.name, self.fields)

    def __str__(self) -> str:
        return f"new block {self.name} ({', '.join(self.fields)})"


@dataclass(frozen=True)
class RemoveBlock(Change):
    """A block goes that no product has any more."""

    name: str
    fields: Mapping[str, Field]

    def on(self, catalogue: Catalogue) -> Catalogue:
        return replace(
            catalogue, blocks={name: fields for name, fields in catalogue.blocks.items() if name != self.name}
        )

    def inverse(self) -> Change:
        return CreateBlock(self.name, self.fields)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        users = sorted({slug for slug, _ in before.places(self.name)})
        stored.refuse_if(users, f"the block {self.name} is part of {', '.join(users)}: remove it there first")

    def __str__(self) -> str:
        return f"block {self.name} is removed"


@dataclass(frozen=True)
class RenameBlock(Change):
    """A block gets another name; stored values carry no block names."""

    name: str
    to: str

    def on(self, catalogue: Catalogue) -> Catalogue:
        blocks = {}
        for name, fields in catalogue.blocks.items():
            blocks[self.to if name == self.name else name] = {key: self._field(spec) for key, spec in fields.items()}
        products = {
            slug: replace(product, block=self.to) if product.block == self.name else product
            for slug, product in catalogue.products.items()
        }
        return Catalogue(blocks, products)

    def _field(self, spec: Field) -> Field:
        found = Field(**spec)
        if "holds" in spec and spec["type"] == self.name:
            found["type"] = self.to
        if "uses" in spec and spec["uses"].partition(".")[0] == self.name:
            found["uses"] = f"{self.to}.{spec['uses'].partition('.')[2]}"
        return found

    def inverse(self) -> Change:
        return RenameBlock(self.to, self.name)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        stored.rename_block(self.name, self.to)

    def __str__(self) -> str:
        return f"block {self.name} becomes {self.to}"


@dataclass(frozen=True)
class AddField(Change):
    """A new field. Living subscriptions get `default`, unless this migration's downgrade had kept a value for them."""

    block: str
    field: str
    spec: Field
    default: object = None

    def on(self, catalogue: Catalogue) -> Catalogue:
        return catalogue.with_block(self.block, {**catalogue.blocks[self.block], self.field: self.spec})

    def inverse(self) -> Change:
        return RemoveField(self.block, self.field, self.spec, self.default)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        stored.add_field(list(before.places(self.block)), f"{self.block}.{self.field}", self.field, self.default)

    def __str__(self) -> str:
        given = f", {self.default!r} where it was not" if self.default is not None else ""
        return f"new field {self.block}.{self.field}{given}"


@dataclass(frozen=True)
class RemoveField(Change):
    """A field goes. Its stored values are kept aside for the downgrade; without one it gives `default`."""

    block: str
    field: str
    spec: Field
    default: object = None

    def on(self, catalogue: Catalogue) -> Catalogue:
        fields = {name: spec for name, spec in catalogue.blocks[self.block].items() if name != self.field}
        return catalogue.with_block(self.block, fields)

    def inverse(self) -> Change:
        return AddField(self.block, self.field, self.spec, self.default)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        stored.remove_field(list(before.places(self.block)), f"{self.block}.{self.field}", self.field)

    def __str__(self) -> str:
        return f"field {self.block}.{self.field} is removed"


@dataclass(frozen=True)
class RenameField(Change):
    """A field gets another name: in stored blocks, in the runs' snapshots, in the paths of dependencies."""

    block: str
    field: str
    to: str

    def on(self, catalogue: Catalogue) -> Catalogue:
        old, new = f"{self.block}.{self.field}", f"{self.block}.{self.to}"
        blocks = {
            name: {key: replace_use(spec, old, new) for key, spec in fields.items()}
            for name, fields in catalogue.blocks.items()
        }
        specs = dict(blocks[self.block])
        blocks[self.block] = {self.to if key == self.field else key: spec for key, spec in specs.items()}
        return replace(catalogue, blocks=blocks)

    def inverse(self) -> Change:
        return RenameField(self.block, self.to, self.field)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        stored.rename_field(
            list(before.places(self.block)), self.field, self.to, lambda values: renamed(values, self.field, self.to)
        )

    def __str__(self) -> str:
        return f"field {self.block}.{self.field} becomes {self.to}"


@dataclass(frozen=True)
class ChangeField(Change):
    """A field is of another type or stage. Values stay; living subscriptions without one get `default`."""

    block: str
    field: str
    before: Field
    after: Field
    default: object = None

    def on(self, catalogue: Catalogue) -> Catalogue:
        return catalogue.with_block(self.block, {**catalogue.blocks[self.block], self.field: self.after})

    def inverse(self) -> Change:
        return ChangeField(self.block, self.field, self.after, self.before)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        places = list(before.places(self.block))
        if self.before.get("holds") != self.after.get("holds") or self.before.get("uses") != self.after.get("uses"):
            stored.refuse_living(
                [slug for slug, _ in places],
                f"{self.block}.{self.field} cannot become another kind of reference while {{}}: "
                "add a field of another name instead, and remove this one in a later migration",
            )
        stored.add_field(places, f"{self.block}.{self.field}", self.field, self.default, touch=True)

    def __str__(self) -> str:
        return f"field {self.block}.{self.field} is {_text(self.after)} (was {_text(self.before)})"


@dataclass(frozen=True)
class CreateProduct(Change):
    """A new product."""

    slug: str
    name: str
    description: str
    block: str
    fixed_inputs: Mapping[str, object] = field(default_factory=dict)
    status: str = "active"
    customers: tuple[str, ...] = ()

    def on(self, catalogue: Catalogue) -> Catalogue:
        product = ProductState(
            self.name, self.description, self.block, dict(self.fixed_inputs), self.status, tuple(self.customers)
        )
        return catalogue.with_product(self.slug, product)

    def inverse(self) -> Change:
        return RemoveProduct(
            self.slug, self.name, self.description, self.block, self.fixed_inputs, self.status, self.customers
        )

    def __str__(self) -> str:
        return f"new product {self.slug}"


@dataclass(frozen=True)
class RemoveProduct(Change):
    """A product goes that no living subscription has; what it was stays, for the terminated ones and the downgrade."""

    slug: str
    name: str
    description: str
    block: str
    fixed_inputs: Mapping[str, object] = field(default_factory=dict)
    status: str = "active"
    customers: tuple[str, ...] = ()

    def on(self, catalogue: Catalogue) -> Catalogue:
        return replace(
            catalogue, products={slug: product for slug, product in catalogue.products.items() if slug != self.slug}
        )

    def inverse(self) -> Change:
        return CreateProduct(
            self.slug, self.name, self.description, self.block, self.fixed_inputs, self.status, self.customers
        )

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        stored.refuse_living(
            [self.slug],
            f"the product {self.slug} cannot be removed while {{}}: terminate these first, or keep the product with "
            'status="end-of-life", which takes no new orders',
        )
        stored.remove_product(self.slug)

    def __str__(self) -> str:
        return f"product {self.slug} is removed"


@dataclass(frozen=True)
class RenameProduct(Change):
    """A product gets another slug; its subscriptions come along."""

    slug: str
    to: str

    def on(self, catalogue: Catalogue) -> Catalogue:
        products = {self.to if slug == self.slug else slug: product for slug, product in catalogue.products.items()}
        return replace(catalogue, products=products)

    def inverse(self) -> Change:
        return RenameProduct(self.to, self.slug)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        stored.rename_product(self.slug, self.to)

    def __str__(self) -> str:
        return f"product {self.slug} becomes {self.to}"


@dataclass(frozen=True)
class ChangeProduct(Change):
    """Another name, description, block, status or list of customers."""

    slug: str
    before: Mapping[str, object]
    after: Mapping[str, object]

    def on(self, catalogue: Catalogue) -> Catalogue:
        product = replace(catalogue.products[self.slug], **self.after)  # type: ignore[arg-type]  # fields by name
        return catalogue.with_product(self.slug, replace(product, customers=tuple(product.customers)))

    def inverse(self) -> Change:
        return ChangeProduct(self.slug, self.after, self.before)

    def rewrite(self, stored: Stored, before: Catalogue) -> None:
        if "block" in self.after:
            stored.refuse_living(
                [self.slug],
                f"the product {self.slug} cannot have another block while {{}}: define a new product with it, and set "
                'status="end-of-life" on this one',
            )

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value!r} (was {self.before[name]!r})" for name, value in self.after.items())
        return f"product {self.slug}: {told}"


@dataclass(frozen=True)
class ChangeFixedInput(Change):
    """A fixed input is new (`before` is None), removed (`after` is None) or of another value.

    Subscriptions do not store fixed inputs, so nothing else changes: the next run of each takes the new value.
    """

    product: str
    name: str
    before: object
    after: object

    def on(self, catalogue: Catalogue) -> Catalogue:
        product = catalogue.products[self.product]
        inputs = {name: value for name, value in product.fixed_inputs.items() if name != self.name}
        given = {} if self.after is None else {self.name: self.after}
        return catalogue.with_product(self.product, replace(product, fixed_inputs={**inputs, **given}))

    def inverse(self) -> Change:
        return ChangeFixedInput(self.product, self.name, self.after, self.before)

    def __str__(self) -> str:
        if self.before is None:
            return f"new fixed input {self.product}.{self.name} {self.after!r}"
        if self.after is None:
            return f"fixed input {self.product}.{self.name} is removed"
        return f"fixed input {self.product}.{self.name} is {self.after!r} (was {self.before!r})"


@dataclass(frozen=True)
class RenameFixedInput(Change):
    """A fixed input gets another name."""

    product: str
    name: str
    to: str

    def on(self, catalogue: Catalogue) -> Catalogue:
        product = catalogue.products[self.product]
        inputs = {self.to if name == self.name else name: value for name, value in product.fixed_inputs.items()}
        return catalogue.with_product(self.product, replace(product, fixed_inputs=inputs))

    def inverse(self) -> Change:
        return RenameFixedInput(self.product, self.to, self.name)

    def __str__(self) -> str:
        return f"fixed input {self.product}.{self.name} becomes {self.to}"


def replace_use(spec: Field, old: str, new: str) -> Field:
    """`spec`, referring to `new` if it refers to `old` ("Node.name")."""
    return Field(**{**spec, "uses": new}) if spec.get("uses") == old else Field(**spec)


def _text(spec: Field) -> str:
    return ", ".join(f"{name} {value}" for name, value in spec.items())
