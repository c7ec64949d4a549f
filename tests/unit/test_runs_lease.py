"""A worker's lease: how long it lasts, who sees it, and when a worker of this host is known to be dead."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.waiting import wait_until
from trunkline.runs.lease import Lease, dead_here, held_here, moment
from trunkline.settings import Settings, SettingsError, get_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url="postgresql://x/x", runtime_dir=tmp_path, stalled_after_s=20)


def test_a_lease_is_held_for_half_the_time_after_which_others_take_over(settings: Settings) -> None:
    with closing(Lease(settings)) as lease:
        assert not lease.held
        assert not held_here(settings)
        lease.renew(moment(), 7)
        assert lease.held
        assert held_here(settings)
        lease.renew(moment() - 10.1, 7)
        assert not lease.held
        assert not held_here(settings)
    assert list(settings.runtime_dir.iterdir()) == []


def test_a_worker_is_dead_when_nothing_that_has_its_lease_lives(settings: Settings) -> None:
    code = (
        "import os, subprocess, sys; from trunkline.runs.lease import Lease; from trunkline.settings import Settings;"
        f"lease = Lease(Settings(database_url='postgresql://x/x', runtime_dir={str(settings.runtime_dir)!r}));"
        "lease.renew(0, 42); child = subprocess.Popen(['cat'], pass_fds=[lease.file]);"
        "print(flush=True); child.wait()"
    )
    worker = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker, worker.stdin, worker.stdout:
        worker.stdout.readline()
        assert list(dead_here(settings)) == []
        worker.kill()
        worker.wait()
        # What it has launched may still be at work.
        assert list(dead_here(settings)) == []
        worker.stdin.close()
        assert worker.stdout.read() == b""
    # The child closes its output a moment before it ends.
    wait_until(lambda: list(dead_here(settings)) == [42], 5)
    assert list(dead_here(settings)) == []


def test_a_dead_worker_is_found_again_when_it_could_not_be_dealt_with(settings: Settings) -> None:
    lease = Lease(settings)
    lease.renew(0, 42)
    kept = lease.path.read_bytes()
    path = lease.path
    lease.close()
    path.write_bytes(kept)
    found = dead_here(settings)
    assert next(found) == 42
    found.close()
    assert list(dead_here(settings)) == [42]


def test_heartbeats_that_leave_no_margin_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_DATABASE_URL", "postgresql://x/x")
    monkeypatch.setenv("TRUNKLINE_HEARTBEAT_S", "5")
    monkeypatch.setenv("TRUNKLINE_STALLED_AFTER_S", "15")
    get_settings.cache_clear()
    with pytest.raises(SettingsError, match="TRUNKLINE_STALLED_AFTER_S=15 is too short"):
        get_settings()
    get_settings.cache_clear()
