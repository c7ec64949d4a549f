"""A real browser before the real service."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.api.live_service import Service, make_service, running
from tests.databases import migrated_database
from tests.lab.conftest import bare_netbox, ports, slot
from tests.ui.watching import Person, chromium
from trunkline.dev.state import State

__all__ = ["bare_netbox", "ports", "slot"]


@pytest.fixture(scope="module")
def browser(service: Service) -> Iterator[Browser]:
    """A browser for the service, which is there before: see `chromium`."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def service(postgres: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a worker inside and the tests' own playbooks, for one test module."""
    made = make_service(tmp_path_factory.mktemp("service"), migrated_database(postgres))
    with running(made) as started:
        yield started


@pytest.fixture(scope="module")
def base(service: Service) -> str:
    """Where its pages are."""
    return f"http://127.0.0.1:{service.port}"


@pytest.fixture
def person(browser: Browser, service: Service, base: str) -> Iterator[Person]:
    """Somebody who is logged in there."""
    made = Person.at(browser, base, service.token)
    yield made
    made.leave()
