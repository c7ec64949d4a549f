"""Labs of the tests' own: beside a running demo and beside another session's."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.lab.workshop import no_orders
from trunkline.dev.lab import Lab, LabError
from trunkline.dev.lab.locks import exclusive
from trunkline.dev.stack import Ports

PROJECT = Path(__file__).resolve().parents[2]
LABS = 4  # that a session has at most, each under a number of its own
PAIR = f"""\
name: pair
topology:
  defaults:
    kind: linux
    binds:
      - {PROJECT}/inventory/frr/daemons:/etc/frr/daemons
      - {PROJECT}/inventory/frr/vtysh.conf:/etc/frr/vtysh.conf
    sysctls: {{net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1, net.ipv6.conf.default.accept_dad: 0}}
  nodes:
    left: {{mgmt-ipv4: 172.20.20.11}}
    right: {{mgmt-ipv4: 172.20.20.12}}
  links:
    - endpoints: ["left:eth1", "right:eth1"]
"""


@dataclass(frozen=True)
class Slot:
    """Names and addresses that one session has for itself; the next one in the slot finds what a killed one left."""

    digest: str
    number: int

    def load(self, path: Path, which: int) -> Lab:
        """The lab of the file `path` under the `which`-th name of this slot, of LABS."""
        name = f"test-{self.digest}-{self.number}{which}"
        third = int(self.digest[:2], 16) // 16 * 16 + self.number * 4 + which
        return Lab.load(
            path, Path("/run") / name, name, f"br-{self.digest}-{self.number}{which}", f"10.254.{third}.0/24"
        )


@pytest.fixture(scope="session")
def slot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slot]:
    digest = sha256(os.fsencode(PROJECT)).hexdigest()[:6]
    path = tmp_path_factory.mktemp("pair") / "pair.clab.yml"
    path.write_text(PAIR)
    reasons = []
    for number in range(4):
        slot = Slot(digest, number)
        try:
            with exclusive(f"test session {digest}-{number}", timeout_s=0):
                labs = [slot.load(path, which) for which in range(LABS)]
                for lab in labs:
                    lab.down()
                if problems := [problem for lab in labs for problem in lab.preflight()]:
                    reasons += problems
                    continue
                yield slot
                return
        except LabError as error:
            reasons.append(str(error))
    pytest.fail("No lab can be started for the tests:\n" + "\n".join(reasons))


@pytest.fixture(scope="session")
def lab(slot: Slot) -> Iterator[Lab]:
    """The three routers of inventory/lab.clab.yml, under other addresses; for tests that leave them as they were."""
    lab = slot.load(PROJECT / "inventory/lab.clab.yml", which=0)
    lab.up()
    yield lab
    lab.down()


@pytest.fixture(scope="session")
def ports(netbox_port: int, free_port: int) -> Ports:
    """Where a stack of this session listens; one at a time."""
    return Ports(api=free_port, netbox=netbox_port)


@pytest.fixture(scope="module")
def bare_netbox(netbox: dict[str, str]) -> Iterator[dict[str, str]]:
    """The session's NetBox, for one module that orders the workshop's network: with no order's objects in it."""
    with no_orders(netbox):
        yield netbox


@pytest.fixture
def pair(slot: Slot, tmp_path: Path) -> Iterator[Lab]:
    """Two routers and a cable that are not up yet, for tests of coming and going."""
    path = tmp_path / "pair.clab.yml"
    path.write_text(PAIR)
    lab = slot.load(path, which=1)
    yield lab
    lab.down()
