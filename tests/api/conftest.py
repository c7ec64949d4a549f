"""One service, with a database of its own, for each test module."""

from collections.abc import Iterator

import pytest

from tests.api.live_service import PLAYBOOKS, Service, make_service, running
from tests.awx.awx_server import Awx, running_awx
from tests.databases import migrated_database
from trunkline.dev.state import State


@pytest.fixture(scope="module")
def database_url(postgres: State, launcher: str) -> str:
    """A database of this module's own, with tables and nothing in them."""
    return migrated_database(postgres)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of a module with LAUNCHERS run with each of them, those marked `local_launcher` only with that one."""
    launchers = getattr(metafunc.module, "LAUNCHERS", None)
    if launchers and "launcher" in metafunc.fixturenames:
        only_local = metafunc.definition.get_closest_marker("local_launcher")
        metafunc.parametrize("launcher", ["local"] if only_local else launchers, scope="module")


@pytest.fixture(scope="module")
def launcher() -> str:
    """Who runs the playbooks."""
    return "local"


@pytest.fixture(scope="module")
def awx(launcher: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awx | None]:
    """The stand-in for AWX, where the launcher needs one."""
    if launcher == "local":
        yield None
        return
    with running_awx(tmp_path_factory.mktemp("awx")) as started:
        yield started


@pytest.fixture(scope="module")
def service(database_url: str, awx: Awx | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a worker inside, for one test module."""
    made = make_service(tmp_path_factory.mktemp("service"), database_url, **(awx.settings if awx else {}))
    if awx:
        awx.seed(PLAYBOOKS, {name: made.environment[name] for name in ("TEST_NETWORK", "NETBOX_TOKEN")})
    with running(made) as started:
        yield started
