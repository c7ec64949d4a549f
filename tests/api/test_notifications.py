"""Notifications: told in the transaction of what happened, signed, tried again, and never held up by a dead one."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from tests.api.live_service import PROGRAM, Service, make_service, running
from tests.waiting import wait_until
from trunkline.notify.signature import headers_of
from trunkline.settings import Settings

_ARRIVES_WITHIN_S = 40
_ALL = ["completed", "failed", "approval-needed", "drift"]


@dataclass
class Receiver:
    """A server that keeps what it is sent; it refuses the first `refuse` messages."""

    port: int = 0
    refuse: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one kind that it took."""
        return [item for item in self.got if item["body"]["type"] == kind]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A running server."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            found.refuse -= 1
            if found.refuse < 0:
                found.got.append({"raw": raw, "body": json.loads(raw), "headers": self.headers, "path": self.path})
            self.send_response(204 if found.refuse < 0 else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


class Mails(Message):
    """Takes mail in."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []

    def handle_message(self, message: Any) -> None:
        """One mail."""
        self.got.append(message)


@pytest.fixture(scope="module")
def mails(free_port: int) -> Iterator[Mails]:
    """A running mail server."""
    box = Mails()
    server = Controller(box, hostname="127.0.0.1", port=free_port)
    server.start()
    yield box
    server.stop()


@pytest.fixture(scope="module")
def service(
    database_url: str, free_port: int, mails: Mails, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service, whose webhooks may go to loopback."""
    made = make_service(
        tmp_path_factory.mktemp("service"),
        database_url,
        TRUNKLINE_SECRET_KEY="k" * 40,
        TRUNKLINE_WEBHOOK_ALLOW="127.0.0.1/32",
        TRUNKLINE_NOTIFY_RETRY_S="0.1",
        TRUNKLINE_SMTP_HOST="127.0.0.1",
        TRUNKLINE_SMTP_PORT=str(free_port),
        TRUNKLINE_SMTP_TLS="none",
        TRUNKLINE_LOG_FORMAT="json",
    )
    with running(made) as started:
        yield started


def _hook(service: Service, name: str, port: int, events: list[str], **more: Any) -> Any:
    body = {"name": name, "kind": "webhook", "events": events, "url": f"http://127.0.0.1:{port}/{name}/T0P", **more}
    return service.call("POST", "/notifications", 201, json=body)


def _log(service: Service, name: str, **params: str) -> list[Any]:
    return list(service.call("GET", f"/notifications/{name}/deliveries", 200, params=params)["items"])


def _wait(condition: Any) -> None:
    wait_until(condition, _ARRIVES_WITHIN_S)


def test_every_happening_is_told_signed_and_logged(service: Service, receiver: Receiver, mails: Mails) -> None:
    made = _hook(service, "on-call", receiver.port, _ALL)
    assert made["shown"] == f"http://127.0.0.1:{receiver.port}"
    body = {"name": "noc", "kind": "email", "events": ["failed", "approval-needed"], "recipients": ["noc@example.net"]}
    service.call("POST", "/notifications", 201, json=body)
    node = service.done(service.order_node("ams-pe"))["subscription"]
    _wait(lambda: receiver.of("completed"))
    (message,) = receiver.of("completed")
    data = message["body"]["data"]
    assert (data["subscription"]["id"], data["run"]["target"], data["run"]["status"]) == (
        node["id"],
        "create",
        "completed",
    )
    assert data["subscription"]["customer"] == "noc"
    headers = message["headers"]
    expected = headers_of(made["secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), message["raw"])
    assert headers["webhook-signature"] == expected["webhook-signature"]
    assert message["path"] == "/on-call/T0P"
    _wait(lambda: _log(service, "on-call", status="delivered"))
    (logged,) = _log(service, "on-call")
    assert (logged["id"], logged["status"], logged["attempts"]) == (headers["webhook-id"], "delivered", 1)
    assert (logged["outcome"], logged["run"]) == ("204", data["run"]["id"])

    service.thing(node).write_text("somebody was here\n")
    service.done(service.call("POST", f"/subscriptions/{node['id']}/validate", 202))
    _wait(lambda: receiver.of("drift"))
    assert receiver.of("drift")[0]["body"]["data"]["differs"]["devices"] == ["ams-pe"]
    service.done(service.call("POST", f"/subscriptions/{node['id']}/resync", 202))
    service.done(service.call("POST", f"/subscriptions/{node['id']}/validate", 202))

    with service.trouble("fail-plan"):
        service.wait_for(service.order_node("rom-pe"), "failed")
    _wait(lambda: receiver.of("failed"))
    assert "create it in NetBox first" in receiver.of("failed")[0]["body"]["data"]["error"]["detail"]
    waiting = service.wait_for(service.order_node("mil-pe", approval="manual"), "awaiting-approval")
    _wait(lambda: receiver.of("approval-needed") and len(mails.got) == 2)
    service.call("POST", f"/runs/{waiting['id']}/cancel", 202)
    subjects = sorted(str(mail["Subject"]) for mail in mails.got)
    assert subjects == ["[Trunkline] Node mil-pe at ams: waits for approval", "[Trunkline] Node rom-pe at ams: failed"]
    assert {str(mail["To"]) for mail in mails.got} == {"noc@example.net"}
    # Neither the validation that found all well nor the cancelled order is news.
    assert [item["body"]["data"]["run"]["target"] for item in receiver.of("completed")] == ["create", "resync"]


def test_what_is_refused_is_sent_again_and_a_dead_one_holds_nobody_up(service: Service, receiver: Receiver) -> None:
    _hook(service, "dead", 1, ["completed"])
    _hook(service, "flaky", receiver.port, ["failed"])
    service.call("PATCH", "/notifications/on-call", 200, json={"paused": True})
    receiver.refuse = 2
    service.call("POST", "/notifications/flaky/test", 202)
    _wait(lambda: receiver.of("test"))
    _wait(lambda: _log(service, "flaky")[0]["status"] == "delivered")
    assert _log(service, "flaky")[0]["attempts"] == 3
    service.call("POST", "/notifications/on-call/test", 409)
    service.call("PATCH", "/notifications/on-call", 200, json={"paused": False})
    before = len(receiver.of("completed"))
    service.done(service.order_node("gen-pe"))
    _wait(lambda: len(receiver.of("completed")) == before + 1)
    _wait(lambda: _log(service, "dead")[0]["attempts"] > 1)
    (logged,) = _log(service, "dead", status="pending")
    assert "ConnectError" in logged["outcome"]
    # Given up in the end.
    service.sql("UPDATE deliveries SET attempts = 20, next_attempt_at = now() WHERE status = 'pending'")
    _wait(lambda: _log(service, "dead", status="given-up"))
    metrics = service.client.get(f"http://127.0.0.1:{service.port}/metrics").text
    assert 'trunkline_deliveries{event="completed",status="given-up"} 1.0' in metrics


def test_a_message_outlives_the_worker_and_comes_once_for_each_customer_and_product(
    service: Service, receiver: Receiver
) -> None:
    service.call("POST", "/customers", 201, json={"shortcode": "uni-a", "name": "University A"})
    _hook(service, "of-uni-a", receiver.port, ["completed"], customer="uni-a")
    _hook(service, "of-circuits", receiver.port, ["completed"], product="core-circuit-10g")
    receiver.refuse = 10_000
    run = service.done(service.order_node("bas-pe", customer="uni-a"))
    _wait(lambda: _log(service, "of-uni-a"))
    assert _log(service, "of-circuits") == []
    service.stop()
    receiver.refuse = 0
    service.sql("UPDATE deliveries SET next_attempt_at = now() WHERE status = 'pending'")
    service.start()
    _wait(lambda: any(item["path"].startswith("/of-uni-a") for item in receiver.got))
    told = [item for item in receiver.got if item["path"].startswith("/of-uni-a")]
    assert [item["body"]["data"]["run"]["id"] for item in told] == [run["id"]]


def test_whom_a_policy_names_is_told_by_mail_or_by_the_notification_of_that_name(
    service: Service, receiver: Receiver, mails: Mails
) -> None:
    _hook(service, "boss", receiver.port, ["drift"])
    rule: dict[str, Any] = {
        "approval": "manual",
        "notify": ["chief@example.net", "boss", "somebody"],
        "customers": ["uni-b"],
    }
    rule |= {"escalate_after_s": 1, "escalate_to": ["duty@example.net"]}
    service.call("POST", "/customers", 201, json={"shortcode": "uni-b", "name": "University B"})
    service.call("PUT", "/policies/of-uni-b", 201, json=rule)
    run = service.wait_for(service.order_node("ber-pe", customer="uni-b"), "awaiting-approval")

    def told(address: str) -> list[Any]:
        return [mail for mail in mails.got if mail["To"] == address]

    _wait(lambda: told("chief@example.net") and told("duty@example.net"))
    assert "Nobody has approved the plan within 1 s" in told("duty@example.net")[0].get_payload()
    _wait(lambda: any(item["path"].startswith("/boss") for item in receiver.got))
    assert {item["run"] for item in _log(service, "approval-policies")} == {run["id"]}
    service.call("POST", f"/runs/{run['id']}/cancel", 202)


def test_no_secret_lies_readable_in_the_database_or_is_ever_shown_again(service: Service, receiver: Receiver) -> None:
    own = "a-secret-of-the-receivers-own"
    made = _hook(service, "sealed", receiver.port, ["failed"], secret=own)
    assert made["secret"] is None
    for answer in (made, service.call("GET", "/notifications", 200)):
        assert own not in json.dumps(answer)
        assert "T0P" not in json.dumps(answer)
    url = Settings(database_url=service.environment["TRUNKLINE_DATABASE_URL"]).libpq_url
    with psycopg.connect(url) as connection:
        stored = connection.execute("SELECT string_agg(notifications::text, ' ') FROM notifications").fetchone()
    assert stored is not None
    assert "sealed" in stored[0]
    assert own not in stored[0]
    assert "T0P" not in stored[0]
    changed = service.call("PATCH", "/notifications/sealed", 200, json={"url": f"http://127.0.0.1:{receiver.port}/new"})
    assert "new" not in changed["shown"]
    service.call("POST", "/notifications/sealed/test", 202)
    _wait(lambda: any(item["path"] == "/new" for item in receiver.got))
    message = next(item for item in receiver.got if item["path"] == "/new")
    headers = message["headers"]
    expected = headers_of(own, headers["webhook-id"], int(headers["webhook-timestamp"]), message["raw"])
    assert headers["webhook-signature"] == expected["webhook-signature"]
    log = service.log.read_text()
    assert "k" * 40 not in log
    assert "T0P" not in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any("run" in line and "subscription" in line for line in lines)


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (
            {"kind": "webhook", "url": "http://10.0.0.1/x"},
            "url",
            "10.0.0.1 is no public address; TRUNKLINE_WEBHOOK_ALLOW",
        ),
        ({"kind": "webhook", "url": "http://[::ffff:169.254.169.254]/x"}, "url", "no public address"),
        ({"kind": "webhook", "url": "ftp://hooks.example.net/"}, "url", "pattern"),
        ({"kind": "webhook", "url": "https://user:password@hooks.example.net/"}, "url", "pattern"),
        ({"kind": "webhook", "url": "https://hooks.example.net:99999/"}, "url", "is no URL"),
        ({"kind": "webhook"}, "body", "a webhook needs url"),
        ({"kind": "email"}, "body", "an e-mail needs recipients"),
        ({"kind": "email", "recipients": ["a@b\nBcc: c@d"]}, "recipients.0", "pattern"),
        ({"kind": "email", "recipients": ["a@b"], "events": ["rain"]}, "events.0", "'completed', 'failed'"),
    ],
)
def test_what_is_wrong_with_a_notification_is_named(
    service: Service, body: dict[str, Any], field: str, says: str
) -> None:
    problem = service.call("POST", "/notifications", 422, json={"name": "wrong", "events": ["failed"], **body})
    assert problem["errors"][0]["field"] == field
    assert says in problem["errors"][0]["message"]


def test_the_command_line_makes_tries_and_removes_a_notification(service: Service, receiver: Receiver) -> None:
    environment = service.environment | {
        "TRUNKLINE_URL": f"http://127.0.0.1:{service.port}",
        "TRUNKLINE_TOKEN": service.token,
        "COLUMNS": "200",
    }

    def trunkline(*arguments: str, given: str = "") -> str:
        command = [str(PROGRAM), "notifications", *arguments]
        done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=True)
        return done.stdout

    url = f"http://127.0.0.1:{receiver.port}/typed"
    made = json.loads(trunkline("webhook", "typed", "--on", "drift,failed", "--json", given=f"{url}\n"))
    assert (made["events"], made["secret"][:6]) == (["drift", "failed"], "whsec_")
    assert json.loads(trunkline("email", "people", "a@example.net", "b@example.net", "--json"))["kind"] == "email"
    trunkline("test", "typed")
    _wait(lambda: any(item["path"] == "/typed" for item in receiver.got))
    _wait(lambda: "delivered" in trunkline("deliveries", "typed"))
    assert json.loads(trunkline("pause", "typed", "--json"))["paused"]
    assert not json.loads(trunkline("resume", "typed", "--json"))["paused"]
    assert "typed" in trunkline("list")
    assert "a@example.net, b@example.net" in trunkline("show", "people")
    trunkline("delete", "typed")
    trunkline("delete", "people")
    assert "typed" not in trunkline("list")
