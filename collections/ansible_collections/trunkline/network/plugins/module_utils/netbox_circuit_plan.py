# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What makes or removes circuits in NetBox: pure functions from order and snapshot to operations."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from .addresses import bare, family_of, first_of, link_in, second_of
from .netbox_address import correct_address, create_address, on_interface
from .netbox_circuit import LENGTH, STATUS, interfaces_of, readable_circuit, refuse_foreign, settled
from .netbox_circuit_removal import cable_interface, cable_side, uncable
from .netbox_errors import said_of
from .netbox_plan import Allocation, Named, Operation, Plan, Record, Ref, changed, owned, slug, status_for
from .netbox_pool import Forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .netbox_circuit import CircuitOrder, End
    from .netbox_snapshot import Snapshot

# The first two stages are those of a removed cable. Then the pools, one after the other: of many that ask at once, who
# got the last IPv4 prefix must not lose it because others hold IPv6 prefixes that they are about to give back. A cable
# writes its interfaces, too: so their descriptions come before.
IPV4, IPV6, LINK = range(2, 5)
CIRCUIT, TERMINATION, INTERFACE, CABLE, ADDRESS = IPV4, IPV6, IPV6, LINK, LINK
# The lengths of a circuit's prefixes: the link's own, and in IPv6 around it that from the pool. A new link is a /31 and
# a /127; one that was adopted may be wider, and have no IPv6 prefix around it.
BLOCK, LINK_IN_BLOCK = {4: range(1, 32), 6: range(1, 65)}, range(65, 128)


def plan_present(orders: Sequence[CircuitOrder], snapshot: Snapshot) -> Plan:
    """The operations that make the circuits as ordered. Raises OrderError before anything would change."""
    forecasts = {key: Forecast(pools) for key, pools in snapshot.pools.items()}
    interfaces = interfaces_of(orders, snapshot)
    plan = Plan()
    for order in orders:
        with said_of(order.description, len(orders) > 1):
            refuse_foreign(order, snapshot)
            circuit = _Circuit(settled(order, snapshot), snapshot, interfaces, forecasts)
        plan.operations += circuit.operations
        plan.objects.append(circuit.view())
    return plan


class _Circuit:
    """The operations for one circuit: what is missing is created, what differs is corrected."""

    def __init__(
        self,
        order: CircuitOrder,
        snapshot: Snapshot,
        interfaces: dict[End, Record],
        forecasts: dict[tuple[str, int], Forecast],
    ) -> None:
        self.order = order
        self.snapshot = snapshot
        self.interfaces = interfaces
        self.forecasts = forecasts
        self.row = snapshot.own("circuit_list", order.subscription)
        self.status = status_for(order.status, self.row["status"] if self.row else None, STATUS)
        self.operations: list[Operation] = []
        self.block = {4: self._pool_prefix(4)}
        if self._prefix_row(6, LINK_IN_BLOCK) is None or self._prefix_row(6, BLOCK[6]) is not None:
            self.block[6] = self._pool_prefix(6)
        self.prefix = {4: self.block[4], 6: self._link_prefix()}
        self.id = self._circuit()
        self.addresses: dict[str, dict[int, str | Ref]] = {}
        for side, end, other in order.ends:
            self._cable(side, end, self._termination(side, end))
            self.addresses[side] = {family: self._address(side, end, family) for family in LENGTH}
            self._describe(end, other)

    def view(self) -> Record:
        """The circuit as the module returns it."""
        order = self.order
        ends = {
            side.lower(): {
                "node": end.node,
                "interface": end.interface,
                "netbox_interface_id": int(self.interfaces[end]["id"]),
                "ipv4": self.addresses[side][4],
                "ipv6": self.addresses[side][6],
            }
            for side, end, _other in order.ends
        }
        return {
            "cid": order.circuit_id,
            "netbox_id": self.id,
            "subscription": order.subscription,
            "status": self.status,
            "isis_metric": order.isis_metric,
            "under_maintenance": order.under_maintenance,
            "speed_mbps": order.speed_mbps,
            "ipv4_prefix": self.prefix[4],
            "ipv6_prefix": self.prefix[6],
            **ends,
        }

    def _add(self, op: str, kind: str, name: str, key: str, stage: int, **more: object) -> None:
        self.operations.append(Operation(op, kind, name, key, stage, self.order.subscription, **more))  # type: ignore[arg-type]

    def _correct(self, operation: Operation, current: Record, wanted: Record) -> None:
        """Bring an object that is there to the wanted fields, if it differs. `operation` is the update, fields open."""
        operation.before, after = changed(current, wanted)
        if after:
            custom = {name: after.pop(name) for name in list(after) if name.startswith("trunkline_")}
            operation.before = {name.removeprefix("trunkline_"): value for name, value in operation.before.items()}
            operation.fields = {**after, **({"custom_fields": custom} if custom else {})}
            self.operations.append(operation)

    def _update(self, kind: str, name: str, key: str, stage: int, row: Record) -> Operation:
        number, version = int(row["id"]), row["last_updated"]
        return Operation("update", kind, name, key, stage, self.order.subscription, id=number, last_updated=version)

    def _prefix_row(self, family: int, lengths: range) -> Record | None:
        rows = self.snapshot.owned("prefix_list", self.order.subscription)
        return next(
            (r for r in rows if family_of(r["prefix"]) == family and ip_network(r["prefix"]).prefixlen in lengths), None
        )

    def _known_prefix(self, row: Record, stage: int) -> str:
        prefix: str = row["prefix"]
        wanted = {"description": self.order.description}
        update = self._update("ipam.prefix", prefix, f"prefix {row['id']}", stage, row)
        self._correct(update, {"description": row["description"]}, wanted)
        return prefix

    def _pool_prefix(self, family: int) -> str | Ref:
        """The circuit's prefix from the pool: a /31, or the /64 that holds the /127."""
        order, length = self.order, LENGTH[family]
        stage = IPV4 if length == LENGTH[4] else IPV6
        row = self._prefix_row(family, BLOCK[family])
        if row is not None:
            return self._known_prefix(row, stage)
        key = f"prefix IPv{family} {order.circuit_id}"
        pools, forecast = self.snapshot.pools[order.pool, family], self.forecasts[order.pool, family]
        fields = {"status": "active", "description": order.description, **owned(order.subscription)}
        allocation = Allocation("prefix", length, pools, forecast.prefix(length))
        self._add("create", "ipam.prefix", "", key, stage, fields=fields, allocation=allocation)
        return Ref(key, "prefix")

    def _link_prefix(self) -> str | Ref:
        """The /127 inside the circuit's own /64."""
        order = self.order
        row = self._prefix_row(6, LINK_IN_BLOCK)
        if row is not None:
            return self._known_prefix(row, LINK)
        block = self.block[6]
        key = f"prefix IPv6 link {order.circuit_id}"
        prefix = _made_of(block, link_in)
        pool = self.snapshot.pools[order.pool, 6][0]
        fields = {"prefix": prefix, "status": "active", "description": order.description, **owned(order.subscription)}
        if pool.vrf is not None:
            fields["vrf"] = pool.vrf
        self._add("create", "ipam.prefix", "", key, LINK, fields=fields)
        return Ref(key, "prefix")

    def _circuit(self) -> int | Ref:
        order = self.order
        wanted = {
            "cid": order.circuit_id,
            "provider": slug(order.provider),
            "type": slug(order.circuit_type),
            "status": self.status,
            "commit_rate": order.speed_mbps * 1000,
            "description": order.description,
        }
        custom = {"trunkline_isis_metric": order.isis_metric, "trunkline_under_maintenance": order.under_maintenance}
        key = f"circuit {order.circuit_id}"
        if self.row is None:
            fields = {**wanted, **owned(order.subscription, **custom)}
            self._add("create", "circuits.circuit", order.circuit_id, key, CIRCUIT, fields=fields)
            return Ref(key)
        current = readable_circuit(self.row)
        current |= {name: self.row["custom_fields"].get(name) for name in custom}
        update = self._update("circuits.circuit", order.circuit_id, key, CIRCUIT, self.row)
        self._correct(update, current, {**wanted, **custom})
        return int(self.row["id"])

    def _termination(self, side: str, end: End) -> int | Ref:
        order, site = self.order, self.interfaces[end]["device"]["site"]
        wanted = {
            "termination_type": Named("dcim.site", shown_as=""),
            "termination_id": Named(int(site["id"]), site["slug"], shown_as="site"),
            "port_speed": order.speed_mbps * 1000,
        }
        name, key = f"{order.circuit_id} {side}", f"termination {order.circuit_id} {side}"
        row = next((row for row in self.row["terminations"] if row["term_side"] == side), None) if self.row else None
        if row is None:
            circuit = Named(self.id, order.circuit_id)
            fields = {"circuit": circuit, "term_side": side, **wanted, **owned(order.subscription)}
            self._add("create", "circuits.circuittermination", name, key, TERMINATION, fields=fields)
            return Ref(key)
        there = row["termination"]
        current = {"site": there["slug"] if there and "slug" in there else None, "port_speed": row["port_speed"]}
        # NetBox wants both halves of a reference to an object of any type.
        update = self._update("circuits.circuittermination", name, key, TERMINATION, row)
        self._correct(update, current, wanted)
        if "termination_id" in update.fields:
            update.fields["termination_type"] = wanted["termination_type"]
        return int(row["id"])

    def _cable(self, side: str, end: End, termination: int | Ref) -> None:
        order, interface = self.order, self.interfaces[end]
        for cable in self.snapshot.owned("cable_list", order.subscription):
            if cable_side(cable) == side:
                if cable_interface(cable) == end.label:
                    return
                self.operations += uncable(cable, order.subscription)
        a_end = [{"object_type": "dcim.interface", "object_id": int(interface["id"])}]
        b_end = [{"object_type": "circuits.circuittermination", "object_id": termination}]
        name = f"{end.label} - {order.circuit_id} {side}"
        fields = {
            "label": order.circuit_id,
            "status": "connected",
            "a_terminations": Named(a_end, end.label, shown_as="a"),
            "b_terminations": Named(b_end, f"{order.circuit_id} {side}", shown_as="b"),
            **owned(order.subscription),
        }
        self._add("create", "dcim.cable", name, f"cable {order.circuit_id} {side}", CABLE, fields=fields)

    def _address(self, side: str, end: End, family: int) -> str | Ref:
        order, prefix = self.order, self.prefix[family]
        pick = first_of if side == "A" else second_of
        where = on_interface(int(self.interfaces[end]["id"]), end.label)
        key = f"address {order.circuit_id} {side} IPv{family}"
        if isinstance(prefix, Ref):
            # Of the block, which is known before the link inside it is made.
            address = _made_of(self.block[family], pick if family == 4 else lambda block: pick(link_in(block)))
            self.operations.append(create_address(order.subscription, key, ADDRESS, where, address))
            return Ref(key, "address")
        value = pick(prefix)
        rows = self.snapshot.owned("ip_address_list", order.subscription)
        row = next((row for row in rows if bare(row["address"]) == bare(value)), None)
        if row is not None:
            self.operations += correct_address(row, order.subscription, ADDRESS, {"address": value, **where})
        else:
            self.operations.append(create_address(order.subscription, key, ADDRESS, where, value))
        return value

    def _describe(self, end: End, other: End) -> None:
        row = self.interfaces[end]
        wanted = {"description": f"{self.order.circuit_id} to {other.label}"}
        update = self._update("dcim.interface", end.label, f"interface {end.label}", INTERFACE, row)
        self._correct(update, {"description": row["description"]}, wanted)


def _made_of(block: str | Ref, via: Callable[[str], str]) -> str | Ref:
    return Ref(block.key, "prefix", via) if isinstance(block, Ref) else via(block)
