"""The pages on the real network: what a person orders in the browser is in NetBox and on the routers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.lab.canaries import GuardedStack, Watch, must_have_no_secret
from tests.lab.conftest import Slot
from tests.lab.workshop import brought_up, workshop_file
from tests.ui.watching import Person, chromium
from trunkline.dev.lab import Lab
from trunkline.dev.orders import Client, Order
from trunkline.dev.stack import Ports, Stack
from trunkline.dev.state import PROJECT, State

TOPOLOGY = PROJECT / "inventory/lab.clab.yml"
ENDED = 120_000  # ms that a run may take on a machine that does other things, too


@pytest.fixture(scope="module")
def lab(slot: Slot) -> Iterator[Lab]:
    """Routers of this module's own, which go with all that was ordered."""
    lab = slot.load(TOPOLOGY, which=2)
    yield lab
    lab.down()


@pytest.fixture(scope="module")
def stack(
    lab: Lab, bare_netbox: dict[str, str], ports: Ports, state: State, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GuardedStack]:
    """The API with a NetBox that is ready for orders, and three routers that carry nothing yet."""
    file = workshop_file(lab, tmp_path_factory.mktemp("scenario"))
    plain = Stack(state, TOPOLOGY, lab, ports)
    with GuardedStack.over(plain, tmp_path_factory.mktemp("home")) as stack, brought_up(stack, file):
        yield stack


@contextmanager
def _client(stack: Stack) -> Iterator[Client]:
    with Client(stack.api_url, stack.exports()["TRUNKLINE_TOKEN"]) as client:
        yield client


@pytest.fixture(scope="module")
def watch(stack: GuardedStack) -> Iterator[Watch]:
    """Who looks for secrets while all of this happens."""
    with Watch(stack) as looking:
        yield looking


@pytest.fixture(scope="module")
def person(stack: Stack) -> Iterator[Person]:
    with chromium() as browser:
        made = Person.at(browser, stack.api_url, stack.exports()["TRUNKLINE_TOKEN"])
        yield made
        made.leave()


@pytest.fixture(scope="module")
def circuit(watch: Watch, person: Person, stack: Stack, lab: Lab) -> str:
    """The page of a circuit that a person has ordered, between two nodes of which they ordered one."""
    page = person.page
    others = [_node(lab, name, name[:3], role) for name, role in (("par-p", "p"), ("lon-pe", "pe"))]
    with _client(stack) as client:
        for order in others:
            order.run = client._order(order, "noc")
        _order_a_node(page, f"{lab.nodes['ams-pe']}/24")
        client.wait(others, lambda: None)
    assert [order.status for order in others] == ["completed", "completed"]
    _begin_a_circuit(person)
    expect(page.get_by_role("region", name="Changes on ams-pe")).to_contain_text("ip router isis CORE")
    person.must_be_accessible()
    person.shot("plan")
    plan = page.url
    page.goto("/map")
    expect(page.locator("[data-map-links] > a")).to_have_class(["map-planned"])
    page.goto(plan)
    page.check("#manual")
    page.click("#place")
    page.wait_for_selector("#do-approve", timeout=ENDED)
    assert "isis" not in _running(lab, "par-p").partition("interface eth2")[2].partition("exit")[0]
    page.click("#do-approve")
    _completes(page)
    person.shot("run")
    page.click("[data-status] a")
    return page.url


def test_a_circuit_that_a_person_orders_and_approves_forwards_and_is_on_the_map(
    circuit: str, person: Person, stack: Stack, lab: Lab
) -> None:
    page = person.page
    assert "eth1" in lab.exec("ams-pe", ["vtysh", "-c", "show isis neighbor"])
    page.goto(circuit)
    expect(page.get_by_role("link", name="Circuits", exact=True)).to_be_visible()
    second = Order("", "core-circuit-10g", {"a": _end("par-p:eth1"), "z": _end("lon-pe:eth2"), "isis_metric": 10})
    page.goto("/map")
    expect(page.locator("[data-map-links] > a")).to_have_class(["map-up"])
    with _client(stack) as client:
        second.run = client._order(second, "noc")
        # Nobody reloads the page.
        expect(page.locator("[data-map-links] > a")).to_have_count(2)
        client.wait([second], lambda: None)
    expect(page.locator("[data-map-links] > a")).to_have_class(["map-up", "map-up"])


def test_drift_on_a_router_is_seen_and_mended(circuit: str, person: Person, lab: Lab) -> None:
    page = person.page
    lab.exec("ams-pe", ["vtysh", "-c", "configure", "-c", "interface eth1", "-c", "no ip router isis CORE"])
    page.goto(circuit)
    page.click("#do-validate")
    _completes(page)
    expect(page.get_by_role("region", name="Changes on ams-pe")).to_contain_text("ip router isis CORE")
    person.shot("drift", whole=True)
    page.goto("/map")
    expect(page.locator("a.map-drift")).to_have_count(1)
    person.shot("map")
    page.goto("/")
    drifted = page.locator("section", has=page.get_by_role("heading", name="Drift"))
    expect(drifted).to_contain_text("Core circuit ams-pe:eth1 - par-p:eth2")
    person.shot("dashboard")
    page.goto(circuit)
    page.click("#do-resync")
    page.click("#next")
    page.click("#place", timeout=ENDED)
    _completes(page)
    assert "ip router isis CORE" in _eth1(lab)
    page.goto("/map")
    expect(page.locator("a.map-drift")).to_have_count(0)


def test_a_change_is_rolled_back(circuit: str, person: Person, lab: Lab) -> None:
    page = person.page
    page.goto(circuit)
    page.click("#do-modify")
    page.check("[id='f.under_maintenance']")
    page.click("#next")
    warned = re.compile("there is no other path between (ams-pe and par-p|par-p and ams-pe)")
    expect(page.locator(".cautions")).to_contain_text(warned, timeout=ENDED)
    person.shot("plan-warning")
    page.click("#place", timeout=ENDED)
    _completes(page)
    assert "isis metric 15000000" in _eth1(lab)
    changed = page.url
    page.click("#do-rollback")
    page.wait_for_function("(url) => location.href !== url", arg=changed)
    _completes(page)
    assert "isis metric 15000000" not in _eth1(lab)
    page.goto(circuit)
    expect(page.locator("tr", has_text="under_maintenance").first).to_contain_text("no")
    person.shot("subscription")


def test_no_secret_was_seen_or_is_left_anywhere(circuit: str, watch: Watch, stack: GuardedStack) -> None:
    wrong = Order("", "core-circuit-10g", {"a": _end("ams-pe:eth99"), "z": _end("lon-pe:eth99"), "isis_metric": 10})
    with _client(stack) as client:
        wrong.run = client._order(wrong, "noc")
        client.wait([wrong], lambda: None)
    assert "eth99" in wrong.run["error"]["detail"]  # what an error tells is looked at, too
    must_have_no_secret(stack, watch)


def _completes(page: Page) -> None:
    page.wait_for_selector("[data-status=completed]", timeout=ENDED)
    expect(page.locator("[data-log-state]")).to_have_text("ended")


def _eth1(lab: Lab) -> str:
    return _running(lab, "ams-pe").partition("interface eth1")[2].partition("exit")[0]


def _running(lab: Lab, node: str) -> str:
    return lab.exec(node, ["vtysh", "-c", "show running-config"])


def _node(lab: Lab, name: str, site: str, role: str) -> Order:
    values = {"name": name, "site": site, "role": role, "management": f"{lab.nodes[name]}/24"}
    return Order(name, "node-frr", values)


def _end(text: str) -> dict[str, str]:
    return dict(zip(("node", "interface"), text.split(":"), strict=True))


def _order_a_node(page: Page, management: str) -> None:
    page.goto("/order")
    page.click("text=Node FRR")
    page.select_option("[name='f.customer']", "noc")
    page.click("#next")
    page.fill("[name='f.name']", "ams-pe")
    page.select_option("[name='f.site']", "ams")
    page.select_option("[name='f.role']", "pe")
    page.fill("[name='f.management']", management)
    page.click("#next")
    page.wait_for_selector("#place", timeout=ENDED)
    expect(page.locator(".ops")).to_contain_text("dcim.device")
    page.click("#place")
    page.wait_for_selector("[data-status=completed]", timeout=ENDED)


def _begin_a_circuit(person: Person) -> None:
    page = person.page
    page.goto("/order")
    page.click("text=Core circuit 10G")
    page.select_option("[name='f.customer']", "noc")
    page.click("#next")
    page.select_option("[name='f.a.node']", "ams-pe")
    page.select_option("[name='f.z.node']", "ams-pe")
    page.click("#next")
    expect(page.get_by_role("alert")).to_contain_text("joins two nodes")
    person.noticed[:] = [text for text in person.noticed if "422" not in text]  # to the browser a refusal is an error
    page.select_option("[name='f.z.node']", "par-p")
    page.click("#next")
    page.select_option("[name='f.a.interface']", "eth1")
    page.select_option("[name='f.z.interface']", "eth2")
    page.click("#next")
    page.wait_for_selector("#place", timeout=ENDED)
