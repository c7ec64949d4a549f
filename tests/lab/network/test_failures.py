"""Routers that fail in the midst of an order: all of it or nothing, with the service and without."""

from tests.lab.network.world import World
from trunkline.dev.lab.topology import LINK_MTU
from trunkline.dev.orders import Order


def test_a_router_that_does_not_answer_is_named_and_the_plan_is_made_when_it_does(world: World) -> None:
    circuit = world.subscription("Core circuit par-p:eth1 - lon-pe:eth2")
    changes = world.netbox_changes()
    lab = world.stack.lab
    lab.exec("lon-pe", ["pkill", "-x", "sshd"])
    try:
        body = {"input": {"isis_metric": 77}, "plan_only": True}
        run = world.api("PATCH", f"subscriptions/{circuit['id']}", json=body).json()
        again = world.wait_for(run, lambda event: "error" in event["payload"])
    finally:
        lab.exec("lon-pe", ["/usr/sbin/sshd", "-f", "/etc/ssh/sshd_config", "-E", "/var/log/frr/sshd.log"])
    assert (again["payload"]["status"], again["payload"]["error"]["host"]) == ("queued", "lon-pe")
    order = Order(circuit["description"], circuit["product"], {}, run=run)
    world.client.wait([order], lambda: None)
    assert order.status == "completed"
    assert "77" in world.api("GET", f"runs/{run['id']}/plan").json()["devices"]["lon-pe"]
    assert world.netbox_changes() == changes
    after = world.api("GET", f"subscriptions/{circuit['id']}").json()
    assert (after["status"], after["block"]["isis_metric"]) == ("active", 10)


def test_a_router_that_cannot_keep_its_configuration_takes_the_whole_order_back(world: World) -> None:
    circuit = world.subscription("Core circuit ams-pe:eth2 - lon-pe:eth1")
    metric, configurations = world.documented_metric(circuit), world.configurations()
    world.stack.lab.exec("ams-pe", ["mount", "-o", "remount,bind,ro", "/etc/frr"])
    try:
        order = world.modify(circuit, isis_metric=77)
    finally:
        world.stack.lab.exec("ams-pe", ["mount", "-o", "remount,bind,rw", "/etc/frr"])
    assert order.status == "rolled-back", order.run["error"]
    assert order.run["error"]["host"] == "ams-pe"
    assert world.configurations() == configurations
    assert world.documented_metric(circuit) == metric == 30


def test_without_the_service_a_router_that_refuses_leaves_all_as_it_was(world: World) -> None:
    circuit = world.subscription("Core circuit ams-pe:eth2 - lon-pe:eth1")
    before = world.configurations(), world.documented_metric(circuit)
    world.stack.lab.exec("lon-pe", ["mount", "-o", "remount,bind,ro", "/etc/frr"])
    try:
        changed = world.playbook("circuit_provision", circuit, isis_metric=77)
        removed = world.playbook("circuit_terminate", circuit)
    finally:
        world.stack.lab.exec("lon-pe", ["mount", "-o", "remount,bind,rw", "/etc/frr"])
    for done in (changed, removed):
        assert done.returncode != 0
        said = " ".join(done.stdout.split())
        assert "lon-pe: /etc/frr cannot be written (Read-only file system)" in said
        assert "Routers and NetBox are left as they were" in said
    assert (world.configurations(), world.documented_metric(circuit)) == before


def test_without_the_service_a_circuit_that_does_not_work_is_not_made_and_one_that_does_is(world: World) -> None:
    circuit = world.subscription("Core circuit ams-pe:eth2 - lon-pe:eth1")
    with_circuit = world.configurations()
    removed = world.playbook("circuit_terminate", circuit)
    assert removed.returncode == 0, removed.stdout
    without, documented = world.configurations(), world.netbox("circuits/circuits", tag="trunkline")
    assert "interface eth1\n description" not in without["lon-pe"]

    new = circuit | {"status": "provisioning"}
    # Hellos are padded to the link's size, which one end does not take: they do not arrive, and all else does.
    world.stack.lab.exec("ams-pe", ["ip", "link", "set", "eth2", "mtu", "1500"])
    try:
        failed = world.playbook("circuit_provision", new, "-e", "verify_timeout_s=2")
    finally:
        world.stack.lab.exec("ams-pe", ["ip", "link", "set", "eth2", "mtu", str(LINK_MTU)])
    assert failed.returncode != 0, failed.stdout
    assert "IS-IS adjacency expected Up with ams-pe, found " in " ".join(failed.stdout.split())
    assert world.configurations() == without
    assert world.netbox("circuits/circuits", tag="trunkline") == documented
    for kind in ("dcim/cables", "ipam/prefixes", "ipam/ip-addresses"):
        assert world.netbox(kind, cf_trunkline_subscription=circuit["id"]) == []

    made = world.playbook("circuit_provision", new)
    assert made.returncode == 0, made.stdout
    assert world.configurations() == with_circuit
