import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from trunkline.dev import process
from trunkline.dev.errors import DevError
from trunkline.dev.state import State

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(data=tmp_path / "data", runtime=tmp_path / "run")
    state.create()
    return state


def test_a_process_is_found_again_and_stopped(state: State) -> None:
    process.start(state, "sleeper", SLEEPER)
    found = process.find(state, "sleeper")
    assert found is not None
    assert process.stop(state, "sleeper")
    assert not found.is_running()
    assert process.find(state, "sleeper") is None


def test_stopping_takes_the_descendants_along(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    # The child hears nothing of the signal: it is killed when this time is over.
    monkeypatch.setattr(process, "_TERM_S", 0.5)
    family = [
        sys.executable,
        "-c",
        "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])",
        *SLEEPER[1:],
    ]
    process.start(state, "family", family)
    parent = process.find(state, "family")
    assert parent is not None
    process.wait_ready(state, "family", lambda: bool(parent.children()), timeout_s=10)
    (child,) = parent.children()
    process.stop(state, "family")
    # It is dead; the machine's init may take its time to bury it.
    _gone, alive = psutil.wait_procs([child], timeout=20)
    assert alive == []


def test_a_recycled_pid_is_not_mistaken_for_the_process(state: State) -> None:
    record = {"pid": os.getpid(), "started": psutil.Process().create_time() - 60}
    (state.runtime / "postgres.pid").write_text(json.dumps(record))
    assert process.find(state, "postgres") is None
    assert not process.stop(state, "postgres", signal.SIGKILL)


def test_a_process_that_ends_while_it_starts_is_reported_with_its_last_words(state: State) -> None:
    process.start(state, "broken", [sys.executable, "-c", "raise SystemExit('no such database')"])
    with pytest.raises(DevError, match="no such database"):
        process.wait_ready(state, "broken", lambda: False, timeout_s=10)


def test_the_shell_s_variables_do_not_reach_a_service(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "canary")
    process.start(state, "sleeper", SLEEPER)
    found = process.find(state, "sleeper")
    assert found is not None
    assert "VAULT_TOKEN" not in found.environ()
    process.stop(state, "sleeper")
