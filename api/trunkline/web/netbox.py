"""Links to what a subscription has in NetBox: an address to open, nothing is asked of NetBox."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Run
from trunkline.settings import Settings

# NetBox's names of its lists, for the types that plans speak of.
_LISTS = {
    "dcim.device": ("Devices", "dcim/devices"),
    "dcim.interface": ("Interfaces", "dcim/interfaces"),
    "dcim.cable": ("Cables", "dcim/cables"),
    "circuits.circuit": ("Circuits", "circuits/circuits"),
    "ipam.ipaddress": ("IP addresses", "ipam/ip-addresses"),
    "ipam.prefix": ("Prefixes", "ipam/prefixes"),
    "ipam.vlan": ("VLANs", "ipam/vlans"),
    "vpn.l2vpn": ("L2VPNs", "vpn/l2vpns"),
}
_RUNS = 20


@dataclass(frozen=True)
class Link:
    """A list of NetBox that shows only what the subscription has."""

    label: str
    url: str


async def links(session: AsyncSession, settings: Settings, subscription_id: uuid.UUID) -> list[Link]:
    """One for each type of object that its runs have planned."""
    if settings.netbox_url is None:
        return []
    query = select(Run.plan).where(Run.subscription_id == subscription_id, Run.plan.is_not(None))
    plans = await session.scalars(query.order_by(Run.created_at.desc()).limit(_RUNS))
    types = {
        str(operation.get("type"))
        for plan in plans
        if plan and isinstance(operations := plan.get("netbox"), list)
        for operation in operations
        if isinstance(operation, dict)
    }
    base = settings.netbox_url.rstrip("/")
    mark = f"cf_trunkline_subscription={subscription_id}"
    return [Link(label, f"{base}/{path}/?{mark}") for type_, (label, path) in _LISTS.items() if type_ in types]
