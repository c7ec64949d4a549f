"""The real things that tests run against, each started once a session and only when a test asks for it."""

import os
import shutil
import socket

import psutil
import pytest
from xdist.remote import Producer

from tests import distribution
from tests.said import said_in
from trunkline.dev import netbox as embedded_netbox
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev import process, redis, service, system
from trunkline.dev.secrets import Secrets
from trunkline.dev.state import State

_PREFIX = "test-"
_OF_A_STACK = ("ANSIBLE_", "NETBOX_", "TRUNKLINE_")
_OF_TESTS = ("TRUNKLINE_TEST_", "TRUNKLINE_CHAOS_")
# Another NetBox than the embedded one, for instance of a version that is not on PyPI: its URL without /api, and a token
# of its superuser `admin`. The tests leave objects in it.
_OTHER_NETBOX = {
    "NETBOX_URL": os.environ.get("TRUNKLINE_TEST_NETBOX_URL", "").rstrip("/"),
    "NETBOX_TOKEN": os.environ.get("TRUNKLINE_TEST_NETBOX_TOKEN", ""),
}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> distribution.Distribution | None:
    """With `--dist loadfile`, as `make test` has it."""
    return distribution.Distribution(config, log) if config.option.dist == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    items.sort(key=lambda item: distribution.rank(item.nodeid))


def pytest_collection_finish(session: pytest.Session) -> None:
    """NetBox needs 12 s of one core to start: it starts while the first tests run."""
    if session.config.option.collectonly:
        return
    if _wanted(session, "postgres", "netbox", "slot"):
        system.ensure_packages()
    if not _wanted(session, "netbox") or _OTHER_NETBOX["NETBOX_URL"]:
        return
    session.config.stash[_NETBOX_PORT] = port = _free_port()
    state = _state()
    secrets = Secrets.make()
    secrets.save(state)
    embedded_postgres.up(state)
    redis.up(state)
    embedded_netbox.up(state, secrets, port)


def pytest_sessionstart(session: pytest.Session) -> None:
    """A session that was killed could not stop what it had started."""
    # Without its compiled files, every ansible-playbook of the tests would compile Ansible again: a second each.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What `make env` has exported is meant for another NetBox, another order book and other routers.
    for name in [name for name in os.environ if name.startswith(_OF_A_STACK) and not name.startswith(_OF_TESTS)]:
        del os.environ[name]
    for state in State.started():
        pid = state.name.removeprefix(_PREFIX)
        if state.name.startswith(_PREFIX) and not psutil.pid_exists(int(pid)):
            _remove(state)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Nothing stays."""
    state = State.of(f"{_PREFIX}{os.getpid()}")
    if state.runtime.exists():
        _remove(state)


_NETBOX_PORT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What passed tests have said."""
    reports = terminalreporter.getreports("passed")
    lines = [line for report in reports for line in said_in(report.capstdout)]
    if lines:
        terminalreporter.section("said")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def state() -> State:
    """Where this session's services keep their files."""
    return _state()


@pytest.fixture(scope="session")
def postgres(state: State) -> State:
    """A running PostgreSQL; `trunkline.dev.postgres` makes databases in it and gives their URLs."""
    embedded_postgres.up(state)
    return state


@pytest.fixture(scope="session")
def netbox_port(request: pytest.FixtureRequest) -> int:
    """Where this session's embedded NetBox listens."""
    if _OTHER_NETBOX["NETBOX_URL"]:
        pytest.skip("TRUNKLINE_TEST_NETBOX_URL names another NetBox than the embedded one")
    return request.config.stash[_NETBOX_PORT]


@pytest.fixture(scope="session")
def netbox(request: pytest.FixtureRequest) -> dict[str, str]:
    """A running NetBox, as the environment that lets a client in: NETBOX_URL and NETBOX_TOKEN."""
    if _OTHER_NETBOX["NETBOX_URL"]:
        return _OTHER_NETBOX
    state, port = request.getfixturevalue("state"), request.getfixturevalue("netbox_port")
    secrets = Secrets.load(state)
    assert secrets is not None
    embedded_netbox.wait_ready(state, secrets, port)
    return {"NETBOX_URL": f"http://127.0.0.1:{port}", "NETBOX_TOKEN": secrets.netbox_token}


@pytest.fixture(scope="session")
def free_port() -> int:
    """A port of 127.0.0.1 for a service of this session."""
    return _free_port()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wanted(session: pytest.Session, *fixtures: str) -> bool:
    return any(set(fixtures).intersection(getattr(item, "fixturenames", ())) for item in session.items)


def _state() -> State:
    state = State.of(f"{_PREFIX}{os.getpid()}")
    state.create()
    return state


def _remove(state: State) -> None:
    for name in (service.NAME, embedded_netbox.NAME):
        process.stop(state, name)
    redis.down(state)
    embedded_postgres.down(state)
    state.remove_runtime()
    shutil.rmtree(state.data, ignore_errors=True)
