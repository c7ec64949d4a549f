"""Subscriptions by the hundred thousand: straight into the tables, as years of orders would leave them."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

_NAMESPACE = uuid.UUID("6f1f6a3e-0d0c-4f5e-9d0f-0b6d3c2a7a11")
_CUSTOMERS = 50
# One node to four circuits, so that each node is in use by eight ends.
_CIRCUITS_A_NODE = 4
_BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
_STATUSES = ("active",) * 17 + ("provisioning", "initial", "terminated")


def fill(libpq_url: str, count: int) -> None:
    """Store `count` subscriptions for 50 customers, of which every fifth is a node. The tables must be empty."""
    nodes = count // (_CIRCUITS_A_NODE + 1)
    with psycopg.connect(libpq_url) as connection:
        # Its rows would only make the seeding slow: no figure reads them.
        connection.execute("ALTER TABLE subscriptions DISABLE TRIGGER trunkline_record_change")
        _copy(connection, "customers", ("id", "shortcode", "name"), _customers())
        columns = (
            *("id", "product_slug", "customer_id", "status", "insync", "touched", "description", "note", "block"),
            *("start_date", "created_at", "updated_at"),
        )
        _copy(connection, "subscriptions", columns, _subscriptions(nodes, count - nodes))
        uses = ("subscription_id", "path", "depends_on_id")
        _copy(connection, "dependencies", uses, _dependencies(nodes, count - nodes))
        connection.execute("ALTER TABLE subscriptions ENABLE TRIGGER trunkline_record_change")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def identity(kind: str, number: int) -> uuid.UUID:
    """The id of the customer, node or circuit with this number: the same in every run."""
    return uuid.uuid5(_NAMESPACE, f"{kind} {number}")


def _copy(
    connection: psycopg.Connection, table: str, columns: tuple[str, ...], rows: Iterator[tuple[object, ...]]
) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)) as copy:
        for row in rows:
            copy.write_row(row)


def _customers() -> Iterator[tuple[object, ...]]:
    for number in range(_CUSTOMERS):
        yield identity("customer", number), f"customer-{number}", f"Customer {number}"


def _subscriptions(nodes: int, circuits: int) -> Iterator[tuple[object, ...]]:
    for number in range(nodes):
        name, site = _node(number), f"site-{number % 200}"
        block = {
            "name": name,
            "site": site,
            "role": "pe",
            "management": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/8",
            "netbox_id": number + 1,
            "loopback_ipv4": f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}/32",
            "loopback_ipv6": f"fc00::{number:x}/128",
        }
        # What others depend on is in service.
        yield _row("node", "node-frr", number, "active", f"Node {name} at {site}", block)
    for number in range(circuits):
        a, z = _ends(number, nodes)
        block = {
            "a": {
                "node": _node(a),
                "interface": f"eth{number % 8}",
                "ipv4": f"10.1.{number >> 8 & 255}.{number & 255}/31",
            },
            "z": {
                "node": _node(z),
                "interface": f"eth{number % 8}",
                "ipv4": f"10.2.{number >> 8 & 255}.{number & 255}/31",
            },
            "isis_metric": 10,
            "under_maintenance": False,
            "netbox_id": number + 1,
            "cid": f"TL-{number}",
        }
        text = f"Core circuit {_node(a)}:eth{number % 8} - {_node(z)}:eth{number % 8}"
        yield _row("circuit", "core-circuit-10g", number, _STATUSES[number % len(_STATUSES)], text, block)


def _row(kind: str, product: str, number: int, status: str, description: str, block: object) -> tuple[object, ...]:
    # Nodes and circuits over the same years.
    when = _BEGAN + timedelta(minutes=7 * number * (_CIRCUITS_A_NODE if kind == "node" else 1))
    customer = identity("customer", number % _CUSTOMERS)
    started = when if status in ("active", "terminated") else None
    ordered = (identity(kind, number), product, customer, status, status == "active", True, description, "")
    return (*ordered, json.dumps(block), started, when, when)


def _dependencies(nodes: int, circuits: int) -> Iterator[tuple[object, ...]]:
    for number in range(circuits):
        for path, end in zip(("a.node", "z.node"), _ends(number, nodes), strict=True):
            yield identity("circuit", number), path, identity("node", end)


def _node(number: int) -> str:
    return f"r{number:05d}-pe"


def _ends(number: int, nodes: int) -> tuple[int, int]:
    a = number % nodes
    return a, (a + 1 + number // nodes) % nodes
