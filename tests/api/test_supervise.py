"""Nothing of a command outlives its supervisor, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from trunkline.runs import supervise

# Leaves a grandchild behind that is in a session of its own, as Ansible's workers are.
STRAY = "import subprocess, sys; subprocess.Popen(['sleep', '600'], start_new_session=True); print(flush=True); "
ENDS = STRAY + "sys.exit(7)"
WAITS = STRAY + "sys.stdin.read()"


def _supervise(pid_file: Path, code: str, parent: int) -> list[str]:
    return [sys.executable, "-I", "-S", supervise.__file__, str(parent), str(pid_file), sys.executable, "-c", code]


def _family(pid_file: Path) -> list[psutil.Process]:
    supervisor = psutil.Process(int(pid_file.read_text()))
    family = supervisor.children(recursive=True)
    assert "sleep" in [process.name() for process in family]
    return [supervisor, *family]


def test_what_a_command_left_behind_ends_with_it_and_its_status_is_kept(tmp_path: Path) -> None:
    before = {process.pid for process in psutil.process_iter() if process.name() == "sleep"}
    done = subprocess.run(_supervise(tmp_path / "pid", ENDS, os.getpid()), check=False, timeout=30)
    assert done.returncode == 7
    assert {process.pid for process in psutil.process_iter() if process.name() == "sleep"} <= before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_stopped_supervisor_takes_everything_along(tmp_path: Path, number: signal.Signals) -> None:
    argv = _supervise(tmp_path / "pid", WAITS, os.getpid())
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        family = _family(tmp_path / "pid")
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
        assert not [member for member in family if member.is_running()]


def test_everything_ends_when_the_caller_is_killed(tmp_path: Path) -> None:
    caller = (
        "import os, subprocess, sys; argv = sys.argv[1:]; argv[4] = str(os.getpid()); "
        "subprocess.run(argv, stdin=subprocess.PIPE)"
    )
    argv = [sys.executable, "-c", caller, *_supervise(tmp_path / "pid", WAITS, 0)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        family = _family(tmp_path / "pid")
        process.kill()
        process.wait(timeout=30)
        _gone, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []


def test_a_caller_that_is_already_dead_is_noticed(tmp_path: Path) -> None:
    done = subprocess.run(_supervise(tmp_path / "pid", WAITS, 1), check=False, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "pid").exists()
