"""The floor: circuits by a plain script on pynetbox. `circuit.py present|absent orders.json`, NETBOX_URL and _TOKEN."""

import json
import os
import sys
from ipaddress import ip_network
from itertools import batched
from pathlib import Path
from typing import Any

import pynetbox

Order = dict[str, Any]
# Their UUIDs make a URL long; gunicorn takes 4,094 bytes.
_A_QUERY = 50


def owned(order: Order, **more: object) -> dict[str, Any]:
    """What marks an object as the order's."""
    fields = {"trunkline_subscription": order["subscription"], **more}
    return {"custom_fields": fields, "tags": [{"slug": "trunkline"}]}


def present(netbox: Any, orders: list[Order]) -> None:  # noqa: ANN401 - pynetbox has no types
    """Make the circuits that are missing, correct metric and maintenance of those that are there."""
    there = {row.cid: row for row in netbox.circuits.circuits.filter(cid=[order["cid"] for order in orders])}
    changed = []
    for order in orders:
        wanted = {f"trunkline_{name}": order[name] for name in ("isis_metric", "under_maintenance")}
        row = there.get(order["cid"])
        if row and any(row.custom_fields[name] != value for name, value in wanted.items()):
            changed.append({"id": row.id, "custom_fields": wanted})
    if changed:
        netbox.circuits.circuits.update(changed)
    if missing := [order for order in orders if order["cid"] not in there]:
        create(netbox, missing)


def create(netbox: Any, orders: list[Order]) -> None:  # noqa: ANN401
    """Make the prefixes, the circuits, their terminations, cables and addresses; describe the interfaces."""
    nodes = sorted({order[side]["node"] for order in orders for side in "az"})
    names = sorted({order[side]["interface"] for order in orders for side in "az"})
    sites = {row.name: row.site.id for row in netbox.dcim.devices.filter(name=nodes)}
    interfaces = {
        (row.device.name, row.name): row.id for row in netbox.dcim.interfaces.filter(device=nodes, name=names)
    }
    pools = sorted(netbox.ipam.prefixes.filter(role="core-link"), key=lambda pool: pool.family.value)
    what = [{"status": "active", "description": between(order), **owned(order)} for order in orders]
    four, blocks = (
        pool.available_prefixes.create([{"prefix_length": length, **fields} for fields in what])
        for pool, length in zip(pools, (31, 64), strict=True)
    )
    links = [ip_network((ip_network(row.prefix).network_address, 127)) for row in blocks]
    netbox.ipam.prefixes.create([{"prefix": str(link), **fields} for link, fields in zip(links, what, strict=True)])
    circuits = netbox.circuits.circuits.create(
        [
            {
                "cid": order["cid"],
                "provider": {"slug": "trunkline"},
                "type": {"slug": "core-link"},
                "status": order["status"],
                "commit_rate": order["speed_mbps"] * 1000,
                "description": between(order),
                **owned(order, **{f"trunkline_{name}": order[name] for name in ("isis_metric", "under_maintenance")}),
            }
            for order in orders
        ]
    )
    ends = [(index, order, side) for index, order in enumerate(orders) for side in "az"]
    terminations = netbox.circuits.circuit_terminations.create(
        [
            {
                "circuit": circuits[index].id,
                "term_side": side.upper(),
                "termination_type": "dcim.site",
                "termination_id": sites[order[side]["node"]],
                "port_speed": order["speed_mbps"] * 1000,
                **owned(order),
            }
            for index, order, side in ends
        ]
    )
    ports = [interfaces[order[side]["node"], order[side]["interface"]] for _, order, side in ends]
    netbox.dcim.cables.create(
        [
            {
                "label": order["cid"],
                "status": "connected",
                "a_terminations": [{"object_type": "dcim.interface", "object_id": port}],
                "b_terminations": [{"object_type": "circuits.circuittermination", "object_id": termination.id}],
                **owned(order),
            }
            for (_, order, _), port, termination in zip(ends, ports, terminations, strict=True)
        ]
    )
    networks = [(ip_network(row.prefix), link) for row, link in zip(four, links, strict=True)]
    netbox.ipam.ip_addresses.create(
        [
            {
                "address": f"{network['az'.index(side)]}/{network.prefixlen}",
                "assigned_object_type": "dcim.interface",
                "assigned_object_id": port,
                **owned(order),
            }
            for (index, order, side), port in zip(ends, ports, strict=True)
            for network in networks[index]
        ]
    )
    far = {"a": "z", "z": "a"}
    netbox.dcim.interfaces.update(
        [
            {"id": port, "description": f"{order['cid']} to {label(order[far[side]])}"}
            for (_, order, side), port in zip(ends, ports, strict=True)
        ]
    )


def absent(netbox: Any, orders: list[Order]) -> None:  # noqa: ANN401
    """Remove the cables, the circuits (and so their terminations), the addresses, the prefixes, the descriptions."""
    for part in batched([order["subscription"] for order in orders], _A_QUERY):
        owner = {"cf_trunkline_subscription": list(part)}
        cables = list(netbox.dcim.cables.filter(**owner))
        ports = [end.id for cable in cables for end in cable.a_terminations]
        for endpoint, found in (
            (netbox.dcim.cables, cables),
            (netbox.circuits.circuits, list(netbox.circuits.circuits.filter(**owner))),
            (netbox.ipam.ip_addresses, list(netbox.ipam.ip_addresses.filter(**owner))),
            (netbox.ipam.prefixes, list(netbox.ipam.prefixes.filter(**owner))),
        ):
            if found:
                endpoint.delete(found)
        if ports:
            netbox.dcim.interfaces.update([{"id": port, "description": ""} for port in ports])


def label(end: dict[str, str]) -> str:
    """`ams-pe:eth1`."""
    return f"{end['node']}:{end['interface']}"


def between(order: Order) -> str:
    """`ams-pe:eth1 - par-p:eth2`."""
    return f"{label(order['a'])} - {label(order['z'])}"


if __name__ == "__main__":
    act = {"present": present, "absent": absent}[sys.argv[1]]
    act(
        pynetbox.api(os.environ["NETBOX_URL"], token=os.environ["NETBOX_TOKEN"]),
        json.loads(Path(sys.argv[2]).read_text()),
    )
