"""What the benchmark of the API fills and asks is what the service serves."""

import json
from contextlib import closing

import pytest

from trunkline.dev.bench.api.load import Ask, Client, measure
from trunkline.dev.bench.api.sides import CASES, ours
from trunkline.dev.state import State


@pytest.mark.parametrize("count", [100])
def test_every_kind_of_request_is_answered(postgres: State, count: int) -> None:
    with ours(postgres, count) as server:
        for case in CASES:
            assert measure(server.url, server.headers, server.asks[case], seconds=0.2).p50 > 0
        with closing(Client(server.url, server.headers)) as client:
            everything = json.loads(client.ask(Ask("/api/v1/subscriptions?limit=200")))["items"]
            found = json.loads(client.ask(Ask("/api/v1/subscriptions?limit=200&q=node-7")))["items"]
            detail = json.loads(client.ask(server.asks["detail"][1]))
        assert len(everything) == count
        assert {"Node node-7 at site-7"} < {item["description"] for item in found}
        assert [item["path"] for item in detail["depends_on"]] == ["a.node", "z.node"]
