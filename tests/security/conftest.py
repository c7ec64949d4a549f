"""One service without a worker for each module, and callers of every role."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.live_service import Service, make_service, running
from tests.databases import migrated_database
from trunkline.dev.state import State

type Door = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def database_url(postgres: State) -> str:
    """A database of this module's own, with tables and nothing in them."""
    return migrated_database(postgres)


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service without a worker: orders stay queued."""
    folder = tmp_path_factory.mktemp("service")
    with running(make_service(folder, database_url, TRUNKLINE_WORKER_IN_API="false")) as started:
        yield started


@pytest.fixture(scope="module")
def door(service: Service) -> Iterator[Door]:
    """A client with a new token that has these scopes, and is named like them or as `name` says."""
    opened: list[httpx.Client] = []

    def client(*scopes: str, name: str = "") -> httpx.Client:
        made = service.call("POST", "/tokens", 201, json={"name": name or "+".join(scopes), "scopes": list(scopes)})
        headers = {"Authorization": f"Bearer {made['token']}"}
        opened.append(httpx.Client(base_url=service.url, headers=headers, timeout=30))
        return opened[-1]

    yield client
    for each in opened:
        each.close()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that an evaluated template leaves."""
    return tmp_path_factory.mktemp("evaluated") / "it-was"


@pytest.fixture(scope="module")
def template(evaluated: Path) -> str:
    """What is tried."""
    return f"{{{{ lookup('pipe', 'id; touch {evaluated}') }}}}"
