"""The fixture `routers`: two routers, fresh for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.lab.frr_network import TOPOLOGY, Routers
from trunkline.dev.lab import Lab


class Slot(Protocol):
    """What tests/lab/conftest.py gives a session: names and addresses of its own."""

    def load(self, path: Path, which: int) -> Lab:
        """A lab of the file `path` under the session's names."""


@pytest.fixture
def routers(slot: Slot, tmp_path: Path) -> Iterator[Routers]:
    """Two routers with nothing configured, cabled eth1 to eth1 and eth2 to eth2."""
    topology = tmp_path / "frr.clab.yml"
    topology.write_text(TOPOLOGY)
    lab = slot.load(topology, which=1)
    lab.up()
    try:
        yield Routers(lab, tmp_path)
    finally:
        lab.down()
