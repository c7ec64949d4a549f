"""A run or a removal that dies at any request, or loses the answer of any, is finished by the next one."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import requests

from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_l2vpn import L2vpnOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Transport
from tests.netbox.netbox_world import World


class KilledError(BaseException):
    """The process is gone. No code of ours may catch this."""


class Mortal(Transport):
    """Dies after request number `at`: NetBox has carried it out, nobody reads the answer.

    To die before a request is sent leaves NetBox as to die after the one before it (the first is a read), so these are
    all the moments at which a process can die.
    """

    def __init__(self, at: int) -> None:
        super().__init__(30.0)
        self.at = at
        self.numbers = count(1)

    def send_once(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        number = next(self.numbers)
        answer = super().send_once(request, *args, **kwargs)
        if number == self.at:
            answer.close()
            raise KilledError
        return answer


class Deaf(Transport):
    """Loses the answer of request number `at`: NetBox has carried it out, the connection breaks."""

    def __init__(self, at: int) -> None:
        super().__init__(30.0)
        self.at = at
        self.numbers = count(1)

    def send_once(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        number = next(self.numbers)
        answer = super().send_once(request, *args, **kwargs)
        if number == self.at:
            answer.close()
            raise requests.exceptions.ConnectionError("Connection reset by peer")
        return answer


Order = NodeOrder | CircuitOrder | L2vpnOrder
Check = Callable[[World, Order], None]
KINDS = ("node", "circuit", "l2vpn")


def shown(world: World, order: Order) -> dict[str, list[str]]:
    """What NetBox has of the order, without ids and times."""
    return {
        kind: sorted("cable" if kind == "dcim.cable" else re.sub(r" \(\d+\)", "", row["display"]) for row in rows)
        for kind, rows in world.owned(order.subscription).items()
        if rows
    }


def lasting(item: dict[str, Any]) -> dict[str, Any]:
    """An object as the modules return it, without what NetBox numbers anew each time."""
    ends = [{**sap, "netbox_interface_id": 0} for sap in item.get("saps", [])]
    return {**item, "netbox_id": 0, "vni": 0, "saps": ends}


def kill_runs(world: World, order: Order) -> None:
    """Kill the run and the removal at each of their requests; the next run finishes."""
    making, removing = world.session(), world.session()
    whole = world.run(order, session=making).objects[0]
    owned = shown(world, order)
    world.run(order, present=False, session=removing)
    assert making.sent > 5
    assert 2 < removing.sent <= making.sent
    for at in range(1, making.sent + 1):
        with pytest.raises(KilledError):
            world.run(order, session=world.session(Mortal(at)))
        again = world.run(order).objects[0]
        assert lasting(again) == lasting(whole)
        assert shown(world, order) == owned
        # And the removal, killed at another of its requests each time.
        with pytest.raises(KilledError):
            world.run(order, present=False, session=world.session(Mortal(1 + at % removing.sent)))
        world.run(order, present=False)
        assert world.count(order.subscription) == {}


def lose_answers(world: World, order: Order) -> None:
    """Lose the answer of each request of a run; the same run makes up for it."""
    making = world.session()
    whole = world.run(order, session=making)
    owned = shown(world, order)
    world.run(order, present=False)
    for at in range(1, making.sent + 1):
        session = world.session(Deaf(at))
        done = world.run(order, session=session)
        assert session.sent > at
        assert lasting(done.objects[0]) == lasting(whole.objects[0])
        assert sorted((item["op"], item["type"]) for item in done.operations) == sorted(
            (item["op"], item["type"]) for item in whole.operations
        )
        assert shown(world, order) == owned
        world.run(order, present=False)


CHECKS: tuple[Check, ...] = (kill_runs, lose_answers)


@pytest.fixture(scope="module")
def outcomes(
    standing: World, pair: tuple[NodeOrder, NodeOrder], management: Callable[[], str]
) -> Iterator[dict[tuple[Check, str], Future[None]]]:
    """All that this module tests, two at a time: while NetBox works on one request, the other core would be idle.

    Each has pools of its own, so that the same addresses are the next free ones again and again.
    """
    pools = [f"{kind}-{check.__name__.replace('_', '-')}-{standing.name}" for check in CHECKS for kind in KINDS[:2]]
    standing.declare(("ipam.role", [{"slug": pool, "name": pool} for pool in pools]))
    standing.declare(
        (
            "ipam.prefix",
            [
                {"prefix": prefix, "role": {"slug": pool}, "status": "active"}
                for number, pool in enumerate(pools)
                for prefix in (f"198.18.{number}.0/24", f"fd00:{number + 1}::/{48 if 'circuit' in pool else 64}")
            ],
        )
    )
    with ThreadPoolExecutor(2) as threads:
        futures = {}
        for number, check in enumerate(CHECKS, start=1):
            node_pool, circuit_pool = pools[2 * number - 2 : 2 * number]
            node = standing.node(f"n{number}", management=management(), loopback_pool=node_pool)
            ends = [(end, f"eth{number}") for end in pair]
            circuit = standing.circuit(ends[0], ends[1], pool=circuit_pool)
            ports = (
                standing.port(pair[0], f"eth{number + 2}", mode="tagged"),
                standing.port(pair[1], f"eth{number + 2}"),
            )
            standing.run(*ports)
            l2vpn = standing.l2vpn((ports[0], 100), (ports[1], None))
            orders: tuple[Order, ...] = (node, circuit, l2vpn)
            for kind, order in zip(KINDS, orders, strict=True):
                futures[check, kind] = threads.submit(check, standing, order)
        yield futures


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_is_finished_by_the_next_one(outcomes: dict[tuple[Check, str], Future[None]], kind: str) -> None:
    outcomes[kill_runs, kind].result()


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_answer_is_made_up_for_in_the_same_run(
    outcomes: dict[tuple[Check, str], Future[None]], kind: str
) -> None:
    outcomes[lose_answers, kind].result()
