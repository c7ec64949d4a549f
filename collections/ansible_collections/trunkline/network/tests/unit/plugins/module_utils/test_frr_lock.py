"""The lease of a router, and the file lock around a push."""

from __future__ import annotations

import multiprocessing
import stat
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from ansible_collections.trunkline.network.plugins.module_utils import frr_lock
from ansible_collections.trunkline.network.plugins.module_utils.frr_lock import Lease, LockError

LEASE = Lease("run 1", expires_s=100.0, boot_id="boot")


@pytest.mark.parametrize(
    ("lease", "owner", "now_s", "boot", "held"),
    [
        (None, "run 2", 50.0, "boot", False),
        (LEASE, "run 1", 50.0, "boot", False),
        (LEASE, "run 2", 50.0, "boot", True),
        (LEASE, None, 50.0, "boot", True),
        (LEASE, "run 2", 100.0, "boot", False),
        (LEASE, "run 2", 50.0, "the next boot", False),
    ],
)
def test_a_router_is_held_by_another_until_the_lease_or_the_boot_ends(
    lease: Lease | None, owner: str | None, now_s: float, boot: str, held: bool
) -> None:
    assert (frr_lock.holder(lease, owner, now_s, boot) is not None) is held


def test_a_lease_is_read_as_it_was_written_and_only_root_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    frr_lock.write_lease(LEASE, str(path))
    assert frr_lock.read_lease(str(path)) == LEASE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"owner": "x"}'])
def test_a_damaged_lease_binds_nobody(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lease"
    path.write_text(content)
    assert frr_lock.read_lease(str(path)) is None


def test_only_the_owner_removes_a_lease(tmp_path: Path) -> None:
    path = str(tmp_path / "lease")
    frr_lock.write_lease(LEASE, path)
    assert not frr_lock.remove_lease("run 2", path)
    assert frr_lock.remove_lease("run 1", path)
    assert not frr_lock.remove_lease("run 1", path)


def _hold(path: str, held: Event, done: Event) -> None:
    with frr_lock.file_lock(0, path):
        held.set()
        done.wait(10)


def test_the_file_lock_keeps_a_second_process_out_and_is_free_when_the_first_dies(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(path, held, done))
    other.start()
    assert held.wait(10)
    with (
        pytest.raises(LockError, match="another Trunkline module has been changing this router"),
        frr_lock.file_lock(0.1, path),
    ):
        pass
    other.kill()
    other.join(10)
    with frr_lock.file_lock(0, path):
        pass
