"""Migrations of the catalogue on a database with data: both ways, and refused where data stands against them."""

import dataclasses
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

import pytest
import sqlalchemy as sa
from pydantic import create_model

from trunkline.catalog import PRODUCTS, Block, From, Product
from trunkline.catalog.products.node import NodeBlock
from trunkline.catalog.types import Changeable, Hostname, InterfaceName, ManagementAddress, NodeName, Slug, Uses
from trunkline.db.catalog.apply import apply, settle, try_out
from trunkline.db.catalog.changes import Change
from trunkline.db.catalog.compare import Answers, compare
from trunkline.db.catalog.state import defaults_of, of_code
from trunkline.db.catalog.stored import Stored, read_catalogue
from trunkline.errors import Conflict
from trunkline.settings import Settings

NODE, OTHER, VPN, GONE = (uuid.UUID(int=number) for number in range(1, 5))


class PointBlock(Block, name="Point"):
    node: NodeName
    port: InterfaceName


class VpnBlock(Block, name="Vpn"):
    name: str
    points: list[PointBlock]

    def claims(self) -> list[str]:
        return [f"port {point.port} of {point.node}" for point in self.points]


class RouterBlock(Block, name="Node"):
    """The node's block, with `role` called `function`."""

    name: Hostname
    site: Annotated[Slug, Changeable]
    function: Annotated[Slug, Changeable]
    management: ManagementAddress
    netbox_id: From["provisioning", int]  # noqa: F821

    def describe(self) -> str:
        return f"Router {self.name}"

    def claims(self) -> list[str]:
        return [f"router {self.name}"]


class RenamedPointBlock(Block, name="Point"):
    device: Annotated[str, Uses("Node", "name")]
    port: InterfaceName


class RenamedVpnBlock(Block, name="Vpn"):
    name: str
    ends: list[RenamedPointBlock]

    def claims(self) -> list[str]:
        return [f"port {point.port} of {point.device}" for point in self.ends]


def vpn(block: type[Block]) -> Product:
    return Product("vpn", "VPN", "A VPN", block, {}, "x.yml", "y.yml")


HERE = {**PRODUCTS, "vpn": vpn(VpnBlock)}


def extended(**fields: Any) -> type[Block]:
    """The node's block with other fields."""
    return cast("type[Block]", create_model("Extended", __base__=NodeBlock, **fields))


def with_node(block: type[Block]) -> dict[str, Product]:
    nodes = [product for product in HERE.values() if product.block is NodeBlock]
    return HERE | {product.slug: dataclasses.replace(product, block=block) for product in nodes}


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A database whose catalogue is `HERE`, with a node that a VPN uses, another node and a terminated one."""
    settings = Settings(database_url=database_url)
    engine = sa.create_engine(settings.database_url)
    try:
        with engine.begin() as connection:
            apply(changes_to(connection, HERE), Stored(connection, "before"))
            customer = uuid.uuid4()
            connection.execute(
                sa.text("INSERT INTO customers (id, shortcode, name) VALUES (:id, 'noc', 'NOC')"), {"id": customer}
            )
            node = {"site": "ams", "role": "pe", "netbox_id": 7}
            rows = [
                (NODE, "node-frr", "active", {**node, "name": "ams-pe", "management": "10.0.0.1/24"}),
                (OTHER, "node-frr", "initial", {**node, "name": "par-p", "management": "10.0.0.2/24"}),
                (GONE, "node-frr", "terminated", {**node, "name": "old", "management": "10.0.0.3/24"}),
                (VPN, "vpn", "active", {"name": "red", "points": [point("ams-pe", "eth1"), point("par-p", "eth2")]}),
            ]
            for row_id, slug, status, block in rows:
                values = {
                    "id": row_id,
                    "slug": slug,
                    "customer": customer,
                    "status": status,
                    "block": json.dumps(block),
                }
                connection.execute(
                    sa.text(
                        "INSERT INTO subscriptions (id, product_slug, customer_id, status, insync, touched, "
                        "description, note, block) VALUES (:id, :slug, :customer, :status, true, true, 'as ordered', "
                        "'', :block)"
                    ),
                    values,
                )
                connection.execute(
                    sa.text(
                        "INSERT INTO runs (id, subscription_id, target, status, approval, before, desired, "
                        "attempt, stage_attempts, created_by) VALUES (:id, :id, 'modify', 'failed', 'auto', :block, "
                        ":block, 1, 0, 'test')"
                    ),
                    values,
                )
            for number, target in enumerate((NODE, OTHER)):
                connection.execute(
                    sa.text(
                        "INSERT INTO dependencies (subscription_id, path, depends_on_id) VALUES (:id, :path, :target)"
                    ),
                    {"id": VPN, "path": f"points.{number}.node", "target": target},
                )
            connection.execute(sa.text("UPDATE products SET rewritten = true"))
            settle(connection, HERE)
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is rolled back: each test begins with the same data."""
    with engine.connect() as connection:
        yield connection


def point(node: str, port: str) -> dict[str, str]:
    return {"node": node, "port": port}


def changes_to(
    connection: sa.Connection, products: Mapping[str, Product], *renames: str, **defaults: object
) -> list[Change]:
    answers = Answers(frozenset(renames), defaults={name.replace("__", "."): value for name, value in defaults.items()})
    found = compare(read_catalogue(connection), of_code(products), defaults_of(products), answers)
    assert found.undecided == []
    return found.changes


def change(
    connection: sa.Connection, products: Mapping[str, Product], *renames: str, **defaults: object
) -> list[Change]:
    """Migrate to these products, as `trunkline db upgrade` does."""
    changes = changes_to(connection, products, *renames, **defaults)
    apply(changes, Stored(connection, "0099"))
    settle(connection, products)
    return changes


def undo(connection: sa.Connection, changes: list[Change]) -> None:
    apply([item.inverse() for item in reversed(changes)], Stored(connection, "0099"))
    settle(connection, HERE)


def everything(connection: sa.Connection) -> dict[str, Any]:
    """All data that a migration of the catalogue may touch."""
    queries = {
        "catalogue": "SELECT name, fields FROM product_blocks ORDER BY name",
        "products": "SELECT slug, name, block, fixed_inputs, status, customers, rewritten FROM products ORDER BY slug",
        "subscriptions": "SELECT id, product_slug, block, description FROM subscriptions ORDER BY id",
        "runs": "SELECT id, before, desired FROM runs ORDER BY id",
        "dependencies": "SELECT path, depends_on_id FROM dependencies ORDER BY path",
        "claims": "SELECT what, subscription_id FROM claims ORDER BY what",
        "kept": "SELECT field, path FROM removed_values ORDER BY id",
    }
    return {name: [tuple(row) for row in connection.execute(sa.text(query))] for name, query in queries.items()}


def block_of(connection: sa.Connection, row_id: uuid.UUID, column: str = "subscriptions.block") -> dict[str, Any]:
    table, _, name = column.partition(".")
    found = connection.execute(sa.text(f"SELECT {name} FROM {table} WHERE id = :id"), {"id": row_id}).scalar_one()
    assert isinstance(found, dict)
    return found


def test_a_renamed_field_is_renamed_wherever_it_is_stored(connection: sa.Connection) -> None:
    before = everything(connection)
    products = {**HERE, "vpn": vpn(RenamedVpnBlock)}
    changes = change(connection, products, "Vpn.points=Vpn.ends", "Point.node=Point.device")
    after = everything(connection)
    ends = [{"device": "ams-pe", "port": "eth1"}, {"device": "par-p", "port": "eth2"}]
    for column in ("subscriptions.block", "runs.before", "runs.desired"):
        assert block_of(connection, VPN, column) == {"name": "red", "ends": ends}
    assert [path for path, _ in after["dependencies"]] == ["ends.0.device", "ends.1.device"]
    assert after["claims"] == before["claims"]
    undo(connection, changes)
    assert everything(connection) == before


def test_claims_and_descriptions_follow_the_code(connection: sa.Connection) -> None:
    before = everything(connection)
    changes = change(connection, with_node(RouterBlock), "Node.role=Node.function")
    after = everything(connection)
    assert {row[3] for row in after["subscriptions"]} == {"Router ams-pe", "Router par-p", "as ordered", "Vpn"}
    assert [what for what, owner in after["claims"] if owner == NODE] == ["router ams-pe"]
    assert block_of(connection, GONE)["function"] == "pe"
    undo(connection, changes)
    assert everything(connection) == before


def test_a_new_field_gets_its_default_where_something_lives(connection: sa.Connection) -> None:
    before = everything(connection)
    block = extended(rack=(str, "A1"), note=(str | None, None))
    changes = change(connection, with_node(block), Node__rack="B2")
    assert block_of(connection, NODE)["rack"] == block_of(connection, OTHER, "runs.desired")["rack"] == "B2"
    assert "rack" not in block_of(connection, GONE)
    assert "note" not in block_of(connection, NODE)
    connection.execute(
        sa.text('UPDATE subscriptions SET block = block || \'{"rack": "C3"}\' WHERE id = :id'), {"id": NODE}
    )
    undo(connection, changes)
    kept = everything(connection)
    assert len(kept.pop("kept")) > 0
    assert kept == {name: rows for name, rows in before.items() if name != "kept"}
    apply(changes, Stored(connection, "0099"))
    assert (block_of(connection, NODE)["rack"], block_of(connection, OTHER)["rack"]) == ("C3", "B2")


def test_a_removed_field_comes_back_with_its_values_and_dependencies(connection: sa.Connection) -> None:
    class PortBlock(Block, name="Point"):
        port: InterfaceName

    class PortsBlock(Block, name="Vpn"):
        name: str
        points: list[PortBlock]

    before = everything(connection)
    changes = change(connection, {**HERE, "vpn": vpn(PortsBlock)})
    assert block_of(connection, VPN) == {"name": "red", "points": [{"port": "eth1"}, {"port": "eth2"}]}
    after = everything(connection)
    assert after["dependencies"] == []
    assert "port eth1 of ams-pe" not in [what for what, _ in after["claims"]]
    undo(connection, changes)
    assert everything(connection) == before


def test_a_product_with_living_subscriptions_is_not_removed(connection: sa.Connection) -> None:
    products = {"node-frr": HERE["node-frr"]}
    with pytest.raises(Conflict, match=rf"vpn cannot be removed while.*{VPN}.*terminate these first.*end-of-life"):
        change(connection, products)


def test_a_product_is_removed_when_only_terminated_subscriptions_had_it(connection: sa.Connection) -> None:
    connection.execute(sa.text("UPDATE subscriptions SET status = 'terminated' WHERE id = :id"), {"id": VPN})
    connection.execute(sa.text("DELETE FROM dependencies"))
    before = everything(connection)
    changes = change(connection, {"node-frr": HERE["node-frr"]})
    rows = connection.execute(sa.text("SELECT status, block FROM products WHERE slug = 'vpn'")).one()
    assert tuple(rows) == ("removed", None)
    assert sorted(read_catalogue(connection).blocks) == ["Node"]
    undo(connection, changes)
    assert everything(connection) == before


def test_a_product_and_a_block_are_renamed_with_all_that_refers_to_them(connection: sa.Connection) -> None:
    class Router(NodeBlock, name="Router"):
        pass

    class RouterPoint(Block, name="Point"):
        node: Annotated[str, Uses("Router", "name")]
        port: InterfaceName

    class RouterVpn(VpnBlock, name="Vpn"):
        points: list[RouterPoint]  # type: ignore[assignment]

    before = everything(connection)
    node = dataclasses.replace(HERE["node-frr"], slug="router-frr", block=Router)
    changes = change(connection, {"router-frr": node, "vpn": vpn(RouterVpn)}, "Node=Router", "node-frr=router-frr")
    assert {row[1] for row in everything(connection)["subscriptions"]} == {"router-frr", "vpn"}
    undo(connection, changes)
    assert everything(connection) == before


def test_what_stored_values_do_not_fit_is_refused_by_subscription_and_field(connection: sa.Connection) -> None:
    block = extended(role=(int, ...))
    changes = changes_to(connection, with_node(block))
    with pytest.raises(
        Conflict, match=r"would not fit node-frr.*block\.role: Input should be a valid integer.*convert"
    ):
        try_out(connection, changes, with_node(block))


def test_a_run_under_way_is_not_overtaken(connection: sa.Connection) -> None:
    connection.execute(sa.text("UPDATE runs SET status = 'awaiting-approval' WHERE id = :id"), {"id": NODE})
    changes = changes_to(connection, with_node(RouterBlock), "Node.role=Node.function")
    with pytest.raises(Conflict, match=rf"Run {NODE} \(awaiting-approval\).*approve or cancel it"):
        apply(changes, Stored(connection, "0099"))


def test_two_that_would_claim_the_same_are_both_named(connection: sa.Connection) -> None:
    class Greedy(RouterBlock, name="Node"):
        def claims(self) -> list[str]:
            return ["the one name"]

    with pytest.raises(Conflict, match=rf"(?=.*{NODE})(?=.*{OTHER}).*would claim the one name"):
        change(connection, with_node(Greedy), "Node.role=Node.function")
