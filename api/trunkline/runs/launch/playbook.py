"""Launch one playbook with ansible-runner. Blocking: call it in a thread."""

import contextlib
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
from ansible_runner import Runner
from ansible_runner.config.runner import RunnerConfig

from trunkline.db.models import JsonObject
from trunkline.runs.launch.contract import Call, Ending, LaunchError
from trunkline.runs.launch.directory import temporary_directory
from trunkline.runs.launch.warm import WarmAnsible
from trunkline.settings import Settings

# The playbooks have no business with these.
_OWN = (
    "TRUNKLINE_DATABASE_URL",
    "TRUNKLINE_SECRET_KEY",
    "TRUNKLINE_SMTP_PASSWORD",
    "TRUNKLINE_OIDC_CLIENT_SECRET",
    "TRUNKLINE_AWX_TOKEN",
    "PGPASSWORD",
    "PGPASSFILE",
    "PYTHONDONTWRITEBYTECODE",
)
_CONNECTIONS = "ANSIBLE_SSH_CONTROL_PATH_DIR"
_OF_ONE_RUN = ("NETBOX_URL", "NETBOX_TOKEN", "TRUNKLINE_RUN", _CONNECTIONS)
_LAUNCH = "launch.pid"
_LOOK_FOR_CANCEL_S = 0.5
# The launch was killed, as the client says it; and the client itself was, which has no exit status then.
_KILLED = (128 + signal.SIGKILL, None)


def play(
    settings: Settings,
    ansible: WarmAnsible,
    connections: Path,
    call: Call,
    on_event: Callable[[JsonObject], None],
    cancelled: Callable[[], bool],
) -> Ending:
    """Run the playbook to its end. `on_event` must only take the event away: Ansible waits for it.

    ssh puts the sockets of its connections into `connections`, and looks there for open ones.
    Secrets reach the playbook by inherited environment only. The files of the run lie in memory and are removed.
    Raises LaunchError.
    """
    playbook = settings.playbooks / call.playbook
    if not playbook.is_file():
        raise LaunchError(
            f"playbook {call.playbook} is not in {settings.playbooks}: set TRUNKLINE_PROJECT_DIR to the checkout"
        )
    with temporary_directory(settings.runtime_dir, "run") as private:
        config = _configure(settings, call, private, connections)
        config.command = ansible.command(
            _common(config.env, private), Path(config.cwd), private / _LAUNCH, config.command[1:]
        )
        return _run(config, on_event, _Stop(private, call.timeout_s, cancelled))


def warm_up(settings: Settings, ansible: WarmAnsible) -> None:
    """Have Ansible loaded before the first launch asks for it."""
    with temporary_directory(settings.runtime_dir, "run") as private:
        config = _configure(settings, Call(uuid.UUID(int=0), "", {}, check=True, timeout_s=1), private, private)
        ansible.ensure(_common(config.env, private), Path(config.cwd))


def _configure(settings: Settings, call: Call, private: Path, connections: Path) -> RunnerConfig:
    (private / "env").mkdir(mode=0o700)
    (private / "tmp").mkdir(mode=0o700)
    variables = json.dumps(_literal(call.variables))
    (private / "env" / "extravars").write_text(variables, encoding="utf-8")
    project = settings.project_dir.resolve()
    config = RunnerConfig(
        private_data_dir=str(private),
        project_dir=str(project),
        playbook=str(settings.playbooks / call.playbook),
        cmdline=" ".join(
            ["--diff", *(["--check"] if call.check else []), *(f"--skip-tags={tag}" for tag in call.skip_tags)]
        ),
        envvars=_environment(settings, project, private, call.run_id) | {_CONNECTIONS: str(connections)},
        fact_cache_type="memory",
        suppress_env_files=True,
        quiet=True,
    )
    config.prepare()
    # As arguments these are dropped when there is no settings file.
    config.pexpect_timeout = _LOOK_FOR_CANCEL_S
    config.suppress_output_file = True
    for name in _OWN:
        config.env.pop(name, None)
    return config


def _common(environment: Mapping[str, str], private: Path) -> dict[str, str]:
    """What all launches have in common, and no secret of theirs."""
    return {name: value for name, value in environment.items() if name not in _OF_ONE_RUN and str(private) not in value}


class _Stop:
    """Ends a playbook that is cancelled or takes too long.

    Not by ansible-runner's own means: it kills the process group, which leaves Ansible's workers running.
    """

    def __init__(self, private: Path, timeout_s: float, cancelled: Callable[[], bool]) -> None:
        self._pid_file = private / _LAUNCH
        self._deadline = time.monotonic() + timeout_s
        self._is_cancelled = cancelled
        self._sent = False
        self.cancelled = False
        self.timed_out = False

    def look(self) -> bool:
        """Called by the runner again and again; always false, since it is not the runner that stops."""
        if self._sent or not self._pid_file.exists():
            return False
        self.cancelled = self._is_cancelled()
        self.timed_out = not self.cancelled and time.monotonic() > self._deadline
        if (self.cancelled or self.timed_out) and (pid := self._pid_file.read_text()):
            self._sent = True
            # It may have ended by itself at this moment.
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)
        return False


class _Child(pexpect.spawn):  # type: ignore[misc] # it has no types
    """The process of a launch. When the runner closes it, it has ended, and pexpect need not wait 0.1 s to be sure."""

    def close(self, force: bool = True) -> None:
        """Let go of its terminal."""
        if not self.isalive():
            self.ptyproc.delayafterclose = 0
        super().close(force)


# The runner knows no other way to be given one.
pexpect.spawn = _Child


def _run(config: RunnerConfig, on_event: Callable[[JsonObject], None], stop: _Stop) -> Ending:
    def take(event: JsonObject) -> bool:
        on_event(event)
        return False  # and keep no copy in a file

    def forget_command(status: JsonObject, runner_config: RunnerConfig) -> None:
        # The runner writes command and environment, so the secrets too, into a file before it starts.
        if status["status"] == "running":
            Path(runner_config.artifact_dir, "command").unlink(missing_ok=True)

    runner = Runner(config, event_handler=take, cancel_callback=stop.look, status_handler=forget_command)
    status, _ = runner.run()
    ok = status == "successful"
    killed = not (ok or stop.cancelled or stop.timed_out) and runner.rc in _KILLED
    return Ending(ok=ok, cancelled=stop.cancelled and not ok, timed_out=stop.timed_out and not ok, killed=killed)


def _environment(settings: Settings, project: Path, private: Path, run_id: uuid.UUID) -> dict[str, str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(project / "collections")),
        # The runner would turn it off where it is not said.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCAL_TEMP": str(private / "tmp"),
        "TRUNKLINE_RUN": str(run_id),
    }
    if (project / "ansible.cfg").is_file():
        environment["ANSIBLE_CONFIG"] = str(project / "ansible.cfg")
    if settings.netbox_url:
        environment["NETBOX_URL"] = settings.netbox_url
    if settings.netbox_token:
        environment["NETBOX_TOKEN"] = settings.netbox_token.get_secret_value()
    return environment


def _literal(value: object) -> object:
    """`value` with every text that looks like a template marked as plain text for Ansible."""
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
        return {"__ansible_unsafe": value}
    return value
