"""The launch of a playbook: what it is given, what it never is, and what is said when it cannot start."""

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest
from pydantic import SecretStr

from tests.awx.awx_server import TOKEN, Awx, running_awx
from tests.waiting import wait_until
from trunkline.runs.launch.awx import AwxLauncher
from trunkline.runs.launch.contract import Call, Ending, Launcher, LaunchError, Stop
from trunkline.runs.launch.directory import remove_leftovers
from trunkline.runs.launch.local import LocalLauncher
from trunkline.runs.lease import Lease, moment
from trunkline.settings import Settings

SECRET = "nbt_Key12345.TheSecretHalf"
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.set_stats:
        data:
          literal: "{{ subscription.block.note }}"
          environment: "{{ lookup('ansible.builtin.env', item) }}"
        per_host: false
      loop: [NETBOX_TOKEN]
    - ansible.builtin.set_stats:
        data:
          host_key_checking: "{{ lookup('ansible.builtin.env', 'ANSIBLE_HOST_KEY_CHECKING') }}"
          database: "{{ lookup('ansible.builtin.env', 'TRUNKLINE_DATABASE_URL') }}"
          run: "{{ lookup('ansible.builtin.env', 'TRUNKLINE_RUN') }}"
        per_host: false
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a directory of playbooks and one for a run's files."""
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "runtime").mkdir()
    monkeypatch.setenv("TRUNKLINE_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("TRUNKLINE_DATABASE_URL", "postgresql://user:password@nowhere/db")
    monkeypatch.setenv("NETBOX_TOKEN", SECRET)
    monkeypatch.setenv("ANSIBLE_INVENTORY", "/dev/null")
    return Settings(playbooks_dir=tmp_path / "playbooks", project_dir=tmp_path)


@dataclass
class Launches:
    """A launcher, and where it finds its playbooks."""

    launcher: Launcher
    settings: Settings
    awx: Awx | None
    timeout_s: int = 60
    check: bool = False
    skip_devices: bool = False

    def write(self, name: str, content: str) -> None:
        """A playbook that can be launched."""
        (self.settings.playbooks / name).write_text(content)
        if self.awx:
            self.awx.seed(self.settings.playbooks, {"NETBOX_TOKEN": SECRET})

    def play(
        self, name: str, look: Callable[[object], object] = id, **block: str
    ) -> tuple[Ending, list[dict[str, Any]]]:
        """How the launch ended, and its events."""
        events: list[dict[str, Any]] = []

        def take(event: dict[str, Any]) -> None:
            events.append(event)
            look(event)

        call = Call(
            uuid.UUID(int=1),
            name,
            {"subscription": {"block": block}},
            check=self.check,
            timeout_s=self.timeout_s,
            skip_devices=self.skip_devices,
        )
        return self.launcher.play(call, "key", take, Stop()), events


@pytest.fixture(params=["local", "awx"])
def launches(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Launches]:
    """Each launcher in turn."""
    if request.param == "local":
        with closing(Lease(settings)) as lease, closing(LocalLauncher(settings, lease)) as local:
            lease.renew(moment() + 1000, 1)
            yield Launches(local, settings, None)
        return
    with running_awx(tmp_path / "awx") as awx:
        through = settings.model_copy(
            update={"launcher": "awx", "awx_url": awx.url, "awx_token": SecretStr(TOKEN), "awx_poll_s": 0.1}
        )
        with closing(AwxLauncher(through)) as launcher:
            yield Launches(launcher, through, awx)


def test_values_are_literal_and_secrets_only_in_the_environment(launches: Launches) -> None:
    settings = launches.settings
    launches.write("tell.yml", PLAYBOOK)
    files: set[str] = set()

    def look(_event: object) -> None:
        found = (path for path in settings.runtime_dir.glob("trunkline-run-*/**/*") if path.is_file())
        files.update(path.name for path in found if "-partial.json" not in path.name)

    ending, events = launches.play("tell.yml", look, note="{{ lookup('pipe', 'id') }}")
    assert ending.ok, events
    told = next(event["event_data"]["artifact_data"] for event in events if event["event"] == "playbook_on_stats")
    assert told["literal"] == "{{ lookup('pipe', 'id') }}"
    assert told["environment"] == SECRET
    if launches.awx:
        return
    assert told["host_key_checking"] == "True"
    assert told["database"] == ""
    assert told["run"] == str(uuid.UUID(int=1))
    # While it runs there is the order and a pid: no copy of the command and its environment.
    assert files == {"extravars", "launch.pid"}
    assert list(settings.runtime_dir.glob("trunkline-run-*")) == []


@pytest.mark.parametrize(
    ("check", "skip_devices", "done"),
    [
        (False, False, {"document", "lease", "configure"}),
        (True, False, {"document", "configure"}),
        (False, True, {"document"}),
        (True, True, {"document"}),
    ],
)
def test_what_a_launch_leaves_out(launches: Launches, check: bool, skip_devices: bool, done: set[str]) -> None:
    launches.write(
        "tags.yml",
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - {name: document, ansible.builtin.debug: }\n"
        "    - {name: lease, ansible.builtin.debug: , tags: [devices, lease]}\n"
        "    - {name: configure, ansible.builtin.debug: , tags: [devices]}\n",
    )
    launches.check, launches.skip_devices = check, skip_devices
    ending, events = launches.play("tags.yml")
    assert ending.ok, events
    assert {event["event_data"]["task"] for event in events if event["event"] == "runner_on_ok"} == done


def test_a_playbook_that_is_missing_or_broken_is_said(launches: Launches) -> None:
    launches.write("broken.yml", "- hosts: localhost\n  tasks:\n    - no.such.module:\n")
    remedy = r"no job template 'Trunkline none'.*awx_setup" if launches.awx else r"is not in .*TRUNKLINE_PROJECT_DIR"
    with pytest.raises(LaunchError, match=rf"playbook none\.yml.*{remedy}"):
        launches.play("none.yml")
    ending, events = launches.play("broken.yml")
    assert not ending.ok
    assert "no.such.module" in json.dumps(events)


def test_a_playbook_that_takes_too_long_is_ended(launches: Launches) -> None:
    launches.write(
        "long.yml", "- hosts: localhost\n  gather_facts: false\n  tasks: [{ansible.builtin.pause: {seconds: 90}}]\n"
    )
    launches.timeout_s = 1
    ending, _events = launches.play("long.yml")
    assert (ending.ok, ending.timed_out, ending.cancelled) == (False, True, False)
    if launches.awx:
        (job,) = launches.awx.all("jobs")
        assert (job["status"], job["timeout"]) == ("failed", 1)


def test_files_of_a_dead_process_are_removed(tmp_path: Path) -> None:
    for name in ("trunkline-run-999999999-x", "trunkline-run-1-y", "somebody-elses"):
        (tmp_path / name).mkdir()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["somebody-elses", "trunkline-run-1-y"]


def test_workers_that_start_at_once_remove_what_was_left_together(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for number in range(300):
        (tmp_path / f"trunkline-run-{ended.pid}-{number}").mkdir()
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(remove_leftovers, tmp_path) for _ in range(4)]:
            done.result()
    assert list(tmp_path.iterdir()) == []


def test_a_launch_that_has_ended_is_not_waited_for_and_one_that_has_not_is_ended() -> None:
    ended = pexpect.spawn("true")
    ended.expect(pexpect.EOF)
    wait_until(lambda: not ended.isalive(), 10)
    ended.close()
    assert (ended.ptyproc.delayafterclose, ended.exitstatus) == (0, 0)
    going_on = pexpect.spawn("sleep", ["60"])
    going_on.close()
    assert going_on.ptyproc.delayafterclose > 0
    assert not going_on.isalive()
