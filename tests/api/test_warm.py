"""Launches in forks of a warm Ansible: nothing of one outlives its client, and each finds what is so now."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_until
from trunkline.runs.launch.warm import WarmAnsible

# A process in a session of its own, as Ansible's workers are; one task that fails, and one that lasts.
STRAY = "setsid sleep {mark} > /dev/null 2>&1 &"
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.shell: "{stray}"
    - ansible.builtin.command: "{then}"
"""


class Launches:
    """Playbooks that a warm Ansible runs for clients which are our children."""

    def __init__(self, ansible: WarmAnsible, folder: Path) -> None:
        self.ansible = ansible
        self.folder = folder
        # The seconds that they sleep tell our processes from those of others.
        self.mark = f"{600 + os.getpid() % 100}.{folder.stat().st_ino}"
        self.pid_file = folder / "launch.pid"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(self.folder),
            "ANSIBLE_LOCALHOST_WARNING": "False",
        }

    def command(self, then: str) -> list[str]:
        """The command of a playbook that leaves a process behind and ends with `then`."""
        playbook = self.folder / "playbook.yml"
        playbook.write_text(PLAYBOOK.format(stray=STRAY.format(mark=self.mark), then=then))
        return self.ansible.command(self.environment, self.folder, self.pid_file, [str(playbook)])

    def start(self, argv: list[str]) -> subprocess.Popen[bytes]:
        """Start the command and wait until the playbook is at its last task."""
        process = subprocess.Popen(argv, env=self.environment, stdin=subprocess.DEVNULL)
        wait_until(lambda: len(self.sleepers()) == 2, 30)
        return process

    def sleepers(self) -> list[psutil.Process]:
        """What the playbook has started and is still there."""
        return [
            one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [])[:2] == ["sleep", self.mark]
        ]


@pytest.fixture
def launches(tmp_path: Path) -> Iterator[Launches]:
    """A warm Ansible with a configuration of its own."""
    (tmp_path / "ansible.cfg").write_text("[defaults]\ngathering = explicit\n")
    with closing(WarmAnsible(tmp_path)) as ansible:
        yield Launches(ansible, tmp_path)


def test_what_a_launch_left_behind_ends_with_it_and_its_status_is_kept(launches: Launches) -> None:
    done = subprocess.run(launches.command("false"), check=False, timeout=60, env=launches.environment)
    assert done.returncode == 2
    assert launches.sleepers() == []
    done = subprocess.run(launches.command("true"), check=False, timeout=60, env=launches.environment)
    assert done.returncode == 0
    assert launches.sleepers() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_stopped_client_takes_everything_along(launches: Launches, number: signal.Signals) -> None:
    with launches.start(launches.command(f"sleep {launches.mark}")) as process:
        assert int(launches.pid_file.read_text()) == process.pid
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert launches.sleepers() == []


def test_everything_ends_when_the_client_or_its_parent_is_killed(launches: Launches) -> None:
    command = launches.command(f"sleep {launches.mark}")
    with launches.start(command) as process:
        process.kill()
    wait_until(lambda: launches.sleepers() == [], 10)
    parent = "import os, subprocess, sys; argv = sys.argv[1:]; argv[4] = str(os.getpid()); subprocess.run(argv)"
    with launches.start([sys.executable, "-c", parent, *command]) as process:
        process.kill()
    wait_until(lambda: launches.sleepers() == [], 10)


def test_a_client_whose_parent_is_already_dead_starts_nothing(launches: Launches) -> None:
    argv = launches.command("true")
    argv[4] = "1"
    done = subprocess.run(argv, check=False, timeout=30, env=launches.environment)
    assert done.returncode == 128 + signal.SIGTERM
    assert not launches.pid_file.exists()


def test_a_killed_server_is_started_anew_and_what_it_had_begun_ends_in_order(launches: Launches) -> None:
    with launches.start(launches.command(f"sleep {launches.mark}")) as process:
        (server,) = [one for one in psutil.Process().children() if "warm_server.py" in " ".join(one.cmdline())]
        server.kill()
        server.wait(timeout=10)
        again = subprocess.run(launches.command("true"), check=False, timeout=60, env=launches.environment)
        assert again.returncode == 0
        process.terminate()
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert launches.sleepers() == []


def test_a_changed_configuration_is_read(launches: Launches) -> None:
    playbook = launches.folder / "tell.yml"
    playbook.write_text(
        "- hosts: localhost\n  tasks: [{ansible.builtin.debug: {msg: "
        "\"{{ lookup('ansible.builtin.config', 'DEFAULT_GATHERING') }}\"}}]\n"
    )

    def told() -> str:
        argv = launches.ansible.command(launches.environment, launches.folder, launches.pid_file, [str(playbook)])
        return subprocess.run(
            argv, check=True, timeout=60, env=launches.environment, capture_output=True
        ).stdout.decode()

    assert "explicit" in told()
    (launches.folder / "ansible.cfg").write_text("[defaults]\ngathering = smart\n")
    assert "smart" in told()
