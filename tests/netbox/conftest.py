"""A corner of the real NetBox for these tests, in it names of its own for each."""

import dataclasses
import random
import uuid
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import World, new_corner, playbook


@pytest.fixture(scope="session")
def prepared(netbox: dict[str, str]) -> dict[str, str]:
    """NetBox, bootstrapped as the workshop wants it."""
    done = playbook(netbox, "netbox_bootstrap", "-e", "@examples/workshop.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    return netbox


@pytest.fixture(scope="session")
def corner(prepared: dict[str, str]) -> World:
    """A corner for all tests."""
    return new_corner(prepared)


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
