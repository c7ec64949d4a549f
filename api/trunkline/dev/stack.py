"""A whole local stack: PostgreSQL, Redis, NetBox, the routers and the API; up, down, and found again."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from trunkline.dev import awx, netbox, postgres, process, redis, service, system
from trunkline.dev.errors import DevError
from trunkline.dev.lab import Lab
from trunkline.dev.lab.topology import load as load_topology
from trunkline.dev.orders import Client
from trunkline.dev.scenario import Scenario
from trunkline.dev.secrets import Secrets
from trunkline.dev.state import PROJECT, State

Say = Callable[[str], None]
_RECORD = "stack.json"
_CUSTOMER = "customer"


@dataclass(frozen=True)
class Ports:
    """Where a stack listens on 127.0.0.1."""

    api: int
    netbox: int
    awx: int = 8052

    @classmethod
    def from_environment(cls) -> "Ports":
        """TRUNKLINE_PORT, NETBOX_PORT and AWX_PORT, else 8080, 8000 and 8052."""
        return cls(_port("TRUNKLINE_PORT", 8080), _port("NETBOX_PORT", 8000), _port("AWX_PORT", 8052))


@dataclass(frozen=True)
class Stack:
    """One stack of this checkout: the data of each lab is kept apart, and one stack runs at a time."""

    state: State
    topology: Path
    lab: Lab
    ports: Ports
    launcher: str = "local"

    @classmethod
    def of(cls, topology: Path, ports: Ports) -> "Stack":
        """The stack of a containerlab topology file: the running one, else one that is not started yet.

        Raises DevError when another stack of this checkout runs.
        """
        state = State.of(load_topology(topology).name)
        running = cls.running()
        if running and running.state != state:
            raise DevError(f"The stack of lab {running.lab.name} is running: `make down` first.")
        launcher = os.environ.get("TRUNKLINE_LAUNCHER", "local")
        if launcher not in ("local", "awx"):
            raise DevError(f"TRUNKLINE_LAUNCHER={launcher} is not a launcher: give local or awx.")
        if running and running.launcher != launcher:
            raise DevError(f"The stack is running with TRUNKLINE_LAUNCHER={running.launcher}: `make down` first.")
        return running or cls(state, topology.resolve(), _lab(topology, state), ports, launcher)

    @classmethod
    def running(cls) -> "Stack | None":
        """The stack of this checkout that was started and not stopped, with the ports that it has."""
        for state in State.started():
            if not (state.runtime / _RECORD).exists():
                continue  # a test session's
            record = json.loads((state.runtime / _RECORD).read_text())
            topology = Path(record["topology"])
            return cls(state, topology, _lab(topology, state), Ports(**record["ports"]), record["launcher"])
        return None

    def preflight(self) -> None:
        """Everything that can be said to be in the way is said here, before anything is started."""
        system.require_root()
        if not process.find(self.state, netbox.NAME):
            system.require_free_port(self.ports.netbox, "NETBOX_PORT")
        if not process.find(self.state, service.NAME):
            system.require_free_port(self.ports.api, "TRUNKLINE_PORT")
        if self.launcher == "awx":
            awx.require_checkout()
            if not process.find(self.state, awx.NAME):
                system.require_free_port(self.ports.awx, "AWX_PORT")
        system.ensure_packages()
        if problems := self.lab.preflight():
            raise DevError("\n".join(problems))

    def claim(self) -> None:
        """Become the stack that `running` finds."""
        self.state.create()
        record = {"topology": str(self.topology), "ports": asdict(self.ports), "launcher": self.launcher}
        (self.state.runtime / _RECORD).write_text(json.dumps(record))

    def up(self, scenario: Path, say: Say) -> None:
        """Start what does not run, and fill NetBox with what `scenario` needs beforehand. What runs is left alone."""
        secrets = Secrets.load(self.state) or Secrets.make()
        secrets.save(self.state)
        postgres.up(self.state)
        redis.up(self.state)
        netbox.up(self.state, secrets, self.ports.netbox)
        say("PostgreSQL and Redis are up; NetBox is starting")
        self.lab.up()
        say(f"{len(self.lab.nodes)} routers are up: {', '.join(self.lab.nodes)}")
        environment = self.playbook_environment(secrets)
        through = awx.service_environment(self.ports.awx, secrets.awx_token) if self.launcher == "awx" else {}
        if through:
            awx.up(self.state, self.ports.awx, secrets.awx_token)
            say("The stand-in for AWX is up: playbooks are its jobs")
        # A demo is tried out with receivers on this machine.
        hooks = {"TRUNKLINE_SECRET_KEY": secrets.trunkline_secret_key, "TRUNKLINE_WEBHOOK_ALLOW": "127.0.0.0/8"}
        service.up(self.state, self.ports.api, environment | through | hooks)
        if not secrets.trunkline_token:
            secrets = replace(secrets, trunkline_token=service.make_token(self.state))
            secrets.save(self.state)
        with Client(self.api_url, secrets.trunkline_token) as client:
            client.ensure_customers(Scenario.load(scenario))
        say(f"The API is up: {self.api_url}")
        netbox.wait_ready(self.state, secrets, self.ports.netbox)
        say(f"NetBox is up: {self.netbox_url}")
        bootstrap_netbox(scenario, environment)
        say("NetBox has the pools, sites and types of the scenario")
        if through:
            access = {"TRUNKLINE_URL": self.api_url, "TRUNKLINE_TOKEN": secrets.trunkline_token}
            awx.set_up(environment | through | access, self.lab.known_hosts)
            say("AWX has the project, credentials, inventory and job templates")

    def down(self) -> None:
        """Stop everything; only `state.data` stays."""
        service.down(self.state)
        awx.down(self.state)
        netbox.down(self.state)
        self.lab.down()
        redis.down(self.state)
        postgres.down(self.state)
        self.state.remove_runtime()

    def exports(self) -> dict[str, str]:
        """What a client needs to get in."""
        secrets = Secrets.load(self.state)
        if secrets is None:
            raise DevError("Nothing is running: `make demo` or `make up` first.")
        return {
            "TRUNKLINE_URL": self.api_url,
            "TRUNKLINE_TOKEN": secrets.trunkline_token,
            "TRUNKLINE_DATABASE_URL": service.database_url(self.state),
            "NETBOX_PASSWORD": secrets.netbox_password,
            **self._customer(),
        } | self.playbook_environment(secrets)

    def remember_customer(self, shortcode: str) -> None:
        """Whom the demo's orders are for: a client that does not say gets the same."""
        (self.state.data / _CUSTOMER).write_text(shortcode)

    def _customer(self) -> dict[str, str]:
        file = self.state.data / _CUSTOMER
        return {"TRUNKLINE_CUSTOMER": file.read_text()} if file.exists() else {}

    @property
    def api_url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def netbox_url(self) -> str:
        """Where NetBox answers."""
        return f"http://127.0.0.1:{self.ports.netbox}"

    def playbook_environment(self, secrets: Secrets) -> dict[str, str]:
        """How a playbook reaches NetBox and the routers."""
        netbox_access = {"NETBOX_URL": self.netbox_url, "NETBOX_TOKEN": secrets.netbox_token}
        return netbox_access | self.lab.ansible_env()


def bootstrap_netbox(scenario: Path, environment: Mapping[str, str]) -> None:
    """Run the playbook that anyone would run: it changes nothing where all is in place."""
    argv = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "playbooks/netbox_bootstrap.yml",
        "-e",
        f"@{scenario}",
    ]
    result = subprocess.run(
        argv, cwd=PROJECT, env=os.environ | dict(environment), capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise DevError(f"playbooks/netbox_bootstrap.yml failed:\n{result.stdout}{result.stderr}")


def _lab(topology: Path, state: State) -> Lab:
    return Lab.load(topology, runtime=state.runtime / "lab", saved=state.data / "routers")


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not (text.isdecimal() and 0 < int(text) < 2**16):
        raise DevError(f"{variable}={text} is not a port: give a number from 1 to 65535.")
    return int(text)
