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

from tests.processes import warm_forks
from tests.waiting import wait_until
from trunkline.runs.launch.warm import WarmAnsible
from trunkline.runs.lease import Lease, moment
from trunkline.settings import Settings

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

    def __init__(self, ansible: WarmAnsible, settings: Settings, lease: Lease, folder: Path) -> None:
        self.ansible = ansible
        self.settings = settings
        self.lease = lease
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

    def server(self) -> psutil.Process:
        """The process that has Ansible loaded."""
        (found,) = warm_forks(psutil.Process())
        return found

    def supervisor(self) -> psutil.Process:
        """The supervisor of the one launch that runs."""
        (found,) = warm_forks(self.server())
        return found

    def ansible_playbooks(self) -> list[psutil.Process]:
        """What is left of Ansible itself of the one launch that runs."""
        return warm_forks(self.supervisor())

    def command(self, then: str, content: str = PLAYBOOK) -> list[str]:
        """The command of a playbook that leaves a process behind and ends with `then`."""
        playbook = self.folder / "playbook.yml"
        playbook.write_text(content.format(stray=STRAY.format(mark=self.mark), then=then))
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
    settings = Settings(database_url="postgresql://x/x", runtime_dir=tmp_path)
    with closing(Lease(settings)) as lease, closing(WarmAnsible(tmp_path, lease.file)) as ansible:
        lease.renew(moment() + 1000, 1)
        yield Launches(ansible, settings, lease, tmp_path)


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
        server = launches.server()
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


def test_a_launch_ends_when_the_lease_has_run_out(launches: Launches) -> None:
    with launches.start(launches.command(f"sleep {launches.mark}")) as process:
        launches.lease.renew(moment() - launches.settings.lease_s, 1)
        assert process.wait(timeout=10) == 128 + signal.SIGKILL
    assert launches.sleepers() == []


def test_what_a_killed_or_frozen_supervisor_leaves_is_ended(launches: Launches) -> None:
    command = launches.command(f"sleep {launches.mark}")
    for number in (signal.SIGKILL, signal.SIGSTOP):
        with launches.start(command) as process:
            launches.supervisor().send_signal(number)
            if number == signal.SIGSTOP:
                launches.lease.renew(moment() - 1000, 1)
            assert process.wait(timeout=10) == 128 + signal.SIGKILL
        wait_until(lambda: launches.sleepers() == [], 5)
    wait_until(lambda: launches.server().children() == [], 5)


def test_a_launch_that_was_frozen_with_its_supervisors_does_not_go_on_without_the_lease(launches: Launches) -> None:
    """All of it wakes up, and what is awake first is the playbook."""
    (launches.folder / "release").unlink(missing_ok=True)
    wait = f"sh -c 'sleep {launches.mark} & until [ -e release ]; do sleep 0.1; done; kill $!'"
    playbook = PLAYBOOK + "    - ansible.builtin.command: touch changed\n"
    command = launches.command(wait, playbook)
    with launches.start(command) as process:
        server = launches.server()
        family = [server, launches.supervisor()]
        for one in family:
            one.suspend()
        launches.lease.renew(moment() - 1000, 1)
        (launches.folder / "release").touch()
        wait_until(lambda: len(launches.ansible_playbooks()) == 0, 10)
        for one in family:
            one.resume()
        assert process.wait(timeout=10) == 128 + signal.SIGKILL
    assert not (launches.folder / "changed").exists()
    wait_until(lambda: launches.sleepers() == [], 5)
