"""A real browser before the real service."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.api.live_service import Service, make_service, running
from tests.lab.conftest import bare_netbox, lab, slot
from tests.ui.watching import chromium
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State

__all__ = ["bare_netbox", "lab", "slot"]


@pytest.fixture(scope="module")
def browser(service: Service) -> Iterator[Browser]:
    """A browser for the service, which is there before: see `chromium`."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def service(postgres: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a worker inside and the tests' own playbooks, for one test module."""
    name = f"ui_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    made = make_service(tmp_path_factory.mktemp("service"), embedded_postgres.url(postgres, name))
    with running(made) as started:
        yield started
