"""What is killed: the API, two workers, their playbooks, PostgreSQL and NetBox; and who starts it again."""

import contextlib
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from tests.api.live_service import PROGRAM, Service
from tests.waiting import wait_until
from trunkline.dev import netbox as embedded_netbox
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev import process
from trunkline.dev.secrets import Secrets
from trunkline.dev.state import State

_WORKERS = 2
_FROZEN_S = 14.0  # longer than it takes until others take over
# How often each is chosen. NetBox's master takes 11 s of CPU to come back, so it is killed at set times instead.
_WEIGHTS = {"worker": 5, "playbook": 6, "api": 4, "netbox worker": 4, "postgres": 3, "freeze": 1}


@dataclass
class Plant:
    """All that runs, and how often each of it was killed."""

    service: Service
    state: State
    netbox_port: int
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    frozen: list[tuple[float, psutil.Process]] = field(default_factory=list)

    def start(self) -> None:
        """Start what does not run."""
        self._thaw()
        embedded_postgres.up(self.state)
        embedded_netbox.up(self.state, self._secrets(), self.netbox_port)
        if self.service.process is None or self.service.process.poll() is not None:
            self.service.process = self._popen("serve", "--port", str(self.service.port))
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < _WORKERS:
            self.workers.append(self._popen("worker"))

    def wait_ready(self) -> None:
        """Until all of it answers."""
        self.thaw_all()
        self.start()
        embedded_netbox.wait_ready(self.state, self._secrets(), self.netbox_port)
        wait_until(self.service.answers, 60)

    def stop(self) -> None:
        """Stop the service in good order; PostgreSQL and NetBox are the session's."""
        self.thaw_all()
        for one in self.workers:
            one.terminate()
        for one in self.workers:
            assert one.wait(60) == 0, self.service.log.read_text()[-4000:]
        self.service.stop()

    def kill_something(self) -> str:
        """Kill whatever chance says; what it was, or nothing when there was none of it."""
        (kind,) = self.chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        done: dict[str, Callable[[], bool]] = {
            "worker": lambda: self._kill([psutil.Process(one.pid) for one in self.workers if one.poll() is None]),
            "playbook": lambda: self._kill(self.playbooks()),
            "api": self._kill_api,
            "netbox worker": self._kill_netbox_worker,
            "postgres": self._kill_postgres,
            "freeze": self._freeze,
        }
        return self._count(kind) if done[kind]() else ""

    def kill_netbox(self) -> str:
        """NetBox as a whole."""
        master = process.find(self.state, embedded_netbox.NAME)
        assert master is not None
        family = [master, *master.children(recursive=True)]
        for one in family:
            one.kill()
        psutil.wait_procs(family, timeout=10)
        return self._count("netbox")

    def playbooks(self) -> list[psutil.Process]:
        """The ansible-playbook processes: forks of the supervisors that the workers' servers have forked."""
        found = []
        for worker in self.workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                for server in psutil.Process(worker.pid).children():
                    if "warm_server" in " ".join(server.cmdline()):
                        found += [one for supervisor in server.children() for one in supervisor.children()]
        return found

    def thaw_all(self) -> None:
        """Nothing stays frozen."""
        for _, one in self.frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.resume()
        self.frozen.clear()

    def _thaw(self) -> None:
        due = [item for item in self.frozen if item[0] <= time.monotonic()]
        for item in due:
            self.frozen.remove(item)
            with contextlib.suppress(psutil.NoSuchProcess):
                item[1].resume()

    def _count(self, kind: str) -> str:
        self.kills[kind] += 1
        return kind

    def _kill(self, candidates: list[psutil.Process]) -> bool:
        if not candidates:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            self.chance.choice(candidates).kill()
            return True
        return False

    def _kill_api(self) -> bool:
        assert self.service.process is not None
        if self.service.process.poll() is not None:
            return False
        self.service.process.kill()
        self.service.process.wait()
        return True

    def _kill_netbox_worker(self) -> bool:
        master = process.find(self.state, embedded_netbox.NAME)
        return master is not None and self._kill(master.children())

    def _kill_postgres(self) -> bool:
        master = process.find(self.state, embedded_postgres.NAME)
        if master is None:
            return False
        # Its backends notice by themselves a moment later: the next one must not meet them.
        family = [master, *master.children(recursive=True)]
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=10)
        return True

    def _freeze(self) -> bool:
        awake = [one for one in self.workers if one.poll() is None and one.pid not in {p.pid for _, p in self.frozen}]
        if len(awake) < _WORKERS:
            return False
        chosen = psutil.Process(self.chance.choice(awake).pid)
        chosen.send_signal(signal.SIGSTOP)
        self.frozen.append((time.monotonic() + _FROZEN_S, chosen))
        return True

    def _popen(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.service.log.open("ab") as log:
            return subprocess.Popen(
                [str(PROGRAM), *arguments], env=self.service.environment, stdout=log, stderr=log, start_new_session=True
            )

    def _secrets(self) -> Secrets:
        secrets = Secrets.load(self.state)
        assert secrets is not None
        return secrets
