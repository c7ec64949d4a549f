"""A corner of the real NetBox for these tests, in it names of its own for each."""

import dataclasses
import random
import uuid
from collections.abc import Callable, Iterator

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
def corner(prepared: dict[str, str]) -> World:
    """A site and two pools of each kind, with room for the orders of all tests."""
    name = uuid.uuid4().hex[:8]
    made = World(prepared["NETBOX_URL"], prepared["NETBOX_TOKEN"], name, name)
    made.declare(
        ("dcim.site", [{"slug": made.site, "name": f"Site {name}", "status": "active"}]),
        ("ipam.role", [{"slug": f"{role}-{name}", "name": f"{role} {name}"} for role in ("loopback", "core-link")]),
    )
    made.pool("loopback", f"{ipv4(64)}/24", f"{ipv6()}/64")
    made.pool("core-link", f"{ipv4(128)}/24", f"{ipv6()}/48")
    return made


@pytest.fixture
def world(corner: World) -> Iterator[World]:
    """Orders of one test."""
    made = dataclasses.replace(corner, name=uuid.uuid4().hex[:8], circuits=[])
    yield made
    made.free_interfaces()


@pytest.fixture(scope="module")
def standing(corner: World) -> World:
    """Orders for all tests of a module, which only look at them or build upon them."""
    return dataclasses.replace(corner, name=uuid.uuid4().hex[:8], circuits=[])


@pytest.fixture(scope="module")
def pair(standing: World) -> tuple[NodeOrder, NodeOrder]:
    """Two nodes."""
    a, z = standing.node("a"), standing.node("z")
    standing.run(a)
    standing.run(z)
    return a, z


@pytest.fixture(scope="session")
def management() -> Callable[[], str]:
    """Management addresses, each another."""
    return lambda: f"10.{190 + random.randrange(60)}.{random.randrange(256)}.{1 + random.randrange(250)}/16"
