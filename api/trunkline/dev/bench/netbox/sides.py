"""The sides that are compared: how each is told to carry out the same orders."""

import json
import sys
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from trunkline.dev.bench.netbox.orders import POOLS, Order
from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT

_HERE = Path(__file__).parent
_BIN = Path(sys.executable).parent
_PEERS = PROJECT / ".trunkline" / "bench-venv"
_ANSIBLE = {"ANSIBLE_CONFIG": str(_HERE / "ansible.cfg")}


class Side:
    """One way to carry out orders. `env` is added to the command's environment."""

    name: ClassVar[str]
    env: ClassVar[dict[str, str]] = {}

    @abstractmethod
    def command(self, kind: str, state: str, orders: list[Order], folder: Path) -> list[str]:
        """The command for these orders, whose input is written into the folder."""


class Ours(Side):
    """The collection trunkline.network: one task."""

    name = "trunkline.network"
    env: ClassVar = {**_ANSIBLE, "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / "collections")}

    def command(self, kind: str, state: str, orders: list[Order], folder: Path) -> list[str]:
        """`ansible-playbook` with the orders as an extra variable."""
        given = folder / "orders.json"
        given.write_text(json.dumps({"state": state, "orders": orders}))
        return [str(_BIN / "ansible-playbook"), str(_HERE / "ours" / f"{kind}.yml"), "-e", f"@{given}"]


class Peer(Side):
    """The collection netbox.netbox: a task an object, a host an order."""

    name = "netbox.netbox"
    env: ClassVar = _ANSIBLE

    def command(self, kind: str, state: str, orders: list[Order], folder: Path) -> list[str]:
        """`ansible-playbook` with the orders as inventory."""
        playbook = _PEERS / "bin" / "ansible-playbook"
        if not playbook.exists():
            raise DevError(f"netbox.netbox is not installed ({playbook} is missing); `make bench` installs it.")
        hosts = {f"order{number}": {"wanted": order} for number, order in enumerate(orders)}
        pools = {"loopback_pools": POOLS["loopback"], "link_pools": POOLS["core-link"]}
        interpreter = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        given = folder / "inventory.json"
        given.write_text(json.dumps({"orders": {"hosts": hosts, "vars": {**pools, **interpreter}}}))
        return [str(playbook), str(_HERE / "peer" / f"{kind}_{state}.yml"), "-i", str(given)]


class Floor(Side):
    """A script on pynetbox, in bulk and with no more safety than a script has: nothing can be much faster."""

    name = "pynetbox script"

    def command(self, kind: str, state: str, orders: list[Order], folder: Path) -> list[str]:
        """`python` with the orders as a file."""
        given = folder / "orders.json"
        given.write_text(json.dumps(orders))
        return [sys.executable, str(_HERE / "floor" / f"{kind}.py"), state, str(given)]


OURS, PEER, FLOOR = Ours(), Peer(), Floor()
SIDES = (OURS, PEER, FLOOR)


def launch() -> list[str]:
    """An `ansible-playbook` with one debug task: what no playbook can go below."""
    return [str(_BIN / "ansible-playbook"), str(_HERE / "ours" / "launch.yml")]
