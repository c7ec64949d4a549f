"""Databases for services of the tests, each with the newest tables and nothing in them."""

import uuid

from trunkline.db.migrate import upgrade
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State
from trunkline.settings import Settings

_MIGRATED = "migrated"


def migrated_database(state: State) -> str:
    """A new database; returns its URL. The migrations run once a session: each further one is a copy."""
    if embedded_postgres.ensure_database(state, _MIGRATED):
        upgrade(Settings(database_url=embedded_postgres.url(state, _MIGRATED)))
    name = f"service_{uuid.uuid4().hex[:12]}"
    embedded_postgres.sql(state, f"CREATE DATABASE {name} TEMPLATE {_MIGRATED}")
    return embedded_postgres.url(state, name)


def empty_database(state: State) -> str:
    """A new database without tables; returns its URL."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(state, name)
    return embedded_postgres.url(state, name)
