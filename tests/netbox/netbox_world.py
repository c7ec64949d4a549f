"""A corner of the real NetBox that belongs to this session (site and pools), and in it each test's own names."""

import dataclasses
import ipaddress
import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import requests

from ansible_collections.trunkline.network.plugins.module_utils import (
    netbox_circuit,
    netbox_circuit_plan,
    netbox_circuit_removal,
    netbox_l2vpn,
    netbox_l2vpn_plan,
    netbox_node,
    netbox_node_plan,
    netbox_objects,
    netbox_port,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import ENDPOINTS, Outcome, converge
from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder, End
from ansible_collections.trunkline.network.plugins.module_utils.netbox_l2vpn import L2vpnOrder, Sap
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_pages import SHORTEST_PAGE
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import FIELD, Plan
from ansible_collections.trunkline.network.plugins.module_utils.netbox_port import PortOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Session, Transport

Order = NodeOrder | CircuitOrder | PortOrder | L2vpnOrder
ROOT = Path(__file__).parents[2]
# One GraphQL query costs a tenth of what the same costs as a REST list of each type.
_FIELDS = {
    "dcim.device": "device_list",
    "dcim.interface": "interface_list",
    "dcim.cable": "cable_list",
    "circuits.circuit": "circuit_list",
    "circuits.circuittermination": "circuit_termination_list",
    "ipam.prefix": "prefix_list",
    "ipam.ipaddress": "ip_address_list",
    "ipam.vlan": "vlan_list",
    "vpn.l2vpn": "l2vpn_list",
    "vpn.l2vpntermination": "l2vpn_termination_list",
}
_MORE = {
    "dcim.device": "name",
    "dcim.cable": "a_terminations { ... on InterfaceType { id } }",
    "circuits.circuit": "cid status commit_rate",
    "ipam.prefix": "prefix",
    "ipam.ipaddress": "address",
    "vpn.l2vpn": "name type status identifier",
}
_OWNER = f'custom_field_data: {{path: "{FIELD}", lookup: {{string_lookup: {{regex: $owners}}}}}}'
_OWNED = (
    "query ($owners: String!) {"
    + "".join(
        f"{name}(filters: {{{_OWNER}}}) {{ id display custom_fields tags {{ slug }} {_MORE.get(kind, '')} }} "
        for kind, name in _FIELDS.items()
    )
    + "}"
)


def playbook(netbox: dict[str, str], name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the project's playbooks, without any router."""
    return playbook_of(netbox, ROOT / "playbooks" / f"{name}.yml", *arguments)


def playbook_of(netbox: dict[str, str], path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook with the project's collection and configuration."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(path), *arguments]
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
    """Orders and carries out, under names of its own."""

    url: str
    token: str = dataclasses.field(repr=False)
    name: str
    corner: str
    circuits: list[str] = dataclasses.field(default_factory=list)

    @property
    def site(self) -> str:
        """The slug of the corner's site."""
        return f"site-{self.corner}"

    def session(self, transport: Transport | None = None) -> Session:
        return Session(self.url, self.token, transport=transport)

    def declare(self, *groups: tuple[str, list[dict[str, Any]]]) -> None:
        """Make simple objects."""
        session = self.session()
        declared = [netbox_objects.Declared(kind, items) for kind, items in groups]
        converge(
            session,
            lambda: netbox_objects.plan(declared, netbox_objects.read(session, declared, ENDPOINTS)),
            check=False,
        )

    def pool(self, role: str, *prefixes: str) -> None:
        """Add pools to one of this world's roles."""
        items = [{"prefix": prefix, "role": {"slug": f"{role}-{self.name}"}, "status": "active"} for prefix in prefixes]
        self.declare(("ipam.prefix", items))

    def node(self, name: str = "a", **more: Any) -> NodeOrder:
        """The order of a node."""
        fields: dict[str, Any] = {
            "subscription": str(uuid.uuid4()),
            "name": f"{name}-{self.name}",
            "site": self.site,
            "role": "pe",
            "device_type": "frr-router",
            "platform": "frr",
            "loopback_pool": f"loopback-{self.corner}",
        }
        return NodeOrder(**{**fields, **more})

    def circuit(self, a: tuple[NodeOrder, str], z: tuple[NodeOrder, str], **more: Any) -> CircuitOrder:
        """The order of a circuit."""
        ends = {"a": End(a[0].name, a[1]), "z": End(z[0].name, z[1])}
        self.circuits.append(str(uuid.uuid4()))
        return CircuitOrder(**{"subscription": self.circuits[-1], "pool": f"core-link-{self.corner}", **ends, **more})

    def port(self, node: NodeOrder, interface: str, **more: Any) -> PortOrder:
        """The order of a port."""
        return PortOrder(**{"subscription": str(uuid.uuid4()), "node": node.name, "interface": interface, **more})

    def l2vpn(self, *saps: tuple[PortOrder, int | None], **more: Any) -> L2vpnOrder:
        """The order of an L2VPN between ports."""
        ends = tuple(Sap(port.label, vlan) for port, vlan in saps)
        return L2vpnOrder(**{"subscription": str(uuid.uuid4()), "saps": ends, **more})

    def run(
        self,
        *orders: Order,
        present: bool = True,
        check: bool = False,
        session: Session | None = None,
    ) -> Outcome:
        """What the modules do with these orders, which are all of one kind."""
        session = session or self.session()
        return converge(session, planner(session, orders, present, check), check)

    def owned(self, *subscriptions: str) -> dict[str, list[dict[str, Any]]]:
        """All that NetBox has of these subscriptions, by type."""
        answer = self.session().graphql(_OWNED, {"owners": f"^({'|'.join(subscriptions)})$"})
        return {kind: [{**row, "id": int(row["id"])} for row in answer[name]] for kind, name in _FIELDS.items()}

    def interfaces(self, device: str) -> list[tuple[str, str, bool]]:
        """Name, description and whether it is cabled, of each interface of the device."""
        rows = self.session().get("dcim/interfaces/", {"device": device, "limit": 0})["results"]
        return [(row["name"], row["description"], row["cable"] is not None) for row in rows]

    def count(self, subscription: str) -> dict[str, int]:
        """How many objects of each type NetBox has of a subscription; types with none are left out."""
        return {kind: len(rows) for kind, rows in self.owned(subscription).items() if rows}

    def free_interfaces(self) -> None:
        """Remove the circuits, which may end on nodes that other tests use; all else goes with the session's NetBox."""
        if not self.circuits:
            return
        session, rows = self.session(), self.owned(*self.circuits)
        if interfaces := [int(end["id"]) for row in rows["dcim.cable"] for end in row["a_terminations"]]:
            session.patch(ENDPOINTS["dcim.interface"], [{"id": number, "description": ""} for number in interfaces])
        for kind in ("dcim.cable", "circuits.circuit", "ipam.ipaddress", "ipam.prefix"):
            if ids := [row["id"] for row in rows[kind]]:
                session.delete(ENDPOINTS[kind], ids)


class PageAtATime(Transport):
    """As before a NetBox whose MAX_PAGE_SIZE is as low as it may be: lists are cut, and nothing says so."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send(request, *args, **kwargs)
        if (request.url or "").endswith("/graphql/"):
            body = answer.json()
            body["data"] = {
                name: rows[:SHORTEST_PAGE] if isinstance(rows, list) else rows for name, rows in body["data"].items()
            }
            answer._content = json.dumps(body).encode()
        return answer


def planner(session: Session, orders: Sequence[Order], present: bool, check: bool) -> Callable[[], Plan]:
    nodes = [order for order in orders if isinstance(order, NodeOrder)]
    circuits = [order for order in orders if isinstance(order, CircuitOrder)]
    ports = [order for order in orders if isinstance(order, PortOrder)]
    l2vpns = [order for order in orders if isinstance(order, L2vpnOrder)]

    def make() -> Plan:
        if nodes:
            found = netbox_node.read(session, nodes, present=present, predict=check)
            return (netbox_node_plan.plan_present if present else netbox_node_plan.plan_absent)(nodes, found)
        if ports:
            found = netbox_port.read(session, ports, present=present)
            return (netbox_port.plan_present if present else netbox_port.plan_absent)(ports, found)
        if l2vpns:
            found = netbox_l2vpn.read(session, l2vpns, predict=check and present)
            return (netbox_l2vpn_plan.plan_present if present else netbox_l2vpn_plan.plan_absent)(l2vpns, found)
        found = netbox_circuit.read(session, circuits, present=present, predict=check)
        return (netbox_circuit_plan.plan_present if present else netbox_circuit_removal.plan_absent)(circuits, found)

    return make


def new_corner(netbox: dict[str, str]) -> World:
    """A site and two pools of each kind, with room for many orders and nothing in them."""
    name = uuid.uuid4().hex[:8]
    made = World(netbox["NETBOX_URL"], netbox["NETBOX_TOKEN"], name, name)
    made.declare(
        ("dcim.site", [{"slug": made.site, "name": f"Site {name}", "status": "active"}]),
        ("ipam.role", [{"slug": f"{role}-{name}", "name": f"{role} {name}"} for role in ("loopback", "core-link")]),
    )
    made.pool("loopback", f"{ipv4(64)}/24", f"{ipv6()}/64")
    made.pool("core-link", f"{ipv4(128)}/24", f"{ipv6()}/48")
    return made


def ipv4(first: int) -> str:
    """A random network of 256 addresses, away from the workshop's."""
    return f"10.{first + random.randrange(60)}.{random.randrange(256)}.0"


def ipv6() -> str:
    """A random /48 of unique local addresses."""
    return str(ipaddress.ip_network((0xFD << 120 | random.getrandbits(40) << 80, 48)).network_address)
