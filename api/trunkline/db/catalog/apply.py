"""Carry changes out: in a migration, and on trial before one is written."""

from collections.abc import Mapping, Sequence

from alembic import op
from pydantic import ValidationError
from sqlalchemy import Connection, text

from trunkline.catalog import Product
from trunkline.catalog.block import Block, at_stage
from trunkline.db.catalog.changes import Change
from trunkline.db.catalog.state import of_code
from trunkline.db.catalog.stored import Stored, read_catalogue
from trunkline.errors import Conflict, field_errors


def upgrade(changes: Sequence[Change], revision: str) -> None:
    """Called by a migration: carry out its changes, in order."""
    apply(changes, Stored(op.get_bind(), revision))


def downgrade(changes: Sequence[Change], revision: str) -> None:
    """Called by a migration: undo its changes, the last first. Removed values come back from where they were kept."""
    apply(_undo(changes), Stored(op.get_bind(), revision))


def apply(changes: Sequence[Change], stored: Stored) -> None:
    """Carry out `changes` on the database. Raises Conflict before or in the middle; the caller rolls back."""
    catalogue = stored.read()
    for change in changes:
        after = change.on(catalogue)
        change.rewrite(stored, catalogue)
        stored.write(catalogue, after)
        # As it now is: what a rename wrote by itself is there already.
        catalogue = stored.read()


def try_out(connection: Connection, changes: Sequence[Change], products: Mapping[str, Product]) -> None:
    """Carry out the changes and undo them; the caller rolls back. Raises Conflict naming what stands against them."""
    before = read_catalogue(connection)
    stored = Stored(connection, "trial", trial=True)
    apply(changes, stored)
    if stored.read() != of_code(products):
        raise AssertionError(f"the changes {changes} do not lead from the database to the code")
    settle(connection, products)
    apply(_undo(changes), stored)
    if stored.read() != before:
        raise AssertionError(f"the changes {changes} cannot be undone")


def settle(connection: Connection, products: Mapping[str, Product]) -> None:
    """Renew what the code derives from subscriptions that migrations have rewritten: claims and descriptions.

    Also proves that the code can read them. Raises Conflict naming the subscription that it cannot read.
    """
    due = connection.execute(text("SELECT slug FROM products WHERE rewritten ORDER BY slug")).scalars().all()
    for slug in due:
        if slug in products:
            _settle(connection, products[slug])
    connection.execute(text("UPDATE products SET rewritten = false WHERE rewritten"))


def _settle(connection: Connection, product: Product) -> None:
    rows = connection.execute(
        text(
            "SELECT s.id, s.description, s.block, array_remove(array_agg(c.what), NULL) AS claims FROM subscriptions s "
            "LEFT JOIN claims c ON c.subscription_id = s.id "
            "WHERE s.product_slug = :slug AND s.status <> 'terminated' GROUP BY s.id"
        ),
        {"slug": product.slug},
    ).all()
    claims: list[tuple[str, str]] = []
    model = at_stage(product.block, "initial")
    changed = []
    for row in rows:
        block = _read(model, product, row.id, row.description, row.block)
        if set(row.claims) != set(block.claims()):
            claims += [(what, str(row.id)) for what in block.claims()]
            changed.append(row.id)
        if block.describe() != row.description:
            connection.execute(
                text("UPDATE subscriptions SET description = :text WHERE id = :id"),
                {"text": block.describe(), "id": row.id},
            )
    connection.execute(text("DELETE FROM claims WHERE subscription_id = ANY(:ids)"), {"ids": changed})
    for what, subscription in claims:
        given = connection.execute(
            text(
                "INSERT INTO claims (what, subscription_id) VALUES (:what, :id) ON CONFLICT (what) DO UPDATE "
                "SET what = excluded.what RETURNING subscription_id"
            ),
            {"what": what, "id": subscription},
        ).scalar_one()
        if str(given) != subscription:
            raise Conflict(f"Both {subscription} and {given} would claim {what}: terminate one of them first.")


def _read(model: type[Block], product: Product, row_id: object, description: str, values: dict[str, object]) -> Block:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{item.field}: {item.message}" for item in field_errors(error.errors(), "block."))
        raise Conflict(
            f"{description} ({row_id}) would not fit {product.slug} as the code defines it: {wrong}. Give new fields "
            "a default, convert the values in the migration, or modify the subscription first."
        ) from None


def _undo(changes: Sequence[Change]) -> list[Change]:
    return [change.inverse() for change in reversed(changes)]
