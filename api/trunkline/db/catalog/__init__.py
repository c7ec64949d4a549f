"""The catalogue in the database: kept in step with the code by migrations.

`trunkline db revision` compares the two and writes a migration: a list of the changes below, each of which knows how
to be undone. Migrations import from here and stay in use for years, so these names and their fields stay.
"""

from trunkline.db.catalog.apply import downgrade, upgrade
from trunkline.db.catalog.changes import (
    AddField,
    Change,
    ChangeField,
    ChangeFixedInput,
    ChangeProduct,
    CreateBlock,
    CreateProduct,
    RemoveBlock,
    RemoveField,
    RemoveProduct,
    RenameBlock,
    RenameField,
    RenameFixedInput,
    RenameProduct,
)

__all__ = [
    "AddField",
    "Change",
    "ChangeField",
    "ChangeFixedInput",
    "ChangeProduct",
    "CreateBlock",
    "CreateProduct",
    "RemoveBlock",
    "RemoveField",
    "RemoveProduct",
    "RenameBlock",
    "RenameField",
    "RenameFixedInput",
    "RenameProduct",
    "downgrade",
    "upgrade",
]
