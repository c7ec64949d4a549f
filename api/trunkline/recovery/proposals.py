"""What of NetBox could be adopted: proposals from what the playbook has found there and on the routers. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from trunkline.catalog import PRODUCTS
from trunkline.errors import Invalid
from trunkline.recovery.compare import Item, block_of, name_of, product_of

type Kind = Literal["node", "circuit"]

_KINDS: Mapping[str, tuple[Kind, str]] = {"dcim.device": ("node", "nodes"), "circuits.circuit": ("circuit", "circuits")}
_HUNK = re.compile(r"^@@ .*? @@ ?(.*)$")


class Proposal(BaseModel):
    """An existing device or circuit, and what stands against making it a subscription."""

    kind: Kind
    name: str = Field(examples=["ams-pe"])
    netbox_id: int
    state: Literal["ready", "differs", "refused"] = Field(
        "ready", description="differs: its router has other lines than it would be given, or could not be asked"
    )
    taken: bool = Field(False, description="Whether this run adopts it")
    product: str | None = Field(None, examples=["node-frr"])
    subscription: str | None = Field(None, description="The id that it gets")
    block: dict[str, Any] = Field({}, description="What was learned of it")
    claims: list[str] = Field([], exclude=True)
    compared: bool = Field(False, description="Whether the routers were compared with what they would be told")
    differs: dict[str, str] = Field({}, description="Router -> how its configuration differs, or why it was not read")
    reasons: list[str] = Field([], description="What stands against it, each with the remedy")

    def refuse(self, reason: str) -> None:
        """Note what stands against it."""
        self.reasons.append(reason)
        self.state = "refused"


class OtherDevices(BaseModel):
    """Devices of a type that no product is for."""

    device_type: str
    platform: str | None
    count: int
    examples: list[str]


def device_types() -> list[str]:
    """The device types that a product is for."""
    types = {product.fixed_inputs.get("device_type") for product in PRODUCTS.values()}
    return sorted(str(name) for name in types if name)


def proposals_from(artifacts: Mapping[str, Any]) -> list[Proposal]:
    """One for each device and circuit that the playbook reports, nodes first."""
    adopted: list[Item] = artifacts.get("adopted") or []
    routers: Mapping[str, Mapping[str, str]] = artifacts.get("routers") or {}
    links = {(item[side]["node"], item[side]["interface"]) for item in adopted if "cid" in item for side in ("a", "z")}
    found = [_possible(item, routers, links) for item in adopted]
    found += [
        Proposal(
            kind=_KINDS[item["type"]][0],
            name=item["name"],
            netbox_id=item["netbox_id"],
            state="refused",
            reasons=list(item["cannot"]),
        )
        for item in artifacts.get("refused") or []
    ]
    return sorted(found, key=lambda one: (one.kind != "node", one.name))


def _possible(item: Item, routers: Mapping[str, Mapping[str, str]], links: set[tuple[str, str]]) -> Proposal:
    kind, plural = _KINDS[item["type"]]
    subscription = str(item["subscription"])
    proposal = Proposal(kind=kind, name=name_of(item), netbox_id=item["netbox_id"], subscription=subscription)
    product = product_of(item, plural)
    if product is None:
        proposal.refuse(_no_product(kind, item))
        return proposal
    proposal.product = product.slug
    block = block_of(product, item)
    try:
        ordered = product.ordered(product.unlearned(block))
        proposal.block = product.learned(ordered.values(), block)
    except Invalid as invalid:
        for error in invalid.errors:
            proposal.refuse(f"{error.field.removeprefix('input.')}: {error.message}. Correct it in NetBox.")
        return proposal
    except ValueError as error:
        proposal.refuse(f"{error}. Complete it in NetBox.")
        return proposal
    proposal.claims = ordered.claims()
    ends = _ends(item, kind)
    proposal.compared = all(name in routers and not routers[name]["error"] for name in ends)
    for name, interface in ends.items():
        others = [link for node, link in links if node == name and link != interface]
        if text := _difference(routers.get(name), interface, others):
            proposal.differs[name] = text
            proposal.state = "differs"
    return proposal


def _no_product(kind: Kind, item: Item) -> str:
    if kind == "circuit":
        return (
            f"speed_mbps: not one product alone is for {item['speed_mbps']} Mbit/s. Correct the commit rate in "
            "NetBox, or add a product (docs/add-a-product.md)."
        )
    return (
        f"device_type: not one product alone is for {item['device_type']} with platform {item['platform']}. Correct "
        "them in NetBox, or add a product (docs/add-a-product.md)."
    )


def _ends(item: Item, kind: Kind) -> dict[str, str | None]:
    """The routers that it concerns, each with the interface that is the circuit's."""
    if kind == "node":
        return {str(item["name"]): None}
    return {str(item[side]["node"]): str(item[side]["interface"]) for side in ("a", "z")}


def _difference(answer: Mapping[str, str] | None, interface: str | None, others: list[str]) -> str:
    """The part of a router's answer that is the circuit's on this interface; with None the node's own, which is what
    is not that of a circuit on one of the `others`.
    """
    if answer is None:
        return ""
    if answer["error"]:
        return f"not compared: {answer['error']}"
    shares = hunks(answer["diff"])
    if interface is not None:
        # A diff without hunks cannot be told apart.
        return shares.get(f"interface {interface}", "") or shares.get("", "")
    circuits = {f"interface {name}" for name in others}
    return "\n".join(text for header, text in shares.items() if header not in circuits)


def hunks(diff: str) -> dict[str, str]:
    """A diff by the stanza that each hunk is of; one that has no hunks as a whole, under ""."""
    found: dict[str, list[str]] = {}
    header: str | None = None
    lines = [line for line in diff.splitlines() if not line.startswith(("--- ", "+++ "))]
    for line in lines:
        if hunk := _HUNK.match(line):
            header = hunk[1]
        if header is not None:
            found.setdefault(header, []).append(line)
    if lines and header is None:
        return {"": "\n".join(lines)}
    return {name: "\n".join(text) for name, text in found.items()}


def choose(proposals: Iterable[Proposal], *, only: Kind | None, differing: bool, limit: int) -> None:
    """Mark the first `limit` that can be taken over, nodes first; a circuit only if its nodes are, too."""
    room = limit
    nodes: dict[str, Proposal] = {}
    for one in proposals:
        able = one.state == "ready" or (differing and one.state == "differs")
        if one.kind == "node":
            nodes[one.name] = one
        elif one.state != "refused":
            ends = cast("list[Mapping[str, str]]", [one.block["a"], one.block["z"]])
            waits = [end["node"] for end in ends if end["node"] in nodes and not nodes[end["node"]].taken]
            if waits and not (room == 0 and able):
                one.refuse(f"node: {' and '.join(waits)} is not adopted by this run. Adopt that first.")
                continue
            able = able and not waits
        one.taken = able and room > 0 and only in (None, one.kind)
        room -= one.taken
