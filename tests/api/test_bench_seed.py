"""What the benchmark of the API fills and asks is what the service serves."""

from pathlib import Path

import psutil
import pytest

from tests.api.live_service import Service, make_service
from trunkline.dev.bench.api.load import measure
from trunkline.dev.bench.api.ours import Ours
from trunkline.dev.bench.api.seed import fill
from trunkline.settings import Settings


@pytest.mark.parametrize("count", [100])
def test_every_kind_of_request_is_answered(database_url: str, tmp_path: Path, count: int) -> None:
    service: Service = make_service(tmp_path, database_url, TRUNKLINE_WORKER_IN_API="false")
    fill(Settings(database_url=database_url).libpq_url, count)
    service.start()
    try:
        side = Ours(f"http://127.0.0.1:{service.port}", service.token, count, 0.0, psutil.Process(), {})
        for path in (side.list_path, side.search_path, side.detail_path):
            assert measure(side, path, requests=20, seconds=0.2).p50_ms > 0
        everything = service.call("GET", "/subscriptions", 200, params={"limit": 200})["items"]
        assert len(everything) == count
        found = service.call("GET", "/subscriptions", 200, params={"q": "r00007"})["items"]
        assert {"Node r00007-pe at site-7"} < {item["description"] for item in found}
        detail = service.call("GET", side.detail_path(1).removeprefix("/api/v1"), 200)
        assert [item["path"] for item in detail["depends_on"]] == ["a.node", "z.node"]
    finally:
        service.stop()
        service.client.close()
