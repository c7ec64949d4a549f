"""A run or a removal that dies at any request, or loses the answer of any, is finished by the next one."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Transport
from tests.netbox.netbox_world import World


class KilledError(BaseException):
    """The process is gone. No code of ours may catch this."""


class Mortal(Transport):
    """Dies at the request number `at`: before it is sent, or after NetBox has carried it out."""

    def __init__(self, at: int, *, sent: bool) -> None:
        super().__init__(30.0)
        self.at = at
        self.after = sent

    def send_once(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if self.sent + 1 == self.at and not self.after:
            raise KilledError
        answer = super().send_once(request, *args, **kwargs)
        if self.sent == self.at and self.after:
            raise KilledError
        return answer


class Deaf(Transport):
    """Loses the answer of request number `at`: NetBox has carried it out, the connection breaks."""

    def __init__(self, at: int) -> None:
        super().__init__(30.0)
        self.at = at

    def send_once(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send_once(request, *args, **kwargs)
        if self.sent == self.at:
            raise requests.exceptions.ConnectionError("Connection reset by peer")
        return answer


Order = NodeOrder | CircuitOrder


def killed(at: int) -> Transport:
    return Mortal(at, sent=False)


def killed_after_sending(at: int) -> Transport:
    return Mortal(at, sent=True)


@pytest.fixture(params=["node", "circuit"])
def order(request: pytest.FixtureRequest, world: World, management: Callable[[], str]) -> Order:
    if request.param == "node":
        return world.node(management=management())
    a, z = world.node("a"), world.node("z")
    world.run(a)
    world.run(z)
    return world.circuit((a, "eth1"), (z, "eth2"))


def strip(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """What the objects are, without ids and times."""
    return {kind: sorted(row["display"] for row in found if kind != "dcim.cable") for kind, found in rows.items()}


@pytest.mark.parametrize("die", [killed, killed_after_sending])
def test_a_killed_run_is_finished_by_the_next_one(world: World, order: Order, die: Callable[[int], Transport]) -> None:
    whole = world.run(order)
    undisturbed, counts = strip(world.owned(order.subscription)), world.count(order.subscription)
    removal = world.session()
    world.run(order, present=False, session=removal)
    removal_requests = removal.sent
    for at in range(1, 99):
        session = world.session(die(at))
        try:
            world.run(order, session=session)
        except KilledError:
            again = world.run(order)
        else:
            break
        assert again.objects[0] == {**whole.objects[0], "netbox_id": again.objects[0]["netbox_id"]}
        assert strip(world.owned(order.subscription)) == undisturbed
        assert world.count(order.subscription) == counts
        # And the removal, killed at another of its requests each time.
        with pytest.raises(KilledError):
            world.run(order, present=False, session=world.session(die(1 + at % removal_requests)))
        world.run(order, present=False)
        assert world.count(order.subscription) == {}
    assert at == session.sent + 1 > max(5, removal_requests)


def test_a_lost_answer_is_made_up_for_in_the_same_run(world: World, order: Order) -> None:
    whole = world.run(order)
    counts = world.count(order.subscription)
    world.run(order, present=False)
    for at in range(1, 99):
        session = world.session(Deaf(at))
        done = world.run(order, session=session)
        assert done.objects[0] == {**whole.objects[0], "netbox_id": done.objects[0]["netbox_id"]}
        assert sorted((item["op"], item["type"]) for item in done.operations) == sorted(
            (item["op"], item["type"]) for item in whole.operations
        )
        assert world.count(order.subscription) == counts
        world.run(order, present=False)
        if session.sent < at:
            break
    assert at > 5
