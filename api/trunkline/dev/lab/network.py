"""The lab's network on the host: named namespaces, the management bridge, and the veth pairs that are its cables."""

import json
import socket
from collections.abc import Collection
from hashlib import sha256
from ipaddress import IPv4Network
from pathlib import Path

from trunkline.dev.lab import processes
from trunkline.dev.lab.commands import run
from trunkline.dev.lab.errors import LabError
from trunkline.dev.lab.locks import exclusive
from trunkline.dev.lab.topology import MANAGEMENT_INTERFACE, Topology

NAMESPACES = Path("/run/netns")

_SET_SYSCTLS = 'while read -r key value; do echo "$value" >"/proc/sys/$key"; done'


def namespace(lab: str, node: str) -> str:
    """The name of a node's network namespace: the one that containerlab would give it."""
    return f"clab-{lab}-{node}"


def conflicts(topology: Topology) -> list[str]:
    """What on this host is in the way of the lab's names and addresses, each with the remedy."""
    management = topology.management
    problems = []
    own = _bridges(topology.name)
    if management.bridge not in own and _exists(management.bridge):
        problems.append(
            f"mgmt.bridge: this host already has an interface {management.bridge} that is not lab {topology.name}'s; "
            "choose another bridge name in the topology file"
        )
    for device, used in _networks_of_host(management.subnet):
        if device not in own:
            problems.append(
                f"mgmt.ipv4-subnet: {management.subnet} overlaps {used} on {device}; choose another subnet in the "
                f"topology file, or take {device} down if it is another lab's"
            )
    ours = {process.node for process in processes.find(topology.name)}
    for node in set(topology.nodes) - ours:
        path = NAMESPACES / namespace(topology.name, node)
        # containerlab leaves a link to a container's namespace here, under the same name.
        if path.exists() and (foreign := processes.in_namespace(path)):
            problems.append(
                f"name: the network namespace {path.name} is used by others (pid {min(foreign)}); end them "
                "(`containerlab destroy`, if that deployed it), or choose another lab name in the topology file"
            )
    return problems


def has_bridge(topology: Topology) -> bool:
    """Whether the lab's own management bridge is there."""
    return topology.management.bridge in _bridges(topology.name)


def build(topology: Topology, nodes: Collection[str]) -> None:
    """Make the namespaces of `nodes` and all cables that end in one of them; what exists of the others stays."""
    lab, management = topology.name, topology.management
    names = {node: namespace(lab, node) for node in topology.nodes}
    bridge = management.bridge
    if not has_bridge(topology):
        # This address is what tells our bridge from another of the name, from the moment that it exists.
        _ip(f"link add {bridge} address {_mac(lab)} type bridge")
    _ip(f"address replace {management.gateway} dev {bridge}", f"link set dev {bridge} up")
    with exclusive("network namespaces"):
        _ip(*(f"netns add {names[node]}" for node in nodes))
    for node in nodes:
        # Before the cables: an interface takes its settings over from `default` when it is made.
        settings = "".join(f"{key.replace('.', '/')} {value}\n" for key, value in topology.nodes[node].sysctls.items())
        try:
            run(["nsenter", f"--net={NAMESPACES / names[node]}", "--", "sh", "-euc", _SET_SYSCTLS], stdin=settings)
        except LabError as error:
            raise LabError(f"sysctls of node {node}: this kernel refuses one of them: {error}") from error
    lines = []
    for node in nodes:
        port, name = _port(lab, node), names[node]
        lines += [
            # A node that is started again keeps its MAC address: the host goes on using the one that it has learned.
            f"link add {port} type veth peer name {MANAGEMENT_INTERFACE} address {_mac(name)} netns {name}",
            f"link set dev {port} master {bridge} up",
        ]
    for link in topology.links:
        a, z = link.endpoints
        if a.node in nodes or z.node in nodes:
            lines.append(
                f"link add {a.interface} mtu {link.mtu} netns {names[a.node]} "
                f"type veth peer name {z.interface} mtu {link.mtu} netns {names[z.node]}"
            )
    _ip(*lines)
    for near, far in topology.ends():
        if near.node not in nodes and far.node in nodes:
            run(["ip", "-n", names[near.node], "link", "set", "dev", near.interface, "up"])


def clear(topology: Topology, nodes: Collection[str]) -> bool:
    """Remove the namespaces of `nodes`, whose processes must have ended, and their cables; true when there was one."""
    found = False
    for node in nodes:
        # First the cables to what stays: a dying namespace frees them late, and the next start would find names taken.
        port, path = _port(topology.name, node), NAMESPACES / namespace(topology.name, node)
        if _exists(port):
            found = True
            _delete_link(port)
        if path.exists() and not path.is_symlink():  # a link is containerlab's
            found = True
            if users := processes.in_namespace(path):
                raise LabError(
                    f"network namespace {path.name}: pid {min(users)} still uses it; end that, and try again"
                )
            if path.is_mount():
                there = {link["ifname"] for link in json.loads(run(["ip", "-n", path.name, "-json", "link"]))}
                for near, far in topology.ends():
                    if near.node == node and far.node not in nodes and near.interface in there:
                        run(["ip", "-n", path.name, "link", "delete", "dev", near.interface])
            run(["ip", "netns", "delete", path.name])
    return found


def clear_bridge(lab: str) -> bool:
    """Remove the lab's management bridge, also one that the file now names otherwise; true when it was there."""
    found = _bridges(lab)
    for bridge in found:
        _delete_link(bridge)
    return bool(found)


def tidy() -> None:
    """Remove the mount that `ip netns add` makes of /run/netns, when no namespace is left in it."""
    with exclusive("network namespaces"):
        if not NAMESPACES.is_dir() or any(NAMESPACES.iterdir()):
            return
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        try:
            for _ in range(mounts.count(str(NAMESPACES))):
                run(["umount", str(NAMESPACES)])
            NAMESPACES.rmdir()
        except (LabError, OSError):
            # Somebody may be adding a namespace of theirs at this moment: then it is needed again.
            if NAMESPACES.is_dir() and not any(NAMESPACES.iterdir()):
                raise


def _networks_of_host(subnet: IPv4Network) -> list[tuple[str, IPv4Network]]:
    """The host's networks that would not go together with `subnet`, and their interfaces."""
    connected = [
        (interface["ifname"], IPv4Network((address["local"], address["prefixlen"]), strict=False))
        for interface in json.loads(run(["ip", "-4", "-json", "address"]))
        for address in interface.get("addr_info", [])
    ]
    routed = [
        (route.get("dev", "no interface"), IPv4Network(route["dst"]))
        for route in json.loads(run(["ip", "-4", "-json", "route", "show", "table", "main"]))
        if route["dst"] != "default"
    ]
    # A route to something wider (a VPN's, say) gives way to ours by itself.
    found = [entry for entry in connected if entry[1].overlaps(subnet)]
    found += [entry for entry in routed if entry[1].subnet_of(subnet)]
    return list(dict.fromkeys(found))


def _bridges(lab: str) -> list[str]:
    return [link["ifname"] for link in json.loads(run(["ip", "-json", "link"])) if link.get("address") == _mac(lab)]


def _exists(interface: str) -> bool:
    return any(name == interface for _, name in socket.if_nameindex())


def _delete_link(interface: str) -> None:
    try:
        run(["ip", "link", "delete", "dev", interface])
    except LabError:
        # It may have gone by itself in between, with the namespace of its other end.
        if _exists(interface):
            raise


def _ip(*lines: str) -> None:
    run(["ip", "-batch", "-"], stdin="".join(f"{line}\n" for line in lines))


def _port(lab: str, node: str) -> str:
    """The host's end of a node's management cable; an interface name has room for 15 characters."""
    return f"tl{sha256(f'{lab}/{node}'.encode()).hexdigest()[:10]}"


def _mac(name: str) -> str:
    """A locally administered address (02:...) that belongs to this name."""
    return ":".join(["02", *(f"{byte:02x}" for byte in sha256(name.encode()).digest()[:5])])
