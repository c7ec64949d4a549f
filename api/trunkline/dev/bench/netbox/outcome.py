"""What NetBox holds of the orders: each side has to leave the same behind, or its seconds mean nothing.

Left out is what netbox.netbox cannot set: the mask of an address from a pool (it takes the pool's), and owner and tag
of a circuit termination. Neither costs the others a request less or more. Which address of a pool an order gets is left
out, too: where orders run beside each other, that is a matter of who comes first.
"""

from ipaddress import ip_address, ip_network
from typing import Any

import httpx

from trunkline.dev.bench.netbox.orders import POOLS, Order
from trunkline.dev.bench.world import World
from trunkline.dev.errors import DevError

Holding = dict[str, list[Any]]

_ADDRESSES = "ip_addresses { address role status custom_fields tags { slug } }"
_DEVICE = f"""
  name status custom_fields tags {{ slug }} role {{ slug }} device_type {{ slug }} platform {{ slug }} site {{ slug }}
  primary_ip4 {{ address }} primary_ip6 {{ address }} oob_ip {{ address }}
  interfaces {{ name type mgmt_only description custom_fields tags {{ slug }} {_ADDRESSES} }}
"""
_CIRCUIT = """
  cid status description commit_rate custom_fields tags { slug } provider { slug } type { slug }
  terminations { term_side port_speed termination { __typename ... on SiteType { slug } }
    cable { label status custom_fields tags { slug }
      a_terminations { __typename ... on InterfaceType { name description device { name }
        ip_addresses { address custom_fields tags { slug } } } } } }
"""
_QUERY = f"""
query ($devices: [String!], $cids: [String!], $routers: [String!]) {{
  device_list(filters: {{name: {{in_list: $devices}}}}) {{ {_DEVICE} }}
  circuit_list(filters: {{cid: {{in_list: $cids}}}}) {{ {_CIRCUIT} }}
  cable_list(filters: {{label: {{in_list: $cids}}}}) {{ label }}
  prefix_list {{ prefix status description custom_fields tags {{ slug }} }}
  ip_address_list {{ address }}
  interface_list(filters: {{device: {{name: {{in_list: $routers}}}}}}) {{ name description device {{ name }} }}
}}
"""


def holding(world: World, kind: str, orders: list[Order]) -> Holding:
    """What NetBox holds, without ids and in a fixed order. Not counted: it is asked between the measurements."""
    names = [order["name"] for order in orders] if kind == "node" else []
    cids = [order["cid"] for order in orders] if kind == "circuit" else []
    routers = sorted({order[side]["node"] for order in orders for side in "az"}) if kind == "circuit" else []
    answer = httpx.post(
        f"{world.url}/graphql/",
        json={"query": _QUERY, "variables": {"devices": names, "cids": cids, "routers": routers}},
        headers={"Authorization": f"Bearer {world.token}"},
        timeout=120,
    ).raise_for_status()
    body = answer.json()
    if body.get("errors"):
        raise DevError(f"NetBox refused the query for the outcome: {body['errors'][0]['message']}")
    return {name: sorted((normal(row) for row in rows), key=repr) for name, rows in body["data"].items()}


def normal(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with lists in a fixed order, and addresses and prefixes of a pool as the pool that they are from."""
    if isinstance(value, dict):
        special = {"address": _address, "prefix": _prefix}
        return {name: special.get(name, normal)(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=repr)
    return value


def differences(one: Any, other: Any, path: str = "") -> list[str]:  # noqa: ANN401 - any JSON
    """Where two holdings differ, as `path: this / that` lines."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for index, (a, b) in pairs for line in differences(a, b, f"{path}[{index}]")]
    return [] if one == other else [f"{path.removeprefix('.')}: {one} / {other}"]


def _address(text: str) -> str:
    address = ip_address(text.partition("/")[0])
    for role, pools in POOLS.items():
        for pool in pools:
            if address in ip_network(pool):
                # The A end of a circuit has the lower address.
                end = f", {'lower' if int(address) % 2 == 0 else 'upper'}" if role == "core-link" else ""
                return f"from {pool}{end}"
    return str(address)


def _prefix(text: str) -> str:
    prefix = ip_network(text)
    for pool in (ip_network(pool) for pools in POOLS.values() for pool in pools):
        if prefix.version == pool.version and prefix != pool and prefix.subnet_of(pool):  # type: ignore[arg-type]
            return f"/{prefix.prefixlen} from {pool}"
    return text
