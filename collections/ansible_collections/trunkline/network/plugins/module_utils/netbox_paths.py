# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What the network loses with some of its circuits: nodes that no other path joins, and the L2VPNs between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .netbox_plan import FIELD, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from .netbox_session import Session

CARRIED = ("provisioning", "active")
ANY = f'custom_field_data: {{path: "{FIELD}", lookup: {{string_lookup: {{regex: "."}}}}}}'
QUERY = f"""
query ($circuit_list: OffsetPaginationInput, $l2vpn_list: OffsetPaginationInput) {{
  circuit_list(filters: {{{ANY}}}, pagination: $circuit_list) {{
    id cid status custom_fields
    terminations {{ cable {{ terminations {{ termination {{ __typename
      ... on InterfaceType {{ device {{ name }} }} }} }} }} }}
  }}
  l2vpn_list(filters: {{{ANY}}}, pagination: $l2vpn_list) {{
    id name terminations {{ assigned_object {{ __typename ... on InterfaceType {{ device {{ name }} }} }} }}
  }}
}}
"""


@dataclass(frozen=True)
class Link:
    """A circuit: the nodes that it joins."""

    cid: str
    a: str
    z: str


def cautions(session: Session, gone: Collection[str]) -> list[str]:
    """What to say of the end of these circuits (subscriptions): one request, and one for each further page."""
    rows = session.graphql(QUERY, {})
    links = dict(_links(rows["circuit_list"]))
    l2vpns = {
        row["name"]: {
            end["device"]["name"]
            for item in row["terminations"]
            for end in [item["assigned_object"]]
            if end and end["__typename"] == "InterfaceType"
        }
        for row in rows["l2vpn_list"]
    }
    return sentences(links, gone, l2vpns)


def sentences(links: Mapping[str, Link], gone: Collection[str], l2vpns: Mapping[str, Collection[str]]) -> list[str]:
    """One sentence for each of the circuits `gone` whose ends no other path joins. Pure."""
    rest = [link for key, link in links.items() if key not in gone]
    told = []
    for link in (links[key] for key in gone if key in links):
        near, far = _reached(link.a, rest), _reached(link.z, rest)
        if link.z in near:
            continue
        cut = sorted(name for name, nodes in l2vpns.items() if near.intersection(nodes) and far.intersection(nodes))
        what = f"; {', '.join(cut)} depend on it" if cut else ""
        told.append(f"{link.cid}: there is no other path between {link.a} and {link.z}{what}")
    return told


def _reached(start: str, links: Sequence[Link]) -> set[str]:
    found, left = {start}, [start]
    neighbors: dict[str, set[str]] = {}
    for link in links:
        neighbors.setdefault(link.a, set()).add(link.z)
        neighbors.setdefault(link.z, set()).add(link.a)
    while left:
        new = neighbors.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def _links(rows: Iterable[Record]) -> Iterable[tuple[str, Link]]:
    for row in rows:
        ends = [
            far["termination"]["device"]["name"]
            for item in row["terminations"]
            for far in (item["cable"] or {}).get("terminations", [])
            if far["termination"] and far["termination"]["__typename"] == "InterfaceType"
        ]
        if row["status"] in CARRIED and len(ends) == 2:
            yield row["custom_fields"][FIELD], Link(row["cid"], *sorted(ends))
