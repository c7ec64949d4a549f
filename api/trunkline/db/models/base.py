"""What all tables share."""

import enum
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Enum, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

type JsonObject = dict[str, object]


class Base(DeclarativeBase):
    """Base of all tables; constraints get names by rule, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        JsonObject: JSONB,
        dict[str, object]: JSONB,
    }


def text_enum(type_: type[enum.StrEnum]) -> Enum:
    """A column type for the values of `type_`."""
    # Text with the value, not a PostgreSQL enum: a new value then needs no migration of the type.
    return Enum(
        type_, native_enum=False, create_constraint=False, length=32, values_callable=lambda e: [m.value for m in e]
    )
