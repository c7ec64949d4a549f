"""A person at a browser, who notices what goes wrong on the way."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from trunkline.dev import system
from trunkline.dev.state import PROJECT

SCREENSHOTS = PROJECT / ".trunkline" / "screenshots"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 360, "height": 780}

# How long after an event was stored (the database's clock is this machine's) its line is in the log, and the state that
# it brought in the rest of the page.
WATCH_RUN = """() => {
    window.delays = { lines: [], states: [] };
    const log = window.trunklineLog, began = Date.now();
    const state = () => document.querySelector("[data-status]")?.dataset.status;
    let before = state();
    new MutationObserver((changes) => {
        for (const change of changes) for (const row of change.addedNodes) {
            const stored = Date.parse(row.dataset.at);
            if (stored > began) window.delays.lines.push(Date.now() - stored);
        }
    }).observe(log.rows, { childList: true });
    new MutationObserver(() => {
        if (!state() || state() === before) return;
        before = state();
        const event = log.lines.findLast((line) => line.kind === "status" && line.text.startsWith(before));
        if (event) window.delays.states.push(Date.now() - Date.parse(event.at));
    }).observe(document.getElementById("run"), { childList: true, subtree: true });
}"""


def share() -> float:
    """How many times longer something takes because others want the processors, too; 1 on a machine that is idle."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Playwright's loop runs in this thread meanwhile: nothing else may run one there."""
    system.ensure_packages(system.BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system.BROWSER["chromium"], args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Person:
    """Logged in, at a page; `noticed` has console errors, errors of scripts and requests to other hosts."""

    context: BrowserContext
    page: Page
    base: str
    noticed: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, browser: Browser, base: str, token: str, **options: Any) -> "Person":
        """One who has logged in with this token."""
        context = browser.new_context(**({"viewport": WIDE, "base_url": base} | options))
        person = cls(context, context.new_page(), base)
        person.page.set_default_timeout(20_000)
        person.page.on("console", person._on_console)
        person.page.on("pageerror", lambda error: person.noticed.append(f"script: {error}"))
        context.on("request", person._on_request)
        person.page.goto("/login")
        person.page.fill("#token", token)
        person.page.click("main button")
        person.page.wait_for_url("**/")
        return person

    def shot(self, name: str, *, whole: bool = False) -> Path:
        """A picture of the page, for people."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=whole)
        return path

    def must_be_accessible(self) -> None:
        """axe finds nothing serious."""
        found = Axe().run(self.page).response["violations"]
        serious = [
            f"{item['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
            for item in found
            if item["impact"] in ("serious", "critical")
            for node in item["nodes"]
        ]
        assert serious == [], f"{self.page.url}: " + "\n".join(serious)

    def must_fit(self) -> None:
        """Nothing makes the page wider than the window."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), self.page.url

    def leave(self) -> None:
        """Close the browser's window; nothing may have been noticed."""
        self.context.close()
        assert self.noticed == []

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.noticed.append(f"{self.page.url}: {message.text}")

    def _on_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https") and url.netloc != urlsplit(self.base).netloc:
            self.noticed.append(f"a request to {url.netloc}")
