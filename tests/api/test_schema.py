"""Schemathesis over the whole API: whatever is sent, the answer is one that the OpenAPI document promises."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.live_service import Service, make_service, running

# In seconds: enough for each operation to be tried in all phases.
_BUDGET_S = 60
# An order for a product that does not exist fits the schema and is refused all the same.
_NOT_PROMISED = "positive_data_acceptance"


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a few orders that stay queued."""
    folder = tmp_path_factory.mktemp("service")
    with running(make_service(folder, database_url, TRUNKLINE_WORKER_IN_API="false")) as started:
        started.order_node("ams-pe")
        started.call("POST", "/tasks/validate-all", 202)
        yield started


def test_schemathesis_finds_nothing(service: Service, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"http://127.0.0.1:{service.port}/openapi.json",
            f"--header=Authorization: Bearer {service.token}",
            "--checks=all",
            f"--exclude-checks={_NOT_PROMISED}",
            f"--max-time={_BUDGET_S}",
            "--request-timeout=20",
            "--seed=1",
            "--no-color",
            "--warnings=off",
            "--continue-on-failure",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    assert "Traceback" not in service.log.read_text()


def test_every_operation_is_described_with_examples(service: Service) -> None:
    document = service.client.get(f"http://127.0.0.1:{service.port}/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert operation["tags"], where
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                name = (schema.get("$ref") or schema["anyOf"][0]["$ref"]).rpartition("/")[2]
                assert document["components"]["schemas"][name]["examples"], where
            if "health/live" not in path:
                assert "application/problem+json" in operation["responses"]["401"]["content"], where
