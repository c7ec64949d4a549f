"""A webhook to a real HTTP server, and an e-mail to a real mail server, both on loopback."""

import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from trunkline.notify import email, webhook
from trunkline.notify.signature import headers_of
from trunkline.notify.webhook import DeliveryError, post
from trunkline.settings import Settings

_LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_LONG = 10_000_000


@dataclass
class Receiver:
    """A server that keeps what it is sent, and answers as its path says."""

    port: int
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    ended: Event = field(default_factory=Event)
    sent: int = 0

    @property
    def url(self) -> str:
        """Its root."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running server: /status/NNN answers so, /redirect elsewhere, /endless never ends, /silent says nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            if self.path == "/silent":
                found.ended.wait(30)
                return
            status = int(self.path.rpartition("/")[2]) if self.path.startswith("/status/") else 204
            self.send_response(302 if self.path == "/redirect" else 200 if self.path == "/endless" else status)
            self.send_header("location", "/elsewhere")
            self.end_headers()
            if self.path == "/endless":
                while found.sent < _LONG:
                    self.wfile.write(b"x" * 65536)
                    found.sent += 65536
            elif status == 400:
                self.wfile.write(b"no such\n hook\x00")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """The client went away: that is what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    found = Receiver(server.server_address[1])
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield found
    finally:
        found.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_message_arrives_with_a_signature_that_the_receiver_can_check(receiver: Receiver) -> None:
    body = json.dumps({"type": "drift"}).encode()
    assert await post(f"{receiver.url}/hook?a=b", _SECRET, "m-1", body, _LOOPBACK) == "204"
    ((path, headers, received),) = receiver.got
    assert (path, received) == ("/hook?a=b", body)
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 30
    expected = headers_of(_SECRET, "m-1", int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected["webhook-signature"]
    assert headers["content-type"] == "application/json"


async def test_an_address_that_is_not_allowed_is_not_even_connected_to(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        with pytest.raises(DeliveryError, match="no public address; TRUNKLINE_WEBHOOK_ALLOW"):
            await post(f"http://{host}:{receiver.port}/", _SECRET, "m", b"{}", [])
    assert receiver.got == []


async def test_the_address_is_checked_when_it_connects(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means a public address and one of ours is refused as a whole."""
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(DeliveryError, match=r"rebind\.example\.net is 127\.0\.0\.1"):
        await post(f"https://rebind.example.net:{receiver.port}/", _SECRET, "m", b"{}", [])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers[:1])
    with pytest.raises(DeliveryError, match="https only"):
        await post("http://plain.example.net/", _SECRET, "m", b"{}", [])
    assert receiver.got == []


async def test_a_redirect_is_not_followed_and_every_refusal_is_told(receiver: Receiver) -> None:
    with pytest.raises(DeliveryError, match="answered 302") as redirected:
        await post(f"{receiver.url}/redirect", _SECRET, "m", b"{}", _LOOPBACK)
    assert not redirected.value.final
    assert [path for path, _, _ in receiver.got] == ["/redirect"]
    with pytest.raises(DeliveryError, match=r"answered 400 no such hook\Z"):
        await post(f"{receiver.url}/status/400", _SECRET, "m", b"{}", _LOOPBACK)
    with pytest.raises(DeliveryError) as gone:
        await post(f"{receiver.url}/status/410", _SECRET, "m", b"{}", _LOOPBACK)
    assert gone.value.final


async def test_an_endless_answer_and_none_at_all_are_cut_short(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await post(f"{receiver.url}/endless", _SECRET, "m", b"{}", _LOOPBACK)).startswith("200 xxx")
    assert receiver.sent < _LONG
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.3)
    with pytest.raises(DeliveryError, match="no answer within"):
        await post(f"{receiver.url}/silent", _SECRET, "m", b"{}", _LOOPBACK)
    with pytest.raises(DeliveryError, match="ConnectError"):
        await post("http://127.0.0.1:1/", _SECRET, "m", b"{}", _LOOPBACK)


class Mailbox:
    """Takes mail in."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """One message."""
        self.got.append(envelope)
        return "250 taken"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object
    ) -> AuthResult:
        """One login."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"pass word", handled=False)


@pytest.fixture
def mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mailbox, Settings]]:
    """A mail server that wants TLS and a login, and settings for it."""
    authority, box = trustme.CA(), Mailbox()
    certificate = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        tls_context=tls,
        require_starttls=True,
        authenticator=box.authenticate,
        auth_required=True,
    )
    server.start()
    settings = Settings(
        database_url="postgresql://nowhere/none",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_user="trunkline",
        smtp_password=SecretStr("pass word"),
        smtp_from="orders@example.net",
    )
    try:
        yield box, settings
    finally:
        server.stop()


async def test_a_mail_arrives_over_tls_and_carries_no_second_header(mailbox: tuple[Mailbox, Settings]) -> None:
    box, settings = mailbox
    title = "Node ams-pe\r\nBcc: somebody@example.net"
    answer = await email.send(settings, ["noc@example.net", "b@example.net"], "m-1", title, "Müde Leitung\n")
    assert "taken" in answer
    (envelope,) = box.got
    assert envelope.rcpt_tos == ["noc@example.net", "b@example.net"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content)
    assert message["Subject"] == "Node ams-pe Bcc: somebody@example.net"
    assert message["Bcc"] is None
    assert message["Message-ID"] == "<m-1@example.net>"
    assert message.get_payload(decode=True) == "Müde Leitung\r\n".encode()
    assert box.logins == [(b"trunkline", b"pass word")]


async def test_a_mail_server_that_refuses_or_is_away_is_told_without_the_password(
    mailbox: tuple[Mailbox, Settings],
) -> None:
    box, settings = mailbox
    wrong = settings.model_copy(update={"smtp_password": SecretStr("hush-hush")})
    with pytest.raises(DeliveryError) as refused:
        await email.send(wrong, ["noc@example.net"], "m", "s", "t")
    assert "SMTPAuthenticationError" in str(refused.value)
    assert "hush" not in str(refused.value)
    with pytest.raises(DeliveryError, match="SMTPConnectError"):
        await email.send(settings.model_copy(update={"smtp_port": 1}), ["noc@example.net"], "m", "s", "t")
    with pytest.raises(DeliveryError, match="TRUNKLINE_SMTP_HOST is not set"):
        await email.send(settings.model_copy(update={"smtp_host": None}), ["noc@example.net"], "m", "s", "t")
    assert box.got == []
