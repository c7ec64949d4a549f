"""One network for all tests of this folder: ordering it takes a minute of two cores."""

from collections.abc import Iterator

import pytest

from tests.lab.conftest import Slot
from tests.lab.network.world import World
from tests.lab.workshop import Site, workshop
from trunkline.dev.state import PROJECT

# With hosts of customers at the routers, for the tests of ports and L2VPNs.
TOPOLOGY = PROJECT / "inventory/services.clab.yml"


@pytest.fixture(scope="package")
def world(slot: Slot, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The workshop's network, ordered over REST; each test leaves it as it was."""
    lab, folder = slot.load(TOPOLOGY, which=2), tmp_path_factory.mktemp("workshop")
    with workshop(site, TOPOLOGY, lab, folder) as (stack, scenario):
        made = World(stack, scenario)
        made.order_everything()
        yield made
        made.client.close()
