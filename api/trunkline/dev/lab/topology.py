"""A containerlab topology file, as far as the native lab builds it.

The same file deploys with containerlab and Docker. What only Docker needs (`image`) is read over; what would make
the native lab something else than the file says is refused, by the name of the field.
"""

import re
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from trunkline.dev.lab.errors import LabError

FRR_FOLDER = PurePosixPath("/etc/frr")
MANAGEMENT_INTERFACE = "eth0"

_SMALLEST_SUBNET = 30
LINK_MTU = 9500  # containerlab's default for its veth links


def _check(pattern: str, wanted: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {wanted}")
        return value

    return AfterValidator(check)


LabName = Annotated[str, _check(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", "a name of up to 40 letters, digits and dashes")]
NodeName = Annotated[str, _check(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a host name (lower case, digits, dashes)")]
# Linux takes 15 characters (IFNAMSIZ less the closing zero).
InterfaceName = Annotated[str, _check(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}", "an interface name of up to 15 characters")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Management(_Strict):
    """The management network: one bridge on the host, and an address of it on each node's eth0."""

    network: str | None = None
    bridge: InterfaceName = "br-clab"
    subnet: IPv4Network = Field(default=IPv4Network("172.20.20.0/24"), alias="ipv4-subnet")
    gateway_address: IPv4Address | None = Field(default=None, alias="ipv4-gw")

    @field_validator("subnet")
    @classmethod
    def _has_room(cls, subnet: IPv4Network) -> IPv4Network:
        if subnet.prefixlen > _SMALLEST_SUBNET:
            raise ValueError(f"no room for the host and a node; write a network of /{_SMALLEST_SUBNET} or larger")
        return subnet

    @property
    def gateway(self) -> IPv4Interface:
        """The host's own address on the bridge: the first of the subnet where the file names none."""
        return IPv4Interface((self.gateway_address or self.subnet.network_address + 1, self.subnet.prefixlen))


class NodeSettings(_Strict):
    """What may stand under `defaults`, under a kind and at a node; the most specific one wins."""

    kind: Literal["linux"] | None = None
    image: str | None = None
    binds: tuple[str, ...] | None = None
    sysctls: dict[str, str | int] = {}
    labels: dict[str, str] = {}
    management_address: IPv4Address | None = Field(default=None, alias="mgmt-ipv4")


class Kinds(_Strict):
    """`topology.kinds`: a native node is of kind `linux`, running FRR."""

    linux: NodeSettings = NodeSettings()


class Endpoint(_Strict):
    """One end of a link."""

    node: str
    interface: InterfaceName

    @model_validator(mode="before")
    @classmethod
    def _from_brief(cls, data: object) -> object:
        if not isinstance(data, str):
            return data
        node, colon, interface = data.partition(":")
        if not colon:
            raise ValueError("not written node:interface")
        return {"node": node, "interface": interface}

    def __str__(self) -> str:
        return f"{self.node}:{self.interface}"


class Link(_Strict):
    """A cable between two nodes, in containerlab's brief or its veth notation."""

    type: Literal["veth"] = "veth"
    endpoints: tuple[Endpoint, Endpoint]
    mtu: Annotated[int, Field(ge=576, le=65535)] = LINK_MTU


class Layout(_Strict):
    """The `topology` part of the file."""

    defaults: NodeSettings = NodeSettings()
    kinds: Kinds = Kinds()
    nodes: Annotated[dict[NodeName, NodeSettings | None], Field(min_length=1)]
    links: tuple[Link, ...] = ()

    @model_validator(mode="after")
    def _links_join_nodes(self) -> Self:
        used: set[str] = set()
        for number, link in enumerate(self.links):
            for end in link.endpoints:
                where = f"links[{number}] endpoint {str(end)!r}"
                if end.node not in self.nodes:
                    raise ValueError(f"{where}: there is no node {end.node!r} ({', '.join(sorted(self.nodes))})")
                if end.interface in (MANAGEMENT_INTERFACE, "lo"):
                    raise ValueError(f"{where}: {end.interface} belongs to the node itself; take eth1 or higher")
                if str(end) in used:
                    raise ValueError(f"{where}: this interface already has a link; take a free one")
                used.add(str(end))
        return self


class Node(_Strict):
    """A router with all that it inherits."""

    name: str
    address: IPv4Address
    binds: dict[str, Path]  # file name in /etc/frr: where its content comes from
    sysctls: dict[str, str]


class TopologyFile(_Strict):
    """The whole file."""

    name: LabName
    mgmt: Management = Management()
    topology: Layout


class Topology(_Strict):
    """What the lab builds."""

    name: LabName
    management: Management
    nodes: dict[str, Node]
    links: tuple[Link, ...]

    def ends(self) -> list[tuple[Endpoint, Endpoint]]:
        """Each end of each link, with the end that it is joined to."""
        return [pair for link in self.links for pair in (link.endpoints, (link.endpoints[1], link.endpoints[0]))]

    def interfaces(self, node: str) -> list[str]:
        """The names of the node's linked interfaces, in the file's order."""
        return [near.interface for near, _ in self.ends() if near.node == node]


def load(path: Path, name: str | None = None, bridge: str | None = None, subnet: str | None = None) -> Topology:
    """Read a topology file; the other arguments take the place of what it says, so that one file serves two labs.

    With another `subnet` each node keeps its place in it (172.20.20.11 becomes the eleventh address).
    Raises LabError that names the field and what to do.
    """
    try:
        file = TopologyFile.model_validate(yaml.safe_load(path.read_text()))
        topology = _resolve(file, path.resolve().parent)
        return _moved(topology, name or topology.name, bridge, subnet)
    except FileNotFoundError as error:
        raise LabError(f"{path}: there is no such topology file; inventory/*.clab.yml are two examples.") from error
    except yaml.YAMLError as error:
        raise LabError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        lines = "\n".join(f"  {_explain(problem)}" for problem in error.errors())
        raise LabError(f"{path} is not a topology that the native lab can build:\n{lines}") from error
    except ValueError as error:
        raise LabError(f"{path}: {error}") from error


def _explain(problem: ErrorDetails) -> str:
    field = ".".join(str(part) for part in problem["loc"]) or "the file"
    value = problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            return f"{field}: the native lab has no such thing; remove it, or deploy the file with containerlab"
        case "missing":
            return f"{field}: missing; add it"
        case "literal_error":
            wanted = problem["ctx"]["expected"]
            return f"{field}: the native lab builds {wanted} only, not {value!r}; deploy the file with containerlab"
        case _:
            return f"{field}: {problem['msg'].removeprefix('Value error, ')} (it is {value!r})"


def _resolve(file: TopologyFile, folder: Path) -> Topology:
    layout = file.topology
    nodes = {}
    for name, own in layout.nodes.items():
        levels = [layout.defaults, layout.kinds.linux, own or NodeSettings()]
        if not any(level.kind for level in levels):
            raise ValueError(f"topology.nodes.{name}.kind: missing; add `kind: linux`")
        address = levels[-1].management_address
        if address is None:
            raise ValueError(f"topology.nodes.{name}.mgmt-ipv4: missing; add an address of {file.mgmt.subnet}")
        nodes[name] = Node(
            name=name,
            address=address,
            binds=dict(_bind(bind, name, folder) for level in levels for bind in level.binds or ()),
            sysctls={key: str(value) for level in levels for key, value in level.sysctls.items()},
        )
    _check_addresses(nodes, file.mgmt)
    return Topology(name=file.name, management=file.mgmt, nodes=nodes, links=layout.links)


def _bind(bind: str, node: str, folder: Path) -> tuple[str, Path]:
    source, _, target = bind.partition(":")
    field = f"binds of node {node}: {bind!r}"
    inside = PurePosixPath(target.partition(":")[0])
    if inside.parent != FRR_FOLDER:
        raise ValueError(f"{field}: the native lab binds files to {FRR_FOLDER}/ only; otherwise use containerlab")
    path = folder / source
    if not path.is_file():
        raise ValueError(f"{field}: there is no file {path}; paths are relative to the topology file")
    return inside.name, path


def _check_addresses(nodes: dict[str, Node], management: Management) -> None:
    subnet, taken = management.subnet, {management.gateway.ip: "the host's own"}
    if management.gateway.ip not in subnet:
        raise ValueError(f"mgmt.ipv4-gw: {management.gateway.ip} is not in mgmt.ipv4-subnet {subnet}")
    for node in nodes.values():
        field = f"topology.nodes.{node.name}.mgmt-ipv4: {node.address}"
        if node.address not in subnet or node.address in (subnet.network_address, subnet.broadcast_address):
            raise ValueError(f"{field} is not a host's address in mgmt.ipv4-subnet {subnet}; choose one of it")
        if node.address in taken:
            raise ValueError(f"{field} is {taken[node.address]}; choose another")
        taken[node.address] = f"also {node.name}'s"


def _moved(topology: Topology, name: str, bridge: str | None, subnet: str | None) -> Topology:
    old = topology.management
    new = old.subnet if subnet is None else IPv4Network(subnet)

    def move(address: IPv4Address) -> IPv4Address:
        return new.network_address + (int(address) - int(old.subnet.network_address))

    management = Management(bridge=bridge or old.bridge, subnet=new, gateway_address=move(old.gateway.ip))
    nodes = {key: node.model_copy(update={"address": move(node.address)}) for key, node in topology.nodes.items()}
    _check_addresses(nodes, management)
    return Topology(name=name, management=management, nodes=nodes, links=topology.links)
