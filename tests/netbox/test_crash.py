"""A run or a removal that dies at any request, or loses the answer of any, is finished by the next one."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import requests

from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import Outcome
from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder
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

    def send_once(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().send_once(request, *args, **kwargs)
        if self.sent == self.at:
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


@dataclasses.dataclass(frozen=True)
class Undisturbed:
    """An order, what becomes of it when nothing happens, and how many requests it and its removal take."""

    order: NodeOrder | CircuitOrder
    outcome: Outcome
    owned: dict[str, list[str]]
    requests: int
    removal_requests: int


@pytest.fixture(scope="module", params=["node", "circuit"])
def undisturbed(request: pytest.FixtureRequest, standing: World, management: Callable[[], str]) -> Undisturbed:
    order: NodeOrder | CircuitOrder
    if request.param == "node":
        order = standing.node(management=management())
    else:
        a, z = request.getfixturevalue("pair")
        order = standing.circuit((a, "eth1"), (z, "eth2"))
    making, removing = standing.session(), standing.session()
    outcome = standing.run(order, session=making)
    owned = shown(standing, order)
    standing.run(order, present=False, session=removing)
    return Undisturbed(order, outcome, owned, making.sent, removing.sent)


def shown(world: World, order: NodeOrder | CircuitOrder) -> dict[str, list[str]]:
    """What NetBox has of the order, without ids and times."""
    return {
        kind: sorted("cable" if kind == "dcim.cable" else row["display"] for row in rows)
        for kind, rows in world.owned(order.subscription).items()
        if rows
    }


def test_a_killed_run_is_finished_by_the_next_one(standing: World, undisturbed: Undisturbed) -> None:
    order, whole = undisturbed.order, undisturbed.outcome.objects[0]
    assert undisturbed.requests > 5
    assert 2 < undisturbed.removal_requests <= undisturbed.requests
    for at in range(1, undisturbed.requests + 1):
        with pytest.raises(KilledError):
            standing.run(order, session=standing.session(Mortal(at)))
        again = standing.run(order).objects[0]
        assert again == {**whole, "netbox_id": again["netbox_id"]}
        assert shown(standing, order) == undisturbed.owned
        # And the removal, killed at another of its requests each time.
        with pytest.raises(KilledError):
            standing.run(order, present=False, session=standing.session(Mortal(1 + at % undisturbed.removal_requests)))
        standing.run(order, present=False)
        assert standing.count(order.subscription) == {}


def test_a_lost_answer_is_made_up_for_in_the_same_run(standing: World, undisturbed: Undisturbed) -> None:
    order, whole = undisturbed.order, undisturbed.outcome
    for at in range(1, undisturbed.requests + 1):
        session = standing.session(Deaf(at))
        done = standing.run(order, session=session)
        assert session.sent > at
        assert done.objects[0] == {**whole.objects[0], "netbox_id": done.objects[0]["netbox_id"]}
        assert sorted((item["op"], item["type"]) for item in done.operations) == sorted(
            (item["op"], item["type"]) for item in whole.operations
        )
        assert shown(standing, order) == undisturbed.owned
        standing.run(order, present=False)
