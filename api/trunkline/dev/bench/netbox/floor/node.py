"""The floor: nodes by a plain script on pynetbox. `node.py present|absent orders.json`; NETBOX_URL and _TOKEN."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pynetbox

Order = dict[str, Any]
_STATUS = {"provisioning": "staged"}


def owned(order: Order) -> dict[str, Any]:
    """What marks an object as the order's."""
    return {"custom_fields": {"trunkline_subscription": order["subscription"]}, "tags": [{"slug": "trunkline"}]}


def status(order: Order) -> str:
    """The device's status."""
    ordered: str = order["status"]
    return _STATUS.get(ordered, ordered)


def present(netbox: Any, orders: list[Order]) -> None:  # noqa: ANN401 - pynetbox has no types
    """Make the devices that are missing, set the status of those that are there."""
    there = {device.name: device for device in netbox.dcim.devices.filter(name=[order["name"] for order in orders])}
    changed = [
        {"id": there[order["name"]].id, "status": status(order)}
        for order in orders
        if order["name"] in there and there[order["name"]].status.value != status(order)
    ]
    if changed:
        netbox.dcim.devices.update(changed)
    if missing := [order for order in orders if order["name"] not in there]:
        create(netbox, missing)


def create(netbox: Any, orders: list[Order]) -> None:  # noqa: ANN401
    """Make the devices, their interfaces, and their addresses."""
    slugs = ("site", "role", "device_type", "platform")
    devices = netbox.dcim.devices.create(
        [
            {
                "name": order["name"],
                "status": status(order),
                **{name: {"slug": order[name]} for name in slugs},
                **owned(order),
            }
            for order in orders
        ]
    )
    pairs = list(zip(orders, devices, strict=True))
    loopbacks = [{"device": device.id, "name": "lo0", "type": "virtual", **owned(order)} for order, device in pairs]
    ports = [
        {"device": device.id, "name": "mgmt0", "type": "other", "mgmt_only": True, **owned(order)}
        for order, device in pairs
    ]
    interfaces = netbox.dcim.interfaces.create([*loopbacks, *ports])
    on = [{"assigned_object_type": "dcim.interface", "assigned_object_id": interface.id} for interface in interfaces]
    pools = sorted(netbox.ipam.prefixes.filter(role="loopback"), key=lambda pool: pool.family.value)
    four, six = (
        pool.available_ips.create(
            [
                {"prefix_length": length, "role": "loopback", **place, **owned(order)}
                for order, place in zip(orders, on, strict=False)
            ]
        )
        for pool, length in zip(pools, (32, 128), strict=True)
    )
    management = netbox.ipam.ip_addresses.create(
        [
            {"address": order["management"], **place, **owned(order)}
            for order, place in zip(orders, on[len(orders) :], strict=True)
        ]
    )
    netbox.dcim.devices.update(
        [
            {"id": device.id, "primary_ip4": first.id, "primary_ip6": second.id, "oob_ip": third.id}
            for device, first, second, third in zip(devices, four, six, management, strict=True)
        ]
    )


def absent(netbox: Any, orders: list[Order]) -> None:  # noqa: ANN401
    """Remove the devices, and with them their interfaces and addresses."""
    there = list(netbox.dcim.devices.filter(name=[order["name"] for order in orders]))
    if there:
        netbox.dcim.devices.delete(there)


if __name__ == "__main__":
    act = {"present": present, "absent": absent}[sys.argv[1]]
    act(
        pynetbox.api(os.environ["NETBOX_URL"], token=os.environ["NETBOX_TOKEN"]),
        json.loads(Path(sys.argv[2]).read_text()),
    )
