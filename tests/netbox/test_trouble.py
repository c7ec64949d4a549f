"""NetBox in trouble: slow, busy, failing half-way, a page at a time; and reached with the old kind of token."""

import dataclasses
import json
import re
from collections.abc import Callable

import pytest

from ansible_collections.trunkline.network.plugins.module_utils import netbox_session
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import (
    RefusedError,
    TokenError,
    UnavailableError,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Session
from tests.netbox.faulty_proxy import Plan, Proxy, Request, Trouble, proxy
from tests.netbox.netbox_world import World

NODE = {"dcim.device": 1, "dcim.interface": 1, "ipam.ipaddress": 2}
Behind = Callable[[Plan], World]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is that it comes back, not how long it waits."""
    monkeypatch.setattr(netbox_session, "FIRST_PAUSE_S", 0.01)


def through(world: World, front: Proxy) -> World:
    """The same world, reached through a proxy."""
    return dataclasses.replace(world, url=front.url)


def is_write(request: Request) -> bool:
    return request.method != "GET" and not request.path.startswith("/graphql/")


def writes_of(world: World) -> int:
    """How many writes an undisturbed node takes."""
    order, session = world.node("count"), world.session()
    world.run(order, session=session)
    return session.writes


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_netbox_is_asked_again(world: World, status: int) -> None:
    order = world.node()
    refused: list[Request] = []

    def plan(request: Request) -> Trouble | None:
        # With 429 NetBox says that it did nothing, so a write is asked again, too.
        if len(refused) == 4 or (is_write(request) and status != 429) or request.number in (3, 6):
            return None
        refused.append(request)
        return Trouble(status, forwarded=False)

    with proxy(world.url, plan) as front:
        through(world, front).run(order)
    assert any(is_write(request) for request in refused) is (status == 429)
    assert world.count(order.subscription) == NODE


def test_a_netbox_that_stays_busy_is_named(world: World) -> None:
    with (
        proxy(world.url, lambda request: Trouble(429, forwarded=False)) as front,
        pytest.raises(UnavailableError, match=r"too busy \(429: .*\), also after 4 attempts"),
    ):
        through(world, front).run(world.node())


def graphql_error(message: str) -> Trouble:
    body = json.dumps({"data": None, "errors": [{"message": message}]})
    return Trouble(200, body.encode(), forwarded=False)


def test_a_read_that_meets_a_removal_is_done_again(world: World) -> None:
    vanished = graphql_error("Interface matching query does not exist.")
    with proxy(world.url, lambda request: vanished if request.number < 3 else None) as front:
        through(world, front).run(order := world.node())
    assert world.count(order.subscription) == NODE


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Interface matching query does not exist.", "does not exist.$"),
        ("Cannot query field 'oob_ip' on type 'DeviceType'.", "NetBox 4.5.2 or newer is needed.$"),
    ],
)
def test_a_query_that_netbox_cannot_answer_is_refused_with_its_reason(world: World, message: str, said: str) -> None:
    with (
        proxy(world.url, lambda _request: graphql_error(message)) as front,
        pytest.raises(RefusedError, match=f"refused a GraphQL query: {re.escape(message[:20])}.*{said}"),
    ):
        through(world, front).run(world.node())


@pytest.mark.parametrize("trouble", [Trouble(500), Trouble(cut=True)], ids=["500", "cut"])
def test_each_write_whose_answer_is_lost_is_looked_for_before_it_is_sent_again(world: World, trouble: Trouble) -> None:
    for at in range(1, writes_of(world) + 1):
        order = world.node(f"w{at}")
        sent: list[Request] = []

        def plan(request: Request, at: int = at, sent: list[Request] = sent) -> Trouble | None:
            if not is_write(request):
                return None
            sent.append(request)
            return trouble if len(sent) == at else None

        with proxy(world.url, plan) as front:
            through(world, front).run(order)
        assert world.count(order.subscription) == NODE
        done = [(request.method, request.path) for request in front.done if is_write(request)]
        assert len(set(done)) == len(done)


def test_a_write_that_failed_and_did_nothing_is_sent_again(world: World) -> None:
    order = world.node()
    failed: list[Request] = []

    def plan(request: Request) -> Trouble | None:
        if not is_write(request) or len(failed) == 2:
            return None
        failed.append(request)
        return Trouble(500, forwarded=False)

    with proxy(world.url, plan) as front:
        through(world, front).run(order)
    assert world.count(order.subscription) == NODE


def test_a_netbox_that_keeps_failing_is_given_up_and_leaves_what_the_next_run_finishes(world: World) -> None:
    order = world.node()
    with proxy(world.url, lambda request: Trouble(503, forwarded=False) if request.number > 2 else None) as front:
        with pytest.raises(UnavailableError, match=r"NetBox at http://127\.0\.0\.1:\d+ failed .*503"):
            through(world, front).run(order)
        assert len(front.seen) < 30
    world.run(order)
    assert world.count(order.subscription) == NODE


def test_a_netbox_that_does_not_answer_in_time_is_named(world: World) -> None:
    with proxy(world.url, lambda request: Trouble(held_s=60)) as front:
        session = Session(front.url, world.token, timeout_s=0.2)
        with pytest.raises(UnavailableError, match=rf"NetBox at {re.escape(front.url)} does not answer .*timed out"):
            session.get("dcim/sites/")
        assert len(front.seen) == netbox_session.READ_ATTEMPTS


def test_a_write_that_was_too_slow_is_looked_for_before_it_is_sent_again(world: World) -> None:
    order = world.node()
    slow: list[Request] = []

    def plan(request: Request) -> Trouble | None:
        if not is_write(request) or slow:
            return None
        slow.append(request)
        return Trouble(held_s=60)

    with proxy(world.url, plan) as front:
        world.run(order, session=Session(front.url, world.token, timeout_s=5))
    assert world.count(order.subscription) == NODE
    assert [request.path for request in front.seen].count(slow[0].path) == 1


@pytest.mark.parametrize("path", ["dcim/devices/", "available-ips/"])
def test_a_write_that_comes_to_pass_after_its_time_out_is_not_made_twice(world: World, path: str) -> None:
    order = world.node()
    sent: list[Request] = []

    def plan(request: Request) -> Trouble | None:
        if not is_write(request) or not request.path.endswith(path):
            return None
        sent.append(request)
        return Trouble(late_s=3.5) if len(sent) == 1 else None

    with proxy(world.url, plan) as front:
        world.run(order, session=Session(front.url, world.token, timeout_s=3))
    assert world.count(order.subscription) == NODE
    assert len({request.path for request in sent}) == len(sent)


def test_a_write_that_comes_later_than_anybody_waits_for_it_is_no_refusal(world: World) -> None:
    """It is sent again when it was not there in time; that NetBox then has it already is seen by reading once more."""
    order = world.node()
    sent: list[Request] = []

    def plan(request: Request) -> Trouble | None:
        if not request.path.startswith("/api/dcim/devices/") or not is_write(request):
            return None
        sent.append(request)
        # The second try is begun before the first arrives, and reaches NetBox after it.
        return {1: Trouble(late_s=5), 2: Trouble(late_s=1.4)}.get(len(sent))

    with proxy(world.url, plan) as front:
        world.run(order, session=Session(front.url, world.token, timeout_s=2))
    assert world.count(order.subscription) == NODE


def test_a_list_is_read_to_its_end_a_page_at_a_time(world: World) -> None:
    names = [f"{world.name}-{number}" for number in range(7)]

    def plan(request: Request) -> Trouble:
        return Trouble(path=request.path.replace("limit=0", "limit=3"))

    with proxy(world.url, plan) as front:
        paged = through(world, front)
        paged.declare(("dcim.site", [{"slug": name, "name": name} for name in names]))
        rows = paged.session().rows("dcim/sites/", {"slug": names})
        assert sorted(row["slug"] for row in rows) == names
        pages = [request.path for request in front.seen if "offset=" in request.path]
        assert len(pages) == 1 + 3
        # Nothing is made twice, and nothing is changed, where only the second page has it.
        before = len([request for request in front.seen if is_write(request)])
        paged.declare(("dcim.site", [{"slug": name, "name": name} for name in names]))
        assert len([request for request in front.seen if is_write(request)]) == before


@pytest.fixture
def v1_token(world: World) -> str:
    """A token of the old kind, which NetBox 4.7 still takes (to be removed in 5.0)."""
    session = world.session()
    me = session.get("users/users/", {"username": "admin"})["results"][0]["id"]
    made = session.api.http_session.post(f"{world.url}/api/users/tokens/", json={"user": me, "version": 1})
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def test_a_token_of_version_1_does_all_that_one_of_version_2_does(world: World, v1_token: str) -> None:
    assert not v1_token.startswith("nbt_")
    old = dataclasses.replace(world, token=v1_token)
    order: NodeOrder = old.node()
    old.run(order)
    assert old.count(order.subscription) == NODE
    old.run(order, present=False)
    assert old.count(order.subscription) == {}


def test_a_wrong_token_of_version_1_is_refused_with_the_remedy(world: World) -> None:
    with pytest.raises(TokenError, match=r"refused the token .*Check NETBOX_TOKEN"):
        Session(world.url, "0" * 40).get("dcim/sites/")
