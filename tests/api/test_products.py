"""Products over REST: their blocks and fields, and which of them are shown."""

from tests.api.live_service import Service


def test_a_product_shows_its_blocks_and_their_fields(service: Service) -> None:
    product = service.call("GET", "/products/core-circuit-10g", 200)
    assert (product["status"], product["customers"], product["block"]) == ("active", [], "Core circuit")
    assert [block["name"] for block in product["blocks"]] == ["Core circuit", "Endpoint"]
    circuit, endpoint = ({item["name"]: item for item in block["resource_types"]} for block in product["blocks"])
    assert (circuit["a"]["type"], circuit["a"]["holds"]) == ("Endpoint", "block")
    assert (circuit["isis_metric"]["type"], circuit["isis_metric"]["changeable"]) == ("integer", True)
    assert (endpoint["node"]["uses"], endpoint["node"]["since"]) == ("Node.name", None)
    assert (endpoint["ipv4"]["type"], endpoint["ipv4"]["since"]) == ("ipv4interface", "provisioning")


def test_workflows_are_filtered(service: Service) -> None:
    found = service.call("GET", "/workflows?product=node-frr&target=create", 200)
    assert [item["name"] for item in found] == ["create-node-frr"]
    assert {item["product"] for item in service.call("GET", "/workflows?target=resync", 200)} >= {"core-circuit-10g"}


def test_a_hidden_product_is_shown_to_who_knows_it(service: Service) -> None:
    def listed(query: str) -> list[str]:
        return [item["slug"] for item in service.call("GET", f"/products{query}", 200)["items"]]

    assert "core-circuit-100g" in listed("")
    service.sql("UPDATE products SET status = 'hidden' WHERE slug = 'core-circuit-100g'")
    try:
        assert "core-circuit-100g" not in listed("")
        assert listed("?status=hidden") == listed("?slug=core-circuit-100g") == ["core-circuit-100g"]
        assert service.call("GET", "/products/core-circuit-100g", 200)["status"] == "hidden"
    finally:
        service.sql("UPDATE products SET status = 'active' WHERE slug = 'core-circuit-100g'")
