"""The stored side of the catalogue, as SQL of its own: migrations of years ago must not depend on today's models."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, text

from trunkline.catalog.values import Values
from trunkline.db.catalog.rewrite import Path, at, pattern, without
from trunkline.db.catalog.state import Catalogue, ProductState
from trunkline.errors import Conflict

if TYPE_CHECKING:
    from trunkline.catalog.resource_types import Field

type Place = tuple[str, Path]  # product, keys down to a block
_BATCH = 1000
_OF_RUN = "runs AS row JOIN subscriptions AS s ON s.id = row.subscription_id WHERE s.product_slug = :slug"
# Every stored block: its column, the rows of a product, whether what it belongs to lives.
_SOURCES = (
    ("subscriptions.block", "subscriptions AS row WHERE row.product_slug = :slug", "row.status <> 'terminated'"),
    ("runs.before", _OF_RUN, "s.status <> 'terminated'"),
    ("runs.desired", _OF_RUN, "s.status <> 'terminated'"),
    # The plan of an order that was not placed has no subscription.
    ("runs.desired", """runs AS row WHERE subscription_id IS NULL AND "order" ->> 'product' = :slug""", "true"),
)


@dataclass(frozen=True)
class _Row:
    id: uuid.UUID
    living: bool
    values: Values


class Stored:
    """What the database holds, changed in the transaction of `connection`. `revision`: of the migration that does it.

    `trial`: the transaction will be rolled back, so runs under way do not matter.
    """

    def __init__(self, connection: Connection, revision: str, trial: bool = False) -> None:
        self._connection, self._revision, self._trial = connection, revision, trial

    def read(self) -> Catalogue:
        """The catalogue; removed products are not part of it."""
        return read_catalogue(self._connection)

    def write(self, before: Catalogue, after: Catalogue) -> None:
        """Store what `after` has, and remove the blocks that it has not. Products are removed by `remove_product`."""
        for name, fields in after.blocks.items():
            if before.blocks.get(name) != fields:
                self._run(
                    "INSERT INTO product_blocks (name, fields) VALUES (:name, CAST(:fields AS jsonb)) "
                    "ON CONFLICT (name) DO UPDATE SET fields = excluded.fields",
                    name=name,
                    fields=json.dumps(fields),
                )
        for slug, product in after.products.items():
            if before.products.get(slug) != product:
                self._write_product(slug, product)
        for name in set(before.blocks) - set(after.blocks):
            self._run("DELETE FROM product_blocks WHERE name = :name", name=name)

    def _write_product(self, slug: str, product: ProductState) -> None:
        values = asdict(product) | {
            "slug": slug,
            "fixed_inputs": json.dumps(dict(product.fixed_inputs)),
            "customers": json.dumps(product.customers),
        }
        self._run(
            "INSERT INTO products (slug, name, description, block, fixed_inputs, status, customers) VALUES "
            "(:slug, :name, :description, :block, CAST(:fixed_inputs AS jsonb), :status, CAST(:customers AS jsonb)) "
            "ON CONFLICT (slug) DO UPDATE SET name = excluded.name, description = excluded.description, "
            "block = excluded.block, fixed_inputs = excluded.fixed_inputs, status = excluded.status, "
            "customers = excluded.customers",
            **values,
        )

    def rename_block(self, name: str, to: str) -> None:
        """Products follow by their foreign key."""
        self._run("UPDATE product_blocks SET name = :to WHERE name = :name", name=name, to=to)

    def rename_product(self, slug: str, to: str) -> None:
        """Subscriptions follow by their foreign key."""
        self._run("DELETE FROM products WHERE slug = :to AND status = 'removed'", to=to)
        self._run("UPDATE products SET slug = :to WHERE slug = :slug", slug=slug, to=to)
        self._run(
            """UPDATE runs SET "order" = jsonb_set("order", '{product}', to_jsonb(CAST(:to AS text)))
            WHERE subscription_id IS NULL AND "order" ->> 'product' = :slug""",
            slug=slug,
            to=to,
        )

    def remove_product(self, slug: str) -> None:
        """Remove its row, or keep it for the subscriptions that had it."""
        used = self._run("SELECT 1 FROM subscriptions WHERE product_slug = :slug LIMIT 1", slug=slug).first()
        if used is None:
            self._run("DELETE FROM products WHERE slug = :slug", slug=slug)
        else:
            self._run("UPDATE products SET status = 'removed', block = NULL WHERE slug = :slug", slug=slug)

    def rename_field(self, places: Sequence[Place], old: str, new: str, change: Callable[[Values], Values]) -> None:
        """In stored blocks and snapshots, and in the paths of dependencies."""
        self._edit(places, lambda _column, _row, values, _where: change(values))
        for slug, path in places:
            self._run(
                "UPDATE dependencies SET path = regexp_replace(path, :pattern, :new) FROM subscriptions AS s "
                "WHERE s.id = subscription_id AND s.product_slug = :slug AND path ~ :pattern",
                slug=slug,
                pattern=pattern(path, old),
                new=rf"\1{new}\2",
            )

    def add_field(self, places: Sequence[Place], label: str, field: str, default: object, touch: bool = False) -> None:
        """Values that this migration kept aside are put back; other living subscriptions get `default`."""
        kept = {
            (column, row_id, path): value
            for column, row_id, path, value in self._run(
                "DELETE FROM removed_values WHERE revision = :revision AND field = :label "
                "RETURNING place, row_id, path, value",
                revision=self._revision,
                label=label,
            )
        }

        def change(column: str, row: _Row, values: Values, where: str) -> Values:
            if field in values:
                return values
            missing = default if row.living else None
            value = kept.get((column, row.id, where + field), missing)
            return values if value is None else {**values, field: value}

        if kept or default is not None:
            self._edit(places, change)
        elif touch:
            self._mark(places)
        for (column, row_id, path), value in kept.items():
            if column == "dependencies":
                self._run(
                    "INSERT INTO dependencies (subscription_id, path, depends_on_id) "
                    "VALUES (:subscription, :path, :target) ON CONFLICT DO NOTHING",
                    subscription=row_id,
                    path=path,
                    target=uuid.UUID(str(value)),
                )

    def remove_field(self, places: Sequence[Place], label: str, field: str) -> None:
        """Values and dependencies go, and are kept aside for the downgrade."""
        found: list[dict[str, object]] = []

        def change(column: str, row: _Row, values: Values, where: str) -> Values:
            if field in values:
                found.append({"place": column, "row_id": str(row.id), "path": where + field, "value": values[field]})
            return without(values, field)

        self._edit(places, change)
        for slug, path in places:
            rows = self._run(
                "DELETE FROM dependencies USING subscriptions AS s "
                "WHERE s.id = subscription_id AND s.product_slug = :slug AND path ~ :pattern "
                "RETURNING subscription_id, path, depends_on_id",
                slug=slug,
                pattern=pattern(path, field),
            )
            found += [
                {"place": "dependencies", "row_id": str(row_id), "path": there, "value": str(target)}
                for row_id, there, target in rows
            ]
        self._run(
            "INSERT INTO removed_values (revision, field, place, row_id, path, value) "
            "SELECT :revision, :label, place, row_id, path, value "
            "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(place text, row_id uuid, path text, value jsonb)",
            revision=self._revision,
            label=label,
            rows=json.dumps(found),
        )

    def refuse_if(self, stands_against: Sequence[object], message: str) -> None:
        """Raise Conflict if there is anything."""
        if stands_against:
            raise Conflict(message)

    def refuse_living(self, products: Iterable[str], message: str) -> None:
        """Raise Conflict if a living subscription has one of the products; `{}` in the message: which."""
        rows = self._run(
            "SELECT id, description FROM subscriptions WHERE product_slug = ANY(:slugs) AND status <> 'terminated' "
            "ORDER BY created_at LIMIT 4",
            slugs=sorted(set(products)),
        ).all()
        shown = [f"{row.description} ({row.id})" for row in rows[:3]]
        more = " and others" if len(rows) > 3 else ""
        self.refuse_if(rows, message.format(f"subscriptions have it: {', '.join(shown)}{more}"))

    def _edit(self, places: Sequence[Place], change: Callable[[str, _Row, Values, str], Values]) -> None:
        """Every stored block of these products, changed at these places."""
        self._mark(places)
        for slug in sorted({slug for slug, _ in places}):
            paths = [path for product, path in places if product == slug]
            for column, source, living in _SOURCES:
                for rows in self._rows(slug, column, source, living):
                    changed = {}
                    for row in rows:
                        values = row.values
                        for path in paths:
                            values = at(values, path, lambda found, where: change(column, row, found, where))  # noqa: B023
                        if values != row.values or list(values) != list(row.values):
                            changed[str(row.id)] = values
                    self._update(column, changed)

    def _rows(self, slug: str, column: str, source: str, living: str) -> Iterator[list[_Row]]:
        name = column.partition(".")[2]
        query = f"SELECT row.id, {living} AS living, row.{name} AS value FROM {source}"  # noqa: S608 (of ours)
        result = self._connection.execute(text(query), {"slug": slug}, execution_options={"yield_per": _BATCH})
        for rows in result.partitions():
            yield [_Row(row.id, row.living, cast("Values", row.value)) for row in rows]

    def _update(self, column: str, changed: dict[str, Values]) -> None:
        if not changed:
            return
        table, _, name = column.partition(".")
        # Whoever read a subscription before must not write over it: its ETag follows from updated_at.
        more = ", updated_at = now()" if table == "subscriptions" else ""
        self._run(
            f"UPDATE {table} SET {name} = new.value{more} "  # noqa: S608 (names of ours)
            "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(id uuid, value jsonb) "
            f"WHERE {table}.id = new.id",
            rows=json.dumps([{"id": row_id, "value": values} for row_id, values in changed.items()]),
        )

    def _mark(self, places: Sequence[Place]) -> None:
        """Nobody else may write these subscriptions from here on, and what is derived from them becomes due."""
        slugs = sorted({slug for slug, _ in places})
        self._run("LOCK TABLE subscriptions, runs IN SHARE ROW EXCLUSIVE MODE")
        live = self._run(
            "SELECT runs.id, runs.status, s.description FROM runs JOIN subscriptions AS s ON s.id = subscription_id "
            "WHERE s.product_slug = ANY(:slugs) "
            "AND runs.status NOT IN ('completed', 'failed', 'rolled-back', 'cancelled') LIMIT 1",
            slugs=slugs,
        ).first()
        if live is not None and not self._trial:
            raise Conflict(
                f"Run {live.id} ({live.status}) works on {live.description}, whose stored values change: wait for it "
                "(a run that awaits approval: approve or cancel it), stop the workers, and upgrade again."
            )
        self._run("UPDATE products SET rewritten = true WHERE slug = ANY(:slugs)", slugs=slugs)

    def _run(self, statement: str, **values: object):  # type: ignore[no-untyped-def]  # noqa: ANN202 (rows of any shape)
        return self._connection.execute(text(statement), values)


def read_catalogue(connection: Connection) -> Catalogue:
    """The catalogue that the database has; removed products are not part of it."""
    blocks = {
        row.name: cast("dict[str, Field]", row.fields)
        for row in connection.execute(text("SELECT name, fields FROM product_blocks ORDER BY name"))
    }
    products = connection.execute(
        text(
            "SELECT slug, name, description, block, fixed_inputs, status, customers FROM products "
            "WHERE status <> 'removed' ORDER BY slug"
        )
    )
    return Catalogue(
        blocks,
        {
            row.slug: ProductState(
                row.name, row.description, row.block, row.fixed_inputs, row.status, tuple(row.customers)
            )
            for row in products
        },
    )
