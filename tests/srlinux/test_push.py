"""Pushes to the stand-in over its real socket, through the collection's own library."""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.srlinux_push import Outcome, PushError, Terms, push
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_records import (
    LeaseError,
    give_back,
    read_records,
    take,
)
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_rpc import Router, RouterError, SilentError
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_tree import place_of_path, split
from tests.srlinux.conftest import config, eventually, foreign_of, notes
from tests.srlinux.stand_in import PASSWORD, Fault, StandIn

Connect = Callable[..., Router]


def do(router: Router, wanted: dict[str, Any], check: bool = False, **terms: Any) -> Outcome:
    return push(router, lambda: split(wanted), Terms(**({"owner": "run 1"} | terms)), check)


def test_a_push_shows_what_check_mode_showed_and_the_second_one_is_empty(stand_in: StandIn, connect: Connect) -> None:
    planned = do(connect(), config(), check=True)
    assert stand_in.store.commits == 0
    first = do(connect(), config())
    assert first.plan.diff == planned.plan.diff
    assert "+     interface ethernet-1/1 {\n+         description" in first.plan.diff
    assert "prefix-set" not in first.plan.diff
    assert first.saved
    assert stand_in.store.startup == stand_in.store.running
    commits, calls = stand_in.store.commits, len(stand_in.calls)
    second = do(connect(), config())
    assert not second.plan.changed
    assert second.plan.diff == ""
    assert stand_in.store.commits == commits
    assert stand_in.methods()[calls:] == ["get", "diff"]
    assert not stand_in.store.pending


def test_what_is_no_longer_wanted_goes_and_what_is_somebody_else_s_stays_byte_for_byte(
    stand_in: StandIn, connect: Connect
) -> None:
    before = foreign_of(stand_in.store.running)
    for wanted in (config(interfaces=("ethernet-1/1", "ethernet-1/2")), config(metric=15000000), config()):
        do(connect(), wanted)
        assert foreign_of(stand_in.store.running) == before
    assert "ethernet-1/2" not in json.dumps(stand_in.store.running)
    removed = do(connect(), {})
    assert "-     interface ethernet-1/1 {" in removed.plan.diff
    assert foreign_of(stand_in.store.running) == before
    assert notes(stand_in) == []
    assert "CORE" not in json.dumps(stand_in.store.running)


def test_what_somebody_adds_to_what_is_ours_is_reported_and_removed(stand_in: StandIn, connect: Connect) -> None:
    do(connect(), config())
    ours = json.dumps(stand_in.store.running)
    stand_in.store.by_hand("update", "/interface[name=ethernet-1/1]/mtu", 9000)
    stand_in.store.by_hand("update", "/interface[name=ethernet-1/1]/description", "mine")
    drift = do(connect(), config(), check=True)
    assert [line for line in drift.plan.diff.splitlines() if line[0] in "+-"] == [
        "-         description mine",
        '+         description "to ethernet-1/1"',
        "-         mtu 9000",
    ]
    do(connect(), config())
    assert json.loads(ours) == stand_in.store.running


def test_an_interface_that_somebody_adds_to_the_router_is_not_ours(stand_in: StandIn, connect: Connect) -> None:
    do(connect(), config())
    stand_in.store.by_hand("update", "/interface[name=ethernet-1/7]", {"description": "new"})
    assert not do(connect(), config()).plan.changed


def test_what_is_ours_without_a_record_can_be_named(stand_in: StandIn, connect: Connect) -> None:
    stand_in.store.by_hand("update", "/interface[name=ethernet-1/2]", {"description": "left behind"})
    named = frozenset([place_of_path("/interface[name=ethernet-1/2]")])
    assert not do(connect(), {}).plan.changed
    assert "-     interface ethernet-1/2 {" in do(connect(), {}, also_owned=named).plan.diff
    assert "ethernet-1/2" not in json.dumps(stand_in.store.running)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("descriptio", "x", "unknown element 'descriptio'. Options are [adapter, admin-state"),
        ("mtu", 99999, "not in range"),
        ("admin-state", "on", "admin-state"),
    ],
)
def test_what_the_router_refuses_is_told_with_the_path_and_nothing_has_changed(
    path: str, value: object, words: str, stand_in: StandIn, connect: Connect
) -> None:
    before = json.dumps(stand_in.store.running)
    wrong = config() | {"interface": [{"name": "ethernet-1/1", path: value}]}
    for check in (True, False):
        with pytest.raises(RouterError) as refused:
            do(connect(), wrong, check=check)
        assert words in str(refused.value)
        assert "ams-pe: " in str(refused.value)
        assert "interface[name=ethernet-1/1]" in str(refused.value) or "interface/" in str(refused.value)
        assert json.dumps(stand_in.store.running) == before


def test_a_commit_that_is_refused_after_all_leaves_no_lease(stand_in: StandIn, connect: Connect) -> None:
    do(connect(), config())
    before = json.dumps(stand_in.store.running)

    stand_in.faults.append(Fault("push", refuse="Application isis_mgr refused instance CORE"))
    with pytest.raises(RouterError, match="isis_mgr refused"):
        do(connect(), config(metric=20))
    assert json.dumps(stand_in.store.running) == before


def test_a_push_that_nobody_confirms_is_taken_back_by_the_router(stand_in: StandIn, connect: Connect) -> None:
    before = foreign_of(stand_in.store.running)
    take(connect(), "run 1", 60, 0)
    waiting = do(connect(), config(), held=True, confirm_s=1)
    assert waiting.unconfirmed
    assert stand_in.store.pending
    assert not waiting.saved
    assert eventually(lambda: not stand_in.store.pending, 3) < 1.5
    assert foreign_of(stand_in.store.running) == before
    assert [note for note in notes(stand_in) if "owns" in note or "change" in note] == []
    assert stand_in.store.reverts == 1


def test_a_push_that_cuts_the_management_path_is_taken_back_by_the_router(
    stand_in: StandIn, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansible_collections.trunkline.network.plugins.module_utils.srlinux_push.CONFIRM_S", 2)
    before = foreign_of(stand_in.store.running)

    class Cut(Router):
        def set(self, commands: Any, confirm_timeout_s: int = 0) -> None:
            super().set(commands, confirm_timeout_s)
            if confirm_timeout_s:
                stand_in.faults += [Fault(method, times=99, lost=True) for method in ("get", "diff", "set", "tools")]

    router = connect(timeout_s=1.0)
    router.__class__ = Cut
    with pytest.raises(PushError, match=r"nothing is confirmed, the router returns to its configuration .* within 2 s"):
        do(router, config())
    assert stand_in.store.reverts == 0
    eventually(lambda: stand_in.store.reverts == 1, 4)
    assert foreign_of(stand_in.store.running) == before
    assert '"ethernet-1/1"' not in json.dumps(stand_in.store.startup)


def test_a_set_whose_answer_is_lost_is_taken_back_and_the_next_push_works(
    stand_in: StandIn, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansible_collections.trunkline.network.plugins.module_utils.srlinux_push.CONFIRM_S", 30)
    do(connect(), {})
    take(connect(), "run 1", 60, 0)
    stand_in.faults.append(Fault("push", cut=True))
    with pytest.raises(PushError, match="cannot be reached"):
        do(connect(), config(), held=True)
    assert stand_in.store.pending
    give_back(connect(), "run 1", undo=True)
    assert not stand_in.store.pending
    assert notes(stand_in) == []
    assert do(connect(), config()).saved


def test_a_router_that_takes_less_than_it_says_is_put_back(stand_in: StandIn, connect: Connect) -> None:
    before = foreign_of(stand_in.store.running)

    class Forgetful(Router):
        def set(self, commands: Any, confirm_timeout_s: int = 0) -> None:
            kept = [one for one in commands if one["path"] != "/interface[name=ethernet-1/1]"]
            super().set(kept, confirm_timeout_s)

    router = connect()
    router.__class__ = Forgetful
    with pytest.raises(PushError, match="interface ethernet-1/1") as refused:
        do(router, config())
    assert refused.value.restored
    assert not stand_in.store.pending
    assert foreign_of(stand_in.store.running) == before
    assert notes(stand_in) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "wrong-and-secret"}, r"user 'admin' is refused \(HTTP 401\); check device_user"),
        ({"verify": True}, "the certificate of https://127.0.0.1:.* is not trusted .*device_ca"),
        ({"port": 1}, "https://127.0.0.1:1/jsonrpc cannot be reached .*refused"),
    ],
)
def test_who_cannot_get_in_is_told_why_without_a_secret(changed: dict[str, Any], words: str, connect: Connect) -> None:
    with pytest.raises(RouterError, match=words) as refused:
        do(connect(**changed), config())
    assert "secret" not in str(refused.value)
    assert PASSWORD not in str(refused.value)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_without_verification_the_certificate_does_not_matter(connect: Connect) -> None:
    assert do(connect(verify=False), config(), check=True).plan.changed


def test_a_router_that_does_not_answer_is_not_waited_for_for_ever(stand_in: StandIn, connect: Connect) -> None:
    stand_in.faults.append(Fault("get", hang_s=3))
    started = time.monotonic()
    with pytest.raises(SilentError, match=r"no answer from https://127.0.0.1:.* within 0.5 s"):
        do(connect(timeout_s=0.5), config())
    assert time.monotonic() - started < 2


def test_a_router_that_another_run_holds_is_not_touched(stand_in: StandIn, connect: Connect) -> None:
    take(connect(), "run 7f3c", 60, 0)
    commits = stand_in.store.commits
    with pytest.raises(LeaseError, match=r"held by 'run 7f3c' for another [56]. s") as refused:
        do(connect(), config(), lease_wait_s=0)
    assert refused.value.holder is not None
    assert refused.value.holder["owner"] == "run 7f3c"
    assert stand_in.store.commits == commits


def test_a_lease_that_is_over_binds_nobody_and_what_its_owner_has_not_saved_is_saved(
    stand_in: StandIn, connect: Connect
) -> None:
    take(connect(), "run 9 died", 60, 0)
    stand_in.clock_skew = timedelta(seconds=90)
    saves = stand_in.store.saves
    assert not do(connect(), {}).plan.changed
    assert stand_in.store.saves > saves
    assert notes(stand_in) == []


def test_a_push_under_a_lease_that_is_over_is_refused(stand_in: StandIn, connect: Connect) -> None:
    take(connect(), "run 1", 60, 0)
    stand_in.clock_skew = timedelta(seconds=90)
    with pytest.raises(LeaseError, match="lease 'run 1' is over; take it again"):
        do(connect(), config(), held=True)


def test_a_person_s_unconfirmed_commit_is_waited_for_and_named(stand_in: StandIn, connect: Connect) -> None:
    stand_in.store.commit([{"action": "update", "path": "/interface[name=mgmt0]/description", "value": "x"}], 30)
    with pytest.raises(LeaseError, match=r"commit confirmed in progress.*confirm or reject it"):
        do(connect(), config(), lease_wait_s=1)
    threading.Timer(0.7, stand_in.store.accept).start()
    assert do(connect(), config(), lease_wait_s=10).saved


@pytest.mark.parametrize("attempt", range(10))
def test_two_runs_at_once_both_end_up_in_the_configuration(attempt: int, stand_in: StandIn, connect: Connect) -> None:
    """Each writes down what it wants (its order) before it reads all that is wanted, as runs do with NetBox."""
    ordered: list[str] = []
    failures: list[Exception] = []

    def order(name: str) -> None:
        ordered.append(name)
        try:
            terms = Terms(owner=f"run {name} {attempt}", lease_wait_s=30)
            push(connect(), lambda: split(config(interfaces=tuple(sorted(ordered)))), terms, check=False)
        except Exception as error:  # noqa: BLE001 - the main thread tells
            failures.append(error)

    threads = [threading.Thread(target=order, args=[f"ethernet-1/{number}"]) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    owned = read_records(connect()).owned
    assert {place_of_path(f"/interface[name=ethernet-1/{number}]") for number in (1, 2)} <= owned
    assert not [note for note in notes(stand_in) if "owns" not in note]
    assert stand_in.store.startup == stand_in.store.running


def test_no_two_runs_hold_a_router_at_the_same_time(connect: Connect) -> None:
    holders: list[str] = []
    most: list[int] = []

    def hold(name: str) -> None:
        router = connect()
        for _turn in range(3):
            take(router, name, 60, 60)
            holders.append(name)
            most.append(len(holders))
            time.sleep(0.02)
            holders.remove(name)
            give_back(router, name, undo=False)

    threads = [threading.Thread(target=hold, args=[f"run {number}"]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert most == [1] * 12
