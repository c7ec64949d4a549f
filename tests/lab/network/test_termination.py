"""The end of all orders."""

from tests.lab.network.world import World
from trunkline.dev.orders import Order


def test_terminating_everything_gives_netbox_and_the_routers_back(world: World) -> None:
    for product in ("core-circuit-10g", "node-frr"):
        wanted = {"product": product, "status": "active,initial"}
        orders = [
            Order(item["description"], product, {}, run=world.api("DELETE", f"subscriptions/{item['id']}").json())
            for item in world.api("GET", "subscriptions", params=wanted).json()["items"]
        ]
        world.client.wait(orders, lambda: None)
        assert {order.status for order in orders} == {"completed"}, [order.run.get("error") for order in orders]
    for path in ("dcim/devices", "circuits/circuits", "dcim/cables"):
        assert world.netbox(path, tag="trunkline") == []
    for configuration in world.configurations().values():
        assert "isis" not in configuration
        assert "ip address" not in configuration
