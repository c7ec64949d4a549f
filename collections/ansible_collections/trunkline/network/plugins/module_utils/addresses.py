# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on addresses: the ends of a link, the loopback of the other family, the ISO NET of a router.

On the standard library's ipaddress: importing netaddr would cost every module run 65 ms.
"""

from __future__ import annotations

import ipaddress


def first_of(prefix: str) -> str:
    """The lower address of a link, with the length: 10.0.1.0/31 -> 10.0.1.0/31, 10.0.1.0/30 -> 10.0.1.1/30."""
    network = ipaddress.ip_network(prefix)
    return f"{network[int(network.num_addresses > 2)]}/{network.prefixlen}"


def second_of(prefix: str) -> str:
    """The upper address of a link, with the length: 10.0.1.0/31 -> 10.0.1.1/31, 10.0.1.0/30 -> 10.0.1.2/30."""
    network = ipaddress.ip_network(prefix)
    return f"{network[1 + int(network.num_addresses > 2)]}/{network.prefixlen}"


def link_in(prefix: str) -> str:
    """The first /127 of an IPv6 prefix: fc00:0:1::/64 -> fc00:0:1::/127."""
    return f"{ipaddress.ip_network(prefix).network_address}/127"


def family_of(address: str) -> int:
    """4 or 6."""
    return ipaddress.ip_interface(address).version


def bare(address: str) -> str:
    """The address without its length, in canonical form."""
    return str(ipaddress.ip_interface(address).ip)


def canonical(address: str) -> str:
    """Address and length in canonical form. Raises ValueError."""
    return str(ipaddress.ip_interface(address))


def mirrored(address: str, pool: str, other_pool: str) -> str | None:
    """The address of `other_pool` with the same place as `address` has in `pool`; None when it has no such place.

    10.0.127.2/32 of 10.0.127.0/24 -> fc00:0:0:127::2/128 of fc00:0:0:127::/64.
    """
    here, there = ipaddress.ip_network(pool), ipaddress.ip_network(other_pool)
    place = int(ipaddress.ip_interface(address).ip) - int(here.network_address)
    if not 0 < place < there.num_addresses:
        return None
    return f"{there[place]}/{there.max_prefixlen}"


def iso_net(loopback: str, area: str) -> str:
    """The ISO NET of a router: area 49.0001 and loopback 10.0.127.2/32 -> 49.0001.0100.0012.7002.00."""
    address = ipaddress.ip_interface(loopback).ip
    if address.version != 4:
        raise ValueError(f"{loopback} is not an IPv4 address: the system id of a NET is made from one")
    digits = "".join(f"{int(octet):03d}" for octet in str(address).split("."))
    return f"{area}.{digits[0:4]}.{digits[4:8]}.{digits[8:12]}.00"
