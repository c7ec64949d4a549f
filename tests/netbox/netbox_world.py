"""A corner of the real NetBox that belongs to one test: its own site, pools and names."""

import dataclasses
import ipaddress
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.trunkline.network.plugins.module_utils import (
    netbox_circuit,
    netbox_circuit_plan,
    netbox_circuit_removal,
    netbox_node,
    netbox_node_plan,
    netbox_objects,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import ENDPOINTS, Outcome, converge
from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder, End
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Session, Transport

ROOT = Path(__file__).parents[2]
OWNED = (
    "dcim.device",
    "dcim.interface",
    "dcim.cable",
    "circuits.circuit",
    "circuits.circuittermination",
    "ipam.prefix",
    "ipam.ipaddress",
)


def playbook(netbox: dict[str, str], name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the project's playbooks, without any router."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), f"playbooks/{name}.yml", *arguments]
    environment = {
        **os.environ,
        **netbox,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SHOW_CUSTOM_STATS": "1",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
    }
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@dataclasses.dataclass
class World:
    """Orders and carries out, in a corner of NetBox that belongs to one test."""

    url: str
    token: str = dataclasses.field(repr=False)
    name: str
    subscriptions: list[str] = dataclasses.field(default_factory=list)
    made: list[tuple[str, int]] = dataclasses.field(default_factory=list)

    def session(self, transport: Transport | None = None) -> Session:
        return Session(self.url, self.token, transport=transport)

    def declare(self, *groups: tuple[str, list[dict[str, Any]]]) -> None:
        """Make simple objects, to be removed after the test."""
        session = self.session()
        declared = [netbox_objects.Declared(kind, items) for kind, items in groups]
        before = [{row["id"] for row in rows} for rows in netbox_objects.read(session, declared, ENDPOINTS)]
        converge(
            session,
            lambda: netbox_objects.plan(declared, netbox_objects.read(session, declared, ENDPOINTS)),
            check=False,
        )
        after = netbox_objects.read(session, declared, ENDPOINTS)
        for group, old, rows in zip(declared, before, after, strict=True):
            self.made += [(group.type, row["id"]) for row in rows if row["id"] not in old]

    def pool(self, role: str, *prefixes: str) -> None:
        """Add pools to one of this world's roles."""
        items = [{"prefix": prefix, "role": {"slug": f"{role}-{self.name}"}, "status": "active"} for prefix in prefixes]
        self.declare(("ipam.prefix", items))

    def subscription(self) -> str:
        self.subscriptions.append(str(uuid.uuid4()))
        return self.subscriptions[-1]

    def node(self, name: str = "a", **more: Any) -> NodeOrder:
        """The order of a node."""
        fields: dict[str, Any] = {
            "subscription": self.subscription(),
            "name": f"{name}-{self.name}",
            "site": f"site-{self.name}",
            "role": "pe",
            "device_type": "frr-router",
            "platform": "frr",
            "loopback_pool": f"loopback-{self.name}",
        }
        return NodeOrder(**{**fields, **more})

    def circuit(self, a: tuple[NodeOrder, str], z: tuple[NodeOrder, str], **more: Any) -> CircuitOrder:
        """The order of a circuit."""
        ends = {"a": End(a[0].name, a[1]), "z": End(z[0].name, z[1])}
        return CircuitOrder(**{"subscription": self.subscription(), "pool": f"core-link-{self.name}", **ends, **more})

    def run(
        self,
        order: NodeOrder | CircuitOrder,
        *,
        present: bool = True,
        check: bool = False,
        session: Session | None = None,
    ) -> Outcome:
        """What the modules do with one order."""
        session = session or self.session()
        return converge(session, planner(session, order, present, check), check)

    def owned(self, subscription: str) -> dict[str, list[dict[str, Any]]]:
        """All that NetBox has of a subscription, by type."""
        session = self.session()
        where = {"cf_trunkline_subscription": subscription, "limit": 0}
        return {kind: session.get(ENDPOINTS[kind], where)["results"] for kind in OWNED}

    def count(self, subscription: str) -> dict[str, int]:
        """How many objects of each type NetBox has of a subscription; types with none are left out."""
        return {kind: len(rows) for kind, rows in self.owned(subscription).items() if rows}

    def remove(self) -> None:
        """Leave nothing."""
        session = self.session()
        where = {"cf_trunkline_subscription": self.subscriptions, "limit": 0}
        for kind in ("dcim.cable", "circuits.circuit", "dcim.device", "ipam.ipaddress", "ipam.prefix"):
            ids = [row["id"] for row in session.get(ENDPOINTS[kind], where)["results"]] if self.subscriptions else []
            if ids:
                session.delete(ENDPOINTS[kind], ids)
        for kind in reversed(dict.fromkeys(kind for kind, _ in self.made)):
            session.delete(ENDPOINTS[kind], [number for other, number in self.made if other == kind])


def planner(session: Session, order: NodeOrder | CircuitOrder, present: bool, check: bool) -> Callable[[], Plan]:
    def make() -> Plan:
        if isinstance(order, NodeOrder):
            nodes = netbox_node.read(session, [order], present=present, predict=check)
            plan_node = netbox_node_plan.plan_present if present else netbox_node_plan.plan_absent
            return plan_node([order], nodes)
        circuits = netbox_circuit.read(session, [order], present=present, predict=check)
        plan_circuit = netbox_circuit_plan.plan_present if present else netbox_circuit_removal.plan_absent
        return plan_circuit([order], circuits)

    return make


def ipv4(first: int) -> str:
    """A random network of 256 addresses, away from the workshop's."""
    return f"10.{first + random.randrange(60)}.{random.randrange(256)}.0"


def ipv6() -> str:
    """A random /48 of unique local addresses."""
    return str(ipaddress.ip_network((0xFD << 120 | random.getrandbits(40) << 80, 48)).network_address)
