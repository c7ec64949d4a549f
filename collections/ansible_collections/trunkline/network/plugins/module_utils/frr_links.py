# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The Linux links that ports and L2VPNs of a FRR router need: what is to be there, what is, and the commands between.

Pure functions. An L2VPN is a bridge of its own; in it are a VXLAN interface, which FRR's EVPN fills, and its access
points: a customer's interface as it is (untagged), or a VLAN interface on it (tagged).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

VXLAN_PORT = 4789  # RFC 7348
MTU = 1500
LONGEST_NAME = 15  # IFNAMSIZ less the closing zero
# What a VLAN interface is made of where the kernel has no 802.1Q devices: see frr_vlan.py.
SUBSTITUTE = "veth"
KINDS = ("bridge", "vxlan", "vlan", SUBSTITUTE)


class LinkError(ValueError):
    """The links cannot be made; the message names the link and what to do about it."""


@dataclass(frozen=True)
class Link:
    """One link. `kind` is empty for a customer's interface, which is there already and stays.

    `mtu` None: whatever it is. `parent` and `number`: interface and VLAN; `number` and `local`: VNI and own address.
    """

    name: str
    kind: str = ""
    mtu: int | None = None
    master: str = ""
    parent: str = ""
    number: int = 0
    local: str = ""
    up: bool = True

    @property
    def text(self) -> str:
        """As people read it."""
        words = [f"link {self.name}"]
        if self.kind == "vxlan":
            words.append(f"type vxlan id {self.number} local {self.local}")
        elif self.kind == "vlan":
            words.append(f"type vlan id {self.number} on {self.parent}")
        elif self.kind:
            words.append(f"type {self.kind}")
        words += [f"mtu {self.mtu}"] * bool(self.mtu) + [f"master {self.master}"] * bool(self.master)
        return " ".join([*words, "up" if self.up else "down"])

    @property
    def nature(self) -> tuple[str, str, int, str]:
        """What cannot be changed of a link that exists."""
        return (self.kind, self.parent, self.number, self.local)


def wanted_links(ports: Iterable[Mapping[str, Any]], l2vpns: Iterable[Mapping[str, Any]]) -> dict[str, Link]:
    """The links for these ports and L2VPNs (as the intent has them), by name. Raises LinkError."""
    links = {port["interface"]: Link(port["interface"], mtu=port["mtu"]) for port in ports}
    for l2vpn in l2vpns:
        number = l2vpn["vni"] or 0
        bridge = f"br{number}"
        mtu = max([sap["mtu"] or MTU for sap in l2vpn["saps"]], default=MTU)
        links[bridge] = Link(bridge, "bridge")
        links[f"vni{number}"] = Link(f"vni{number}", "vxlan", mtu, bridge, number=number, local=l2vpn["local"])
        for sap in l2vpn["saps"]:
            interface, vlan = sap["interface"], sap["vlan"]
            if interface not in links:
                raise LinkError(f"{interface}: {l2vpn['name']} ends on it, and it is no port; order that port first")
            if links[interface].master:
                raise LinkError(
                    f"{interface}: it is in {links[interface].master} already; an untagged port has one service"
                )
            if vlan is None:
                links[interface] = replace(links[interface], master=bridge)
            else:
                name = f"{interface}.{vlan}"
                if len(name) > LONGEST_NAME:
                    raise LinkError(
                        f"{name}: longer than {LONGEST_NAME} characters; use an interface of a shorter name"
                    )
                links[name] = Link(name, "vlan", None, bridge, parent=interface, number=vlan)
    return links


def observed(answer: Iterable[Mapping[str, Any]]) -> dict[str, Link]:
    """The links of a router, from what `ip -json -details link show` answers."""
    found = {}
    for row in answer:
        info = row.get("linkinfo", {})
        kind, data = info.get("info_kind", ""), info.get("info_data", {})
        link = Link(
            row["ifname"],
            kind if kind in KINDS else "",
            row["mtu"],
            row.get("master", ""),
            up="UP" in row["flags"],
        )
        if kind == "vxlan":
            suppresses = info.get("info_slave_data", {}).get("neigh_suppress", False)
            # One that answers no ARP for others is not as it must be: it counts as in no bridge.
            link = replace(link, number=data.get("id", 0), local=data.get("local", ""))
            link = link if suppresses else replace(link, master="")
        elif kind == "vlan":
            link = replace(link, parent=row.get("link", ""), number=data.get("id", 0))
        elif kind == SUBSTITUTE and row.get("ifalias", "").startswith("vlan "):
            _vlan, number, _on, parent = row["ifalias"].split()
            link = replace(link, kind="vlan", parent=parent, number=int(number))
        elif kind == SUBSTITUTE:
            link = replace(link, kind="")
        found[link.name] = link
    return found


def shown(link: Link, like: Link | None) -> Link:
    """The link as far as the wanted one (`like`) says something of it."""
    return replace(link, mtu=None) if like is None or like.mtu is None else link


def diff(current: Mapping[str, Link], wanted: Mapping[str, Link], owned: Collection[str]) -> str:
    """The unified diff of the links that are ours, "" where nothing is to be done."""
    ours = sorted({*owned, *wanted})
    # A customer's interface that is no port any more stays; what of it is nobody's business any more is not shown.
    before = [
        shown(current[name], wanted.get(name)).text
        for name in ours
        if name in current and (name in wanted or current[name].kind or current[name].master in owned)
    ]
    after = [wanted[name].text for name in ours if name in wanted]
    lines = list(difflib.unified_diff(before, after, "links", "intended", lineterm="", n=0))
    return "".join(f"{line}\n" for line in lines if not line.startswith("@@"))


def commands(
    current: Mapping[str, Link], wanted: Mapping[str, Link], owned: Collection[str], was: Mapping[str, int]
) -> list[list[str]]:
    """The `ip` commands from the one to the other; `owned` are the names that are ours, `was` MTUs of customers'
    interfaces from before. Raises LinkError where an interface is missing or a name is taken by something foreign.
    """
    for name, want in wanted.items():
        if want.kind and name in current and name not in owned and current[name].nature != want.nature:
            raise LinkError(f"{name}: there is a link of that name that is not Trunkline's; rename or remove it")
        holder = current[name].master if name in current and not want.kind else ""
        if holder and holder not in owned and holder != want.master:
            raise LinkError(f"{name}: it is in {holder}, which is not Trunkline's; take it out, or use another port")
    made = list(_removals(current, wanted, owned, was))
    for name, want in sorted(wanted.items(), key=lambda item: _rank(item[1])):
        have = current.get(name)
        if have is None and not want.kind:
            raise LinkError(f"{name}: the router has no such interface; correct the port's order")
        if have is not None and want.kind and have.nature != want.nature:
            made.append(["link", "delete", "dev", name])
            have = None
        if have is None:
            made.append(_add(want))
        made += _settings(have, want, owned, was)
    return made


def _removals(
    current: Mapping[str, Link], wanted: Mapping[str, Link], owned: Collection[str], was: Mapping[str, int]
) -> Iterable[list[str]]:
    gone = [current[name] for name in owned if name in current and name not in wanted]
    # What is in a bridge before the bridge.
    for link in sorted(gone, key=lambda link: (link.kind == "bridge", link.name)):
        if link.kind:
            yield ["link", "delete", "dev", link.name]
            continue
        if link.master in owned:
            yield ["link", "set", "dev", link.name, "nomaster"]
        if link.name in was and link.mtu != was[link.name]:
            yield ["link", "set", "dev", link.name, "mtu", str(was[link.name])]


def _rank(link: Link) -> tuple[int, str]:
    return (("bridge", "", "vxlan", "vlan").index(link.kind), link.name)


def _add(link: Link) -> list[str]:
    if link.kind == "vxlan":
        how = ["id", str(link.number), "local", link.local, "dstport", str(VXLAN_PORT), "nolearning"]
        return ["link", "add", link.name, "type", "vxlan", *how]
    if link.kind == "vlan":
        return ["link", "add", "link", link.parent, "name", link.name, "type", "vlan", "id", str(link.number)]
    return ["link", "add", link.name, "type", "bridge", "mcast_snooping", "0"]


def _settings(have: Link | None, want: Link, owned: Collection[str], was: Mapping[str, int]) -> Iterable[list[str]]:
    target = want.mtu or was.get(want.name)
    if target is not None and (have is None or have.mtu != target):
        yield ["link", "set", "dev", want.name, "mtu", str(target)]
    if want.kind and have is None:
        # No address of its own: the router is not in its customers' networks.
        yield ["link", "set", "dev", want.name, "addrgenmode", "none"]
    if want.master and (have is None or have.master != want.master):
        yield ["link", "set", "dev", want.name, "master", want.master]
        if want.kind == "vxlan":
            yield ["link", "set", "dev", want.name, "type", "bridge_slave", "neigh_suppress", "on", "learning", "off"]
    if not want.master and have is not None and have.master in owned:
        yield ["link", "set", "dev", want.name, "nomaster"]
    if have is None or not have.up:
        yield ["link", "set", "dev", want.name, "up"]
