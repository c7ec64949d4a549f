"""One service, with a database of its own, for each test module."""

import uuid
from collections.abc import Iterator

import pytest

from tests.api.live_service import Service, make_service, running
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State


@pytest.fixture(scope="module")
def database_url(postgres: State) -> str:
    """An empty database of this module's own."""
    name = f"api_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    return embedded_postgres.url(postgres, name)


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a worker inside, for one test module."""
    with running(make_service(tmp_path_factory.mktemp("service"), database_url)) as started:
        yield started
