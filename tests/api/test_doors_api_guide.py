"""docs/api.md, as a reader types it."""

from pathlib import Path

from tests.api.live_service import Service
from tests.pages import blocks_of, typed


def test_the_page_s_commands_order_follow_change_and_end_a_node(service: Service, tmp_path: Path) -> None:
    access = {"TRUNKLINE_URL": service.url.removesuffix("/api/v1"), "TRUNKLINE_TOKEN": service.token}
    # One reader's shell: a block uses what the one before has set.
    script = "\n".join(block.script for block in blocks_of("api.md"))
    said = typed(script, tmp_path, access).splitlines()
    assert said.count("completed") == 4
    assert "par" in said
    (node,) = service.call("GET", "/subscriptions", 200, params={"status": "terminated"})["items"]
    assert node["block"]["name"] == "ams-pe"
    runs = service.call("GET", "/runs", 200, params={"subscription": node["id"], "sort": "created_at"})["items"]
    assert [run["target"] for run in runs] == ["create", "modify", "validate", "resync", "terminate"]
    assert {run["status"] for run in runs} == {"completed"}
