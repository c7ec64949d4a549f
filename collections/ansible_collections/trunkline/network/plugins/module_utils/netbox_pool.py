# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Pools: NetBox prefixes found by role, and what is free in them (read only to predict, in check mode)."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

from .addresses import bare, family_of
from .netbox_errors import OrderError
from .netbox_plan import Pool, Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .netbox_session import Session

POOL_FIELDS = "id prefix status mark_utilized role { slug } vrf { id }"
USABLE = ("active", "container")
ENOUGH = 50


def pools_of(rows: Iterable[Record], role: str, family: int, length: int) -> tuple[Pool, ...]:
    """The pools of a role and family that can hold a block of this length, in order of prefix.

    What was allocated may carry the role as well: it is too small to be a pool.
    """
    found = [
        Pool(id=int(row["id"]), prefix=row["prefix"], role=role, vrf=int(row["vrf"]["id"]) if row["vrf"] else None)
        for row in rows
        if row["role"]
        and row["role"]["slug"] == role
        and row["status"] in USABLE
        and not row["mark_utilized"]
        and family_of(row["prefix"]) == family
        and ipaddress.ip_network(row["prefix"]).prefixlen < length
    ]
    if not found:
        raise OrderError(
            f"pool {role!r}: NetBox has no active IPv{family} prefix with role {role!r}. "
            "Add one (IPAM > Prefixes), or name another role."
        )
    return tuple(sorted(found, key=lambda pool: int(ipaddress.ip_network(pool.prefix).network_address)))


def exhausted(pools: tuple[Pool, ...], length: int, prefixes: bool) -> OrderError:
    """The error of a request for which no pool has room."""
    return OrderError(
        f"pool {pools[0].role!r}: no free {f'/{length} prefix' if prefixes else 'address'} left in "
        f"{', '.join(pool.prefix for pool in pools)}. "
        f"Add a prefix with role {pools[0].role!r} in NetBox (IPAM > Prefixes), or free what is no longer used."
    )


def with_free(session: Session, pools: tuple[Pool, ...], prefixes: bool, wanted: int) -> tuple[Pool, ...]:
    """The pools with what is free in them, enough for `wanted` allocations (a request a pool)."""
    known = []
    for pool in pools:
        path = f"ipam/prefixes/{pool.id}/available-{'prefixes' if prefixes else 'ips'}/"
        rows = session.get(path, None if prefixes else {"limit": wanted + ENOUGH})
        known.append(replace(pool, free=tuple(row["prefix" if prefixes else "address"] for row in rows)))
    return tuple(known)


class Forecast:
    """Says what NetBox would hand out next from pools whose free space was read; None where it was not read."""

    def __init__(self, pools: tuple[Pool, ...]) -> None:
        self._pools = pools
        self._free = [list(pool.free) for pool in pools if pool.free is not None]

    def prefix(self, length: int) -> str | None:
        """The next free prefix of this length. Raises OrderError when there is none."""
        if not self._free:
            return None
        for blocks in self._free:
            for index, block in enumerate(blocks):
                network = ipaddress.ip_network(block)
                if network.prefixlen <= length:
                    taken = next(network.subnets(new_prefix=length))
                    blocks[index : index + 1] = [str(rest) for rest in sorted(network.address_exclude(taken))]  # type: ignore[arg-type]
                    return str(taken)
        raise exhausted(self._pools, length, prefixes=True)

    def address(self, length: int, wish: str | None = None) -> str | None:
        """The next free address; or the wished one, if it is free. Raises OrderError when there is none."""
        if not self._free:
            return None
        if wish is not None and self._is_free(wish):
            self._free = [[item for item in items if bare(item) != bare(wish)] for items in self._free]
            return wish
        for items in self._free:
            if items:
                return f"{bare(items.pop(0))}/{length}"
        raise exhausted(self._pools, length, prefixes=False)

    def _is_free(self, wish: str) -> bool:
        """NetBox listed only the first free addresses: one beyond a full list is taken to be free."""
        place = ipaddress.ip_interface(wish).ip
        for pool, items in zip(self._pools, self._free, strict=True):
            if place in ipaddress.ip_network(pool.prefix):
                known = [bare(item) for item in items]
                return str(place) in known or (
                    len(known) >= ENOUGH and int(place) > int(ipaddress.ip_address(known[-1]))
                )
        return False
