"""A corner of the real NetBox for each test, gone afterwards."""

import random
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.netbox.netbox_world import World, ipv4, ipv6, playbook


@pytest.fixture(scope="session")
def prepared(netbox: dict[str, str]) -> dict[str, str]:
    """NetBox, bootstrapped as the workshop wants it."""
    done = playbook(netbox, "netbox_bootstrap", "-e", "@examples/workshop.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    return netbox


@pytest.fixture
def world(prepared: dict[str, str]) -> Iterator[World]:
    """A site and two pools of each kind, of a size for a handful of orders."""
    name = uuid.uuid4().hex[:8]
    made = World(prepared["NETBOX_URL"], prepared["NETBOX_TOKEN"], name)
    made.declare(
        ("dcim.site", [{"slug": f"site-{name}", "name": f"Site {name}", "status": "active"}]),
        ("ipam.role", [{"slug": f"{role}-{name}", "name": f"{role} {name}"} for role in ("loopback", "core-link")]),
    )
    try:
        made.pool("loopback", f"{ipv4(64)}/24", f"{ipv6()}/64")
        made.pool("core-link", f"{ipv4(128)}/24", f"{ipv6()}/48")
        yield made
    finally:
        made.remove()


@pytest.fixture
def management() -> Callable[[], str]:
    """Management addresses, each another."""
    return lambda: f"10.{190 + random.randrange(60)}.{random.randrange(256)}.{1 + random.randrange(250)}/16"
