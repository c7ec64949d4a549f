"""One network for all tests of this folder: ordering it takes a minute of two cores."""

from collections.abc import Iterator

import pytest

from tests.lab.conftest import Slot
from tests.lab.network.world import World
from tests.lab.workshop import brought_up, no_orders, workshop_file
from trunkline.dev.scenario import Scenario
from trunkline.dev.stack import Ports, Stack
from trunkline.dev.state import PROJECT, State

# With hosts of customers at the routers, for the tests of ports and L2VPNs.
TOPOLOGY = PROJECT / "inventory/services.clab.yml"


@pytest.fixture(scope="package")
def world(
    slot: Slot, netbox: dict[str, str], ports: Ports, state: State, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The workshop's network, ordered over REST; each test leaves it as it was."""
    lab = slot.load(TOPOLOGY, which=2)
    file = workshop_file(lab, tmp_path_factory.mktemp("workshop"))
    stack = Stack(state, TOPOLOGY, lab, ports)
    with no_orders(netbox):
        try:
            with brought_up(stack, file):
                made = World(stack, Scenario.load(file))
                made.order_everything()
                yield made
                made.client.close()
        finally:
            lab.down()
