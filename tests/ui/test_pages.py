"""Every page in a real browser, before the real service whose network is a directory of files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.api.live_service import Service
from tests.ui.watching import NARROW, Person

FIRST_PAGE_BYTES = 150_000


@pytest.fixture(scope="module")
def base(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


@pytest.fixture(scope="module")
def world(service: Service) -> dict[str, Any]:
    """Nodes and circuits in every state that a page shows."""
    nodes = [service.order_node(name) for name in ("ams-pe", "par-p", "lon-pe")]
    for run in nodes:
        service.done(run)
    circuits = [service.order_circuit("ams-pe:eth1", "par-p:eth1"), service.order_circuit("par-p:eth2", "lon-pe:eth1")]
    up, drifted = [service.done(run)["subscription"] for run in circuits]
    service.thing(drifted).write_text("somebody else was here")
    service.done(service.call("POST", f"/subscriptions/{drifted['id']}/validate", 202))
    waiting = service.wait_for(
        service.order_circuit("ams-pe:eth3", "lon-pe:eth3", approval="manual"), "awaiting-approval"
    )
    with service.trouble("fail-apply-pe"):
        failed = service.wait_for(service.order_node("mil-pe"), "rolled-back")
    return {"node": nodes[0]["subscription"], "up": up, "drifted": drifted, "waiting": waiting, "failed": failed}


@pytest.fixture
def person(browser: Browser, service: Service, base: str) -> Iterator[Person]:
    made = Person.at(browser, base, service.token)
    yield made
    made.leave()


PAGES = {
    "dashboard": "/",
    "map": "/map",
    "subscriptions": "/subscriptions",
    "subscriptions-none": "/subscriptions?q=nowhere",
    "subscription": "/subscriptions/{node[id]}",
    "subscription-drift": "/subscriptions/{drifted[id]}",
    "runs": "/runs",
    "run-waiting": "/runs/{waiting[id]}",
    "run-failed": "/runs/{failed[id]}",
    "order": "/order",
    "order-form": "/order/create-node-frr",
    "order-terminate": "/order/terminate-core-circuit-10g?subscription={up[id]}",
    "products": "/products",
    "product": "/products/core-circuit-10g",
    "customers": "/customers",
    "policies": "/policies",
    "schedules": "/schedules",
    "tokens": "/tokens",
    "audit": "/audit",
}


def test_every_page_is_sound_in_light_and_dark_wide_and_narrow(
    browser: Browser, service: Service, base: str, world: dict[str, Any]
) -> None:
    looks: list[tuple[str, dict[str, Any]]] = [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("narrow", {"color_scheme": "light", "viewport": NARROW}),
        ("widest", {"color_scheme": "light", "viewport": {"width": 2560, "height": 1440}}),
    ]
    for look, options in looks:
        person = Person.at(browser, base, service.token, reduced_motion="reduce", **options)
        for name, path in PAGES.items():
            answer = person.page.goto(path.format(**world))
            assert answer is not None
            assert answer.ok, person.page.url
            person.page.wait_for_load_state("networkidle" if "log" not in person.page.content() else "load")
            if name == "map":
                person.page.wait_for_selector(".node")
            if name.startswith("run-"):
                person.page.wait_for_selector(".line")
            person.must_fit()
            if look in ("light", "dark"):
                person.must_be_accessible()
            person.shot(f"{name}-{look}", whole=look == "narrow")
        person.leave()


def test_the_first_page_is_small_and_quick(browser: Browser, service: Service, base: str, world: Any) -> None:
    logged_in = Person.at(browser, base, service.token)
    fresh = browser.new_context(base_url=base, storage_state=logged_in.context.storage_state())
    page = fresh.new_page()
    page.goto("/", wait_until="load")
    entries: dict[str, float] = page.evaluate("""() => {
        const [page] = performance.getEntriesByType("navigation");
        const all = [page, ...performance.getEntriesByType("resource")];
        return {bytes: all.reduce((sum, one) => sum + one.transferSize, 0), files: all.length,
                painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
                answered: page.responseEnd, loaded: page.loadEventEnd};
    }""")
    print(
        f"first page: {entries['bytes'] / 1000:.0f} KB in {entries['files']} files; answered after "
        f"{entries['answered']:.0f} ms, painted {entries['painted']:.0f} ms, loaded {entries['loaded']:.0f} ms"
    )
    assert 20_000 < entries["bytes"] <= FIRST_PAGE_BYTES
    fresh.close()
    logged_in.leave()


def test_nobody_gets_in_without_a_token(browser: Browser, service: Service, base: str) -> None:
    context = browser.new_context(base_url=base)
    page = context.new_page()
    page.goto("/runs?status=failed")
    assert page.url.endswith("/login?next=/runs%3Fstatus%3Dfailed")
    page.fill("#token", "tl_00000000_wrong")
    page.click("main button")
    expect(page.get_by_role("alert")).to_contain_text("not known")
    page.fill("#token", service.token)
    page.click("main button")
    page.wait_for_url("**/runs?status=failed")
    (cookie,) = [item for item in context.cookies() if item["name"] == "trunkline_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert service.token not in json.dumps(context.storage_state())
    page.click("text=Log out")
    page.wait_for_url("**/login")
    page.goto("/runs")
    assert "/login" in page.url
    page.goto("/login?next=//evil.example/")
    assert page.input_value("[name=next]") == "/"
    context.close()


def test_a_form_from_elsewhere_changes_nothing(person: Person, service: Service, base: str, world: Any) -> None:
    cookies = {item["name"]: item["value"] for item in person.context.cookies()}
    forged = {"shortcode": "evil", "name": "Evil"}
    for form in (forged, forged | {"csrf_token": "guessed"}):
        answer = httpx.post(f"{base}/customers", data=form, cookies=cookies)
        assert answer.status_code in (303, 403)
    # The cookie alone reads, and changes nothing through the API either.
    assert httpx.get(f"{base}/api/v1/customers", cookies=cookies).is_success
    assert httpx.post(f"{base}/api/v1/customers", json=forged, cookies=cookies).status_code in (401, 403)
    names = [item["shortcode"] for item in service.call("GET", "/customers", 200)["items"]]
    assert "evil" not in names


def test_every_page_has_a_json_twin(person: Person, base: str, world: dict[str, Any]) -> None:
    cookies = {item["name"]: item["value"] for item in person.context.cookies()}
    with httpx.Client(base_url=base, cookies=cookies, follow_redirects=True) as client:
        for path in PAGES.values():
            html = client.get(path.format(**world), headers={"Accept": "text/html"})
            twin = client.get(path.format(**world), headers={"Accept": "application/json"})
            assert twin.is_success, twin.text
            assert twin.headers["Content-Type"] == "application/json"
            assert f'rel="alternate" type="application/json" href="{twin.url.path}' in html.text


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
    page.click("#do-approve")
    page.wait_for_selector("[data-status=completed]")
    expect(page.locator("[data-log-state]")).to_have_text("ended")
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


def test_what_cannot_be_done_says_why(person: Person, world: dict[str, Any]) -> None:
    page = person.page
    page.goto(f"/subscriptions/{world['node']['id']}")
    expect(page.locator("#do-terminate")).to_be_disabled()
    expect(page.locator("#actions")).to_contain_text("in use by Core circuit ams-pe:eth1 - par-p:eth1")
    expect(page.locator("#do-modify")).to_be_visible()
    page.goto(f"/subscriptions/{world['waiting']['subscription']['id']}")
    expect(page.locator("#actions")).to_contain_text("works on Core circuit ams-pe:eth3 - lon-pe:eth3")


def test_a_search_narrows_as_one_types_and_stands_in_the_address(person: Person, world: Any) -> None:
    page = person.page
    page.goto("/subscriptions")
    page.keyboard.press("/")
    page.keyboard.type("lon")
    page.wait_for_url("**/subscriptions?q=lon")
    expect(page.locator("#rows tbody tr").first).to_contain_text("lon-pe")
    expect(page.locator("#rows")).not_to_contain_text("Node ams-pe")
    page.select_option("[name=product]", "node-frr")
    page.wait_for_url("**/subscriptions?q=lon&product=node-frr")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    with page.expect_download() as downloaded:
        page.click("[data-export=csv]")
    header, row = Path(downloaded.value.path()).read_text().splitlines()
    assert header.startswith("id,description,product")
    assert "Node lon-pe at ams" in row
    with page.expect_download() as downloaded:
        page.click("[data-export=json]")
    (item,) = json.loads(Path(downloaded.value.path()).read_text())
    assert item["block"]["name"] == "lon-pe"


def test_customers_and_tokens_are_made_and_ended_on_their_pages(person: Person, service: Service) -> None:
    page = person.page
    page.goto("/customers")
    page.fill("#new-shortcode", "uni-x")
    page.fill("#new-name", "University of X")
    page.click("text=Create customer")
    expect(page.locator("table")).to_contain_text("University of X")
    page.goto("/tokens")
    page.fill("#token-name", "night shift")
    page.click("text=Create token")
    token = page.inner_text("#made")
    assert httpx.get(f"{service.url}/runs", headers={"Authorization": f"Bearer {token}"}).is_success
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke night shift").click()
    expect(page.locator("tr", has_text="night shift")).to_contain_text("revoked")
    assert httpx.get(f"{service.url}/runs", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_log_follows_over_a_restart_of_the_service_without_a_gap(person: Person, service: Service) -> None:
    page = person.page
    with service.trouble("hold"):
        run = service.order_node("oslo-pe")
        page.goto(f"/runs/{run['id']}")
        page.wait_for_selector("[data-status=applying]")
        page.click("[data-log-follow]")
        service.stop()
        expect(page.locator("[data-log-state]")).to_have_text("reconnecting")
        service.start()
    service.done(run)
    expect(page.locator("[data-log-state]")).to_have_text("ended", timeout=20_000)
    page.wait_for_selector("[data-status=completed]")
    expect(page.locator("[data-log-follow]")).to_contain_text("Paused")
    read = "window.trunklineLog.lines.map((line) => line.text)"
    seen = page.evaluate(read)
    page.reload()
    expect(page.locator("[data-log-state]")).to_have_text("ended")
    assert seen == page.evaluate(read)
    assert seen[-1] == "completed"
    # The browser says so each time that the service is not there.
    person.noticed[:] = [text for text in person.noticed if not re.search("net::ERR_|htmx:", text)]


def test_a_log_of_50000_lines_stays_usable(person: Person, service: Service, world: dict[str, Any]) -> None:
    run = world["failed"]["id"]
    service.sql(
        "INSERT INTO events (run_id, stage, kind, host, task, payload) SELECT "
        f"'{run}', 'apply', 'ok', 'router-' || i % 7, 'Task ' || i, "
        "jsonb_build_object('duration_s', 0.1) FROM generate_series(1, 50000) AS i"
    )
    page = person.page
    page.goto(f"/runs/{run}")
    expect(page.locator("[data-log-count]")).to_contain_text(re.compile(r"5\d{4} "), timeout=60_000)
    expect(page.locator("[data-log-state]")).to_have_text("ended", timeout=60_000)
    assert page.locator(".line").count() < 120
    took = page.evaluate("""() => {
        const began = performance.now();
        const search = document.querySelector("[data-log-search]");
        search.value = "task 4999";
        search.dispatchEvent(new Event("input"));
        return performance.now() - began;
    }""")
    print(f"log of 50,000 lines: a search takes {took:.0f} ms")
    expect(page.locator("[data-log-count]")).to_contain_text("11 of ")
    page.select_option("[data-log-host]", "router-3")
    expect(page.locator("[data-log-count]")).to_contain_text(re.compile(r"^[12] of "))
    assert took < 500
    service.sql(f"DELETE FROM events WHERE run_id = '{run}' AND task LIKE 'Task %'")


def test_a_map_shows_what_is_up_planned_and_drifted_and_leads_there(person: Person, world: dict[str, Any]) -> None:
    page = person.page
    page.goto("/map")
    page.wait_for_selector(".node")
    states = page.evaluate("""() => Object.fromEntries([...document.querySelectorAll("[data-map-links] > a")].map(
        (link) => [link.getAttribute("href"), link.getAttribute("class")]))""")
    assert states[f"/subscriptions/{world['up']['id']}"] == "map-up"
    assert states[f"/subscriptions/{world['drifted']['id']}"] == "map-drift"
    assert states[f"/subscriptions/{world['waiting']['subscription']['id']}"] == "map-planned"
    dashes = page.locator(f"a[href='/subscriptions/{world['waiting']['subscription']['id']}'] .link")
    assert dashes.evaluate("(line) => getComputedStyle(line).strokeDasharray") != "none"
    before = page.get_attribute("[data-map-view]", "transform")
    page.focus(".map svg")
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-map-view]")).not_to_have_attribute("transform", str(before))
    page.click("[data-map-fit]")
    page.get_by_role("link", name="Node ams-pe at ams").first.click()
    page.wait_for_url(f"**/subscriptions/{world['node']['id']}")


def test_a_map_of_a_thousand_nodes_stays_fluid(person: Person, service: Service) -> None:
    service.sql(THOUSAND_NODES)
    page = person.page
    page.goto("/map")
    page.wait_for_function("() => window.trunklineMap.nodes.size > 1000", timeout=60_000)
    page.wait_for_function("() => localStorage.getItem('trunkline-map')", timeout=60_000)
    person.shot("map-thousand")
    frames = page.evaluate("""async () => {
        const map = window.trunklineMap, spans = [];
        let before = performance.now();
        for (let frame = 0; frame < 60; frame += 1) {
            map.pan(3, 2);
            if (frame % 2) map.zoom(1.01);
            await new Promise(requestAnimationFrame);
            spans.push(performance.now() - before);
            before = performance.now();
        }
        return spans.sort((a, b) => a - b);
    }""")
    print(f"map of 1,000 nodes: a frame takes {frames[30]:.0f} ms, of twenty the slowest {frames[57]:.0f} ms")
    assert frames[30] < 100
    service.sql(
        "SET LOCAL session_replication_role = replica; DELETE FROM subscriptions WHERE note = 'thousand'; "
        "DELETE FROM dependencies WHERE subscription_id NOT IN (SELECT id FROM subscriptions)"
    )


THOUSAND_NODES = """
SET LOCAL session_replication_role = replica;
INSERT INTO subscriptions (id, description, status, product_slug, customer_id, insync, touched, note, block)
  SELECT md5('node' || i)::uuid, 'Node n' || i || ' at s' || i / 20, 'active', 'node-frr',
         (SELECT id FROM customers LIMIT 1), i % 90 <> 0, true, 'thousand',
         jsonb_build_object('name', 'n' || i, 'site', 's' || i / 20, 'role', 'pe')
  FROM generate_series(0, 999) AS i
  UNION ALL
  SELECT md5('link' || i)::uuid, 'Circuit ' || i, 'active', 'core-circuit-10g',
         (SELECT id FROM customers LIMIT 1), i % 70 <> 0, true, 'thousand',
         jsonb_build_object('under_maintenance', i % 40 = 0)
  FROM generate_series(0, 1599) AS i;
INSERT INTO dependencies (subscription_id, path, depends_on_id)
  SELECT md5('link' || i)::uuid, 'a.node', md5('node' || i % 1000)::uuid FROM generate_series(0, 1599) AS i
  UNION ALL
  SELECT md5('link' || i)::uuid, 'z.node',
         md5('node' || CASE WHEN i < 1000 THEN (i + 1) % 1000 ELSE (i * 7 + 20) % 1000 END)::uuid
  FROM generate_series(0, 1599) AS i;
"""
