"""One service without a worker for each module, and callers of every role."""

import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.api.live_service import Service, make_service, running
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State

type Door = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def database_url(postgres: State) -> str:
    """An empty database of this module's own."""
    name = f"security_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    return embedded_postgres.url(postgres, name)


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
