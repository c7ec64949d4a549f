"""A corner of the real NetBox for each test, gone afterwards."""

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import World, ipv4, ipv6, playbook


@pytest.fixture(scope="session")
def prepared(netbox: dict[str, str]) -> dict[str, str]:
    """NetBox, bootstrapped as the workshop wants it."""
    done = playbook(netbox, "netbox_bootstrap", "-e", "@examples/workshop.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    return netbox


@pytest.fixture(scope="session")
def corner(prepared: dict[str, str]) -> Iterator[World]:
    """A site and two pools of each kind, of a size for a handful of orders; each test has it for itself."""
    name = uuid.uuid4().hex[:8]
    made = World(prepared["NETBOX_URL"], prepared["NETBOX_TOKEN"], name, name)
    made.declare(
        ("dcim.site", [{"slug": made.site, "name": f"Site {name}", "status": "active"}]),
        ("ipam.role", [{"slug": f"{role}-{name}", "name": f"{role} {name}"} for role in ("loopback", "core-link")]),
    )
    try:
        made.pool("loopback", f"{ipv4(64)}/24", f"{ipv6()}/64")
        made.pool("core-link", f"{ipv4(128)}/24", f"{ipv6()}/48")
        yield made
    finally:
        made.remove()


@pytest.fixture
def world(corner: World) -> Iterator[World]:
    """Orders of one test, gone afterwards."""
    with _orders_in(corner) as made:
        yield made


@pytest.fixture(scope="module")
def standing(corner: World) -> Iterator[World]:
    """Orders for all tests of a module, which only look at them or build upon them."""
    with _orders_in(corner) as made:
        yield made


@pytest.fixture(scope="module")
def pair(standing: World) -> tuple[NodeOrder, NodeOrder]:
    """Two nodes."""
    a, z = standing.node("a"), standing.node("z")
    standing.run(a)
    standing.run(z)
    return a, z


@contextmanager
def _orders_in(corner: World) -> Iterator[World]:
    made = World(corner.url, corner.token, uuid.uuid4().hex[:8], corner.corner)
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def management() -> Callable[[], str]:
    """Management addresses, each another."""
    return lambda: f"10.{190 + random.randrange(60)}.{random.randrange(256)}.{1 + random.randrange(250)}/16"
