"""A network in NetBox that was not born here: made by bulk requests, with names and links of its own."""

import ipaddress
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Session

BULK, AT_ONCE = 50, 4
LOOPBACK, MANAGEMENT = "lo", "oob"
type Row = dict[str, Any]


@dataclass(frozen=True)
class Router:
    """A device; `fields` are NetBox's, over what it has anyway."""

    name: str
    management: str
    loopbacks: tuple[str, str]
    fields: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A circuit: its ends, and its addresses by side and family."""

    cid: str
    ends: tuple[tuple[str, str], tuple[str, str]]
    addresses: tuple[tuple[str, ...], tuple[str, ...]]
    fields: Row = field(default_factory=dict)


def ring(number: int, ipv4: str, ipv6: str, prefix: str = "") -> tuple[list[Router], list[Link]]:
    """So many routers in a ring, with addresses out of a /16 (loopbacks, links, management) and a /48."""
    four, six = ipaddress.ip_network(ipv4), ipaddress.ip_network(ipv6)
    names = [f"{prefix}core-{at}" for at in range(number)]
    routers = [
        Router(name, f"{four[0x8000 + at + 1]}/17", (f"{four[at + 1]}/32", f"{six[at + 1]}/128"))
        for at, name in enumerate(names)
    ]
    links = []
    for at, name in enumerate(names):
        low, wide = 0x4000 + 4 * at, (1 << 64) * (1 + at)
        # Every second link is a /30, and has its IPv6 as a /126.
        add, lengths = (1, (30, 126)) if at % 2 else (0, (31, 127))
        addresses = [
            (f"{four[low + add + end]}/{lengths[0]}", f"{six[wide + add + end]}/{lengths[1]}") for end in (0, 1)
        ]
        ends = (name, "eth1"), (names[(at + 1) % number], "eth2")
        links.append(Link(f"{prefix}LINE-{at}", ends, (addresses[0], addresses[1])))
    return routers, links


class Builder:
    """Writes it to NetBox."""

    def __init__(self, session: Session, site: str, **device: Any) -> None:
        self._session = session
        self._device = {
            "site": {"slug": site},
            "role": {"slug": "pe"},
            "device_type": {"slug": "frr-router"},
            "platform": {"slug": "frr"},
            "status": "active",
            **device,
        }
        self._site = session.get("dcim/sites/", {"slug": site})["results"][0]["id"]

    def add(self, routers: Sequence[Router], links: Sequence[Link]) -> None:
        """All of it."""
        devices = self._many("dcim/devices/", [{**self._device, "name": one.name, **one.fields} for one in routers], 10)
        ids = {row["name"]: row["id"] for row in devices}
        virtual = [
            {"device": ids[one.name], "name": name, "type": kind, "mgmt_only": name == MANAGEMENT}
            for one in routers
            for name, kind in ((LOOPBACK, "virtual"), (MANAGEMENT, "other"))
        ]
        interfaces = {
            (row["device"]["name"], row["name"]): row["id"] for row in self._many("dcim/interfaces/", virtual)
        }
        addresses = [
            _address(address, interfaces[one.name, name])
            for one in routers
            for name, address in (
                (LOOPBACK, one.loopbacks[0]),
                (LOOPBACK, one.loopbacks[1]),
                (MANAGEMENT, one.management),
            )
        ]
        numbers = iter([row["id"] for row in self._many("ipam/ip-addresses/", addresses)])
        primary = [
            {"id": ids[one.name], **{name: next(numbers) for name in ("primary_ip4", "primary_ip6", "oob_ip")}}
            for one in routers
        ]
        self._many("dcim/devices/", primary, patch=True)
        if links:
            self._link(links)

    def _link(self, links: Sequence[Link]) -> None:
        wanted = {end for link in links for end in link.ends}
        filters = {"device": sorted({node for node, _ in wanted}), "name": sorted({name for _, name in wanted})}
        found = {
            (row["device"]["name"], row["name"]): row["id"] for row in self._session.rows("dcim/interfaces/", filters)
        }
        common = {"provider": {"slug": "carrier"}, "type": {"slug": "dark-fibre"}, "status": "active"}
        rows = [
            {**common, "cid": one.cid, "commit_rate": 10_000_000, "description": "rented", **one.fields}
            for one in links
        ]
        circuits = {row["cid"]: row["id"] for row in self._many("circuits/circuits/", rows)}
        sides = [(one, side, at) for one in links for at, side in enumerate("AZ")]
        terminations = self._many(
            "circuits/circuit-terminations/",
            [
                {
                    "circuit": circuits[one.cid],
                    "term_side": side,
                    "termination_type": "dcim.site",
                    "termination_id": self._site,
                }
                for one, side, _ in sides
            ],
        )
        cables = []
        for (one, _, at), row in zip(sides, terminations, strict=True):
            ends = [
                [{"object_type": "dcim.interface", "object_id": found[one.ends[at]]}],
                [{"object_type": "circuits.circuittermination", "object_id": row["id"]}],
            ]
            # Every second cable was drawn from the other side.
            cables.append(dict(zip(("a_terminations", "b_terminations"), ends[:: -1 if at else 1], strict=True)))
        self._many("dcim/cables/", cables)
        addresses = [_address(text, found[one.ends[at]]) for one, _, at in sides for text in one.addresses[at]]
        self._many("ipam/ip-addresses/", addresses)

    def _many(self, path: str, rows: Sequence[Row], size: int = BULK, *, patch: bool = False) -> list[Row]:
        def send(part: Sequence[Row]) -> list[Row]:
            made: list[Row] = (self._session.patch if patch else self._session.post)(path, list(part))
            return made

        with ThreadPoolExecutor(AT_ONCE) as threads:
            return [row for made in threads.map(send, _parts(rows, size)) for row in made]


def carriers() -> list[tuple[str, list[Row]]]:
    """What the links' circuits refer to, as World.declare takes it."""
    return [
        ("circuits.provider", [{"slug": "carrier", "name": "Carrier"}]),
        ("circuits.circuittype", [{"slug": "dark-fibre", "name": "Dark fibre"}]),
    ]


def new_namespace() -> str:
    """As a run's id."""
    return str(uuid.uuid4())


def _address(address: str, interface: int) -> Row:
    return {"address": address, "assigned_object_type": "dcim.interface", "assigned_object_id": interface}


def _parts(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
