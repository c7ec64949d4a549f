"""Orders through the forms in a real browser: page by page, row by row, there and back, with and without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.live_service import Service
from tests.said import say
from tests.ui.watching import WATCH_RUN, Person, share

EVENT_TO_SCREEN_MS = 300
NODES = ("ams-pe", "par-p", "lon-pe")


@pytest.fixture(scope="module")
def ports(service: Service) -> list[str]:
    """Ports of nodes that are in service."""
    for run in [service.order_node(name) for name in NODES]:
        service.done(run)
    made = []
    for node in NODES[1:]:
        values = {"node": node, "interface": "eth7", "mode": "tagged"}
        made.append(service.call("POST", "/subscriptions", 202, json=ORDER | {"input": values}))
    return [service.done(run)["subscription"]["block"]["name"] for run in made]


ORDER: dict[str, Any] = {"product": "port-10g", "customer": "noc"}


def test_a_node_is_ordered_page_by_page_rejected_with_a_reason_and_ordered_again(person: Person) -> None:
    page = person.page
    page.goto("/order")
    page.click("text=Node FRR")
    page.click("#next")
    page.fill("[name='f.name']", "VIE")
    page.fill("[name='f.site']", "vie")
    page.click("#next")
    expect(page.locator("[id='f.name-text']")).to_contain_text("host name")
    expect(page.locator("[id='f.role-text']")).to_have_text("Fill this in.")
    assert page.input_value("[name='f.site']") == "vie"
    person.must_be_accessible()
    person.shot("order-errors")
    assert [text for text in person.noticed if "422" not in text] == []
    person.noticed.clear()  # the browser calls the refusal of the form an error
    page.fill("[name='f.name']", "vie-pe")
    page.fill("[name='f.role']", "pe")
    page.fill("[name='f.management']", "172.20.20.90/24")
    page.click("#next")
    expect(page.locator(".diff")).to_contain_text("hostname vie-pe")
    person.must_be_accessible()
    person.shot("order-plan")
    page.reload()
    page.click("#back")
    assert page.input_value("[name='f.name']") == "vie-pe"
    page.click("#back")
    page.click("#next")
    assert page.input_value("[name='f.management']") == "172.20.20.90/24"
    page.click("#next")
    page.check("#manual")
    page.click("#place")
    page.fill("#reason", "not before the change window")
    page.click("#do-reject")
    page.wait_for_selector("[data-status=cancelled]")
    expect(page.locator(".alert")).to_contain_text("not before the change window")
    page.click("#do-retry")
    page.wait_for_selector("#do-approve")
    _approve_and_watch(page)
    expect(page.locator(".steps")).to_contain_text("Ask the node")
    person.shot("run-completed", whole=True)
    page.goto("/subscriptions?q=vie-pe")
    page.click("#rows tbody a")
    page.click("#do-modify")
    page.fill("[name='f.role']", "p")
    page.click("#next")
    page.click("#place")
    page.click("#do-rollback")
    page.wait_for_selector("[data-status=completed] >> text=Node vie-pe at vie")
    page.click("[data-status] a")
    expect(page.locator("main")).to_contain_text("vie-pe")


def test_a_port_is_ordered_and_what_may_be_left_empty_is(person: Person, ports: list[str]) -> None:
    page = person.page
    page.goto("/order")
    page.click("text=Port 10G")
    page.click("#next")
    page.select_option("[name='f.node']", "ams-pe")
    page.fill("[name='f.interface']", "eth7")
    page.select_option("[name='f.mode']", "tagged")
    page.fill("[name='f.mtu']", "12")
    page.click("#next")
    expect(page.locator("[id='f.mtu-text']")).to_contain_text("1280")
    _forget_refusals(person)
    page.fill("[name='f.mtu']", "")
    page.keyboard.press("Enter")
    page.click("#place")
    page.wait_for_selector("[data-status=completed]")
    page.click("[data-status] a")
    expect(page.locator("h1")).to_have_text("Port ams-pe:eth7")


def test_an_l2vpn_is_ordered_row_by_row(person: Person, ports: list[str]) -> None:
    page = _to_rows(person.page, ports[0])
    rows = page.locator(".rows fieldset")
    expect(page.get_by_role("button", name="Remove Access point 1")).to_have_count(0)
    page.fill("[name='f.saps.0.vlan']", "four")
    page.get_by_role("button", name="Add access point").click()
    page.get_by_role("button", name="Add access point").click()
    expect(rows).to_have_count(4)
    expect(rows.nth(3)).to_be_focused()
    page.select_option("[name='f.saps.2.port']", ports[0])
    page.select_option("[name='f.saps.3.port']", ports[1])
    page.get_by_role("button", name="Remove Access point 2").click()
    expect(rows).to_have_count(3)
    page.click("#next")
    expect(page.locator("[id='f.saps.0.vlan-text']")).to_have_text("Must be a whole number.")
    person.must_be_accessible()
    person.must_fit()
    person.shot("order-rows")
    for row, vlan in enumerate(("7", "7", "9")):
        page.fill(f"[name='f.saps.{row}.vlan']", vlan)
    page.click("#next")
    expect(page.get_by_role("alert")).to_contain_text("two of them are the same")
    _forget_refusals(person)
    page.fill("[name='f.saps.1.vlan']", "8")
    page.click("#back")
    expect(page.locator("[name='f.customer']")).to_have_value("noc")
    page.click("#next")
    assert page.input_value("[name='f.saps.1.vlan']") == "8"
    page.click("#next")
    expect(page.locator(".cautions")).to_contain_text("ends on 3 ports")
    person.must_be_accessible()
    page.click("#place")
    page.wait_for_selector("[data-status=completed]")
    expect(page.locator("h1")).to_have_text("L2VPN par-p:eth7 VLAN 7 - par-p:eth7 VLAN 8 - lon-pe:eth7 VLAN 9")
    expect(page.locator(".cautions")).to_contain_text("ends on 3 ports")


def test_rows_come_and_go_without_javascript(browser: Browser, base: str, person: Person, ports: list[str]) -> None:
    plain = browser.new_context(base_url=base, java_script_enabled=False, storage_state=person.context.storage_state())
    page = _to_rows(plain.new_page(), ports[0])
    page.get_by_role("button", name="Add access point").click()
    page.get_by_role("button", name="Remove Access point 2").click()
    expect(page.locator(".rows fieldset")).to_have_count(2)
    page.select_option("[name='f.saps.1.port']", ports[1])
    page.fill("[name='f.saps.1.vlan']", "21")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("NetBox: 1 operation")
    plain.close()


def _approve_and_watch(page: Page) -> None:
    """Approve the plan, and see what comes of it without a delay."""
    with page.expect_navigation():
        page.click("#do-approve")
    page.evaluate(WATCH_RUN)
    page.wait_for_selector("[data-status=completed]")
    expect(page.locator("[data-log-state]")).to_have_text("ended")
    delays = {what: sorted(found) for what, found in page.evaluate("window.delays").items()}
    say(f"events are on the screen so many ms after they were stored: {delays}")
    for what, found in delays.items():
        assert found[len(found) // 2] <= EVENT_TO_SCREEN_MS * share(), what


def _to_rows(page: Page, port: str) -> Page:
    """The page of an L2VPN's ends, with one of them filled in."""
    page.goto("/order/create-l2vpn-multipoint")
    page.click("#next")
    expect(page.locator(".rows fieldset")).to_have_count(2)
    page.select_option("[name='f.saps.0.port']", port)
    return page


def _forget_refusals(person: Person) -> None:
    """The browser calls the refusal of a form an error."""
    person.noticed[:] = [text for text in person.noticed if "422" not in text]
