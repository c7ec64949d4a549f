"""The fixture `routers`: two routers with nothing configured, started once for a module and emptied after each test."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.frr_commands import direct_commands
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import Stanza
from tests.lab.frr_network import TOPOLOGY, Routers
from trunkline.dev.lab import Lab

# Their names stand so that the shell that ends them is not one of those that are found.
_EMPTY = """
pkill -KILL -f '[f]rr_run_modules|[A]nsiballZ'
rm -rf /run/frr/trunkline* /run/frr/truth /etc/frr/trunkline* /etc/frr/*.sav
echo "hostname $(hostname)" > /etc/frr/frr.conf
"""
_RELOAD = "/usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf"
_WAYS = ("vtysh -f /var/log/frr/empty.commands", _RELOAD, _RELOAD)
State = tuple[dict[str, str], str]


class Slot(Protocol):
    """What tests/lab/conftest.py gives a session: names and addresses of its own."""

    def load(self, path: Path, which: int) -> Lab:
        """A lab of the file `path` under the session's names."""


@pytest.fixture(scope="module")
def two_routers(slot: Slot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Routers, dict[str, State]]]:
    """Two routers, cabled eth1 to eth1 and eth2 to eth2, and what they are like when nothing is configured."""
    folder = tmp_path_factory.mktemp("frr")
    topology = folder / "frr.clab.yml"
    topology.write_text(TOPOLOGY)
    lab = slot.load(topology, which=1)
    lab.up()
    made = Routers(lab, folder)
    try:
        yield made, {name: _state(made, name) for name in lab.nodes}
    finally:
        lab.down()


@pytest.fixture
def routers(two_routers: tuple[Routers, dict[str, State]], tmp_path: Path) -> Iterator[Routers]:
    """The two routers for one test, which begins with nothing configured."""
    made, empty = two_routers
    yield replace(made, folder=tmp_path)
    for router, state in empty.items():
        if _state(made, router) != state:
            _empty(made, router, state[0])
            assert _state(made, router) == state


def _empty(routers: Routers, router: str, wanted: dict[str, str]) -> None:
    """Take back what a test has left; frr-reload is slow, and fails at first where a stanza needs another."""
    running = routers.running(router)
    stanzas = [[Stanza(*one) for one in configuration.items()] for configuration in (running, wanted)]
    commands = direct_commands(stanzas[0], stanzas[1], ["lo", "eth0", "eth1", "eth2"])
    (routers.lab.runtime / "nodes" / router / "log" / "empty.commands").write_text(commands)
    routers.lab.exec(router, ["sh", "-c", _EMPTY])
    for way in _WAYS:
        if routers.running(router) != wanted:
            routers.lab.exec(router, ["sh", "-c", f"{way} || true"])


def _state(routers: Routers, router: str) -> State:
    """All that a test can leave on a router."""
    look = "cat /etc/frr/frr.conf; ls /etc/frr /run/frr; ps -e -o args= | grep -c '[f]rr_run_modules' || true"
    return routers.running(router), routers.lab.exec(router, ["sh", "-c", look])
