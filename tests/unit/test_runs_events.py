"""What is kept of Ansible's events, and what never is."""

import json
from typing import Any

import pytest

from trunkline.runs.events import MAX_TEXT, Progress, clean, secrets_in


def _event(kind: str, uuid: str = "u1", **data: Any) -> dict[str, object]:
    return {
        "event": kind,
        "created": "2026-01-01T00:00:00+00:00",
        "event_data": {"task_uuid": uuid, "task": "T", **data},
    }


def _result(kind: str, host: str = "r1", uuid: str = "u1", **result: Any) -> dict[str, object]:
    return _event(kind, uuid, host=host, res=result)


def _stats(**stats: Any) -> dict[str, object]:
    return {"event": "playbook_on_stats", "event_data": stats}


def test_secrets_are_found_by_name_and_by_half() -> None:
    environment = {
        "NETBOX_TOKEN": "nbt_key.secretpart",
        "SSH_PASSWORD": "hunter22",
        "SHORT_TOKEN": "abc",
        "HOME": "/home/me",
    }
    assert secrets_in(environment) == ["nbt_key.secretpart", "secretpart", "hunter22"]


def test_secrets_nuls_and_length_are_taken_out_everywhere() -> None:
    value = {
        "a": ["x secret y", {"secret": "\x1b[31mred\x1b[0m\x00"}],
        "long": "s" * (MAX_TEXT + 5),
        "n": 1,
        "\udc80": None,
    }
    cleaned = clean(value, ["secret"])
    text = json.dumps(cleaned)
    assert "secret" not in text
    assert "\\u0000" not in text
    assert '"red"' in text
    assert "(5 characters more)" in text
    # A secret across the cut does not leave its first half.
    assert "sec" not in str(clean("x" * (MAX_TEXT - 3) + "secret", ["secret"]))


def test_a_step_has_the_worst_outcome_of_its_hosts() -> None:
    progress = Progress([])
    progress.take(_event("playbook_on_task_start"))
    assert progress.steps["u1"].status == "running"
    progress.take(_result("runner_on_ok", changed=True))
    assert progress.steps["u1"].status == "changed"
    # `strategy: free` numbers the copies of a task.
    progress.take(_event("playbook_on_task_start", uuid="u1_2"))
    progress.take(_result("runner_on_ok", "r2", uuid="u1_2"))
    assert (progress.steps["u1"].status, len(progress.steps)) == ("changed", 1)
    progress.take(_result("runner_on_failed", "r3", msg="no"))
    assert progress.steps["u1"].status == "failed"


def test_the_failure_is_the_first_of_a_host_that_stayed_failed() -> None:
    progress = Progress([])
    progress.take(_result("runner_on_failed", "r1", msg="rescued"))
    progress.take(_result("runner_on_failed", "r2", msg="ignored") | {})
    progress.take(_result("runner_on_unreachable", "r3", msg="connection refused"))
    progress.take(_stats(failures={"r2": 1}, dark={"r3": 1}))
    failure = progress.failure()
    assert failure is not None
    assert (failure.host, failure.message) == ("r2", "ignored")


def test_an_ignored_failure_is_none() -> None:
    progress = Progress([])
    row = progress.take(_event("runner_on_failed", host="r1", ignore_errors=True, res={"msg": "no"}))
    assert row is not None
    assert row["kind"] == "ignored"
    assert progress.failure() is None


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"msg": "plain"}, "plain"),
        (
            {"results": [{"failed": False, "msg": "a"}, {"failed": True, "msg": "b"}, {"failed": True, "msg": "c"}]},
            "b; c",
        ),
        ({"msg": "non-zero return code", "stderr": "x\nlast line\n"}, "non-zero return code; last line"),
        ({"module_stderr": "Traceback\nValueError: boom"}, "ValueError: boom"),
        ({"censored": "hidden", "msg": "secret"}, "hidden"),
    ],
)
def test_the_message_is_what_the_module_said(result: dict[str, Any], message: str) -> None:
    progress = Progress([])
    progress.take(_result("runner_on_failed", **result))
    assert progress.failures[0].message == message


@pytest.mark.parametrize(
    ("event", "result", "away"),
    [
        ("runner_on_unreachable", {"msg": "no route"}, True),
        ("runner_on_failed", {"msg": "NetBox does not answer", "away": True}, True),
        ("runner_on_failed", {"results": [{"failed": True, "msg": "a", "away": True}]}, True),
        ("runner_on_failed", {"results": [{"failed": True, "msg": "a"}, {"away": True}]}, False),
        ("runner_on_failed", {"msg": "the site is not known", "away": False}, False),
    ],
)
def test_what_did_not_answer_may_answer_later(event: str, result: dict[str, Any], away: bool) -> None:
    progress = Progress([])
    progress.take(_result(event, **result))
    assert progress.failures[0].away is away


@pytest.mark.parametrize(
    ("event", "verifying"),
    [
        (_event("playbook_on_task_start", role="verify", resolved_role="trunkline.network.verify"), True),
        (_event("playbook_on_task_start", role="deploy"), False),
        ({"event": "playbook_on_play_start", "event_data": {"name": "Verify the circuit"}}, True),
        ({"event": "playbook_on_play_start", "event_data": {"name": "Deploy"}}, False),
    ],
)
def test_verifying_is_seen_from_play_and_role(event: dict[str, object], verifying: bool) -> None:
    progress = Progress([])
    progress.take(event)
    assert progress.verifying is verifying


def test_chatter_is_not_stored_but_explains_a_playbook_that_never_began() -> None:
    progress = Progress([])
    assert progress.take({"event": "verbose", "stdout": "ERROR! the playbook could not be found"}) is None
    assert progress.take({"event": "runner_on_start", "event_data": {}}) is None
    assert progress.last_lines == ["ERROR! the playbook could not be found"]
