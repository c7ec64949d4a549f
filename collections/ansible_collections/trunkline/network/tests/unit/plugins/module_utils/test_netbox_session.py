"""The session: what is repeated, what is not, and what the user is told. Against a server of a few lines."""

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.trunkline.network.plugins.module_utils import netbox_session
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import (
    ConflictError,
    RefusedError,
    TokenError,
    UnavailableError,
    UncertainWriteError,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Session

RESET = 0


class Server(ThreadingHTTPServer):
    """Answers with the given statuses, one after the other, and then with 200; remembers what was asked."""

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses = statuses
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.body: Any = {"data": {"ok": True}}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, json.loads(body) if body else None))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            self.connection.close()
            return
        text = json.dumps(self.server.body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that the server looks for

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(netbox_session, "FIRST_PAUSE_S", 0.001)
    running = Server([])
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def session(server: Server, token: str = "nbt_key.secret", **more: Any) -> Session:
    return Session(f"http://127.0.0.1:{server.server_port}/", token, **more)


@pytest.mark.parametrize("trouble", [429, 502, 503, 504, RESET])
def test_a_read_is_repeated_while_netbox_is_busy(server: Server, trouble: int) -> None:
    server.statuses = [trouble, trouble]
    netbox = session(server)
    assert netbox.graphql("query {x}", {}) == {"ok": True}
    assert netbox.get("dcim/sites/") == server.body
    assert (netbox.sent, netbox.writes) == (4, 0)


def test_a_read_gives_up_after_some_attempts(server: Server) -> None:
    server.statuses = [503] * 9
    with pytest.raises(UnavailableError, match=r"failed \(503"):
        session(server).get("dcim/sites/")
    assert len(server.seen) == netbox_session.READ_ATTEMPTS


@pytest.mark.parametrize("trouble", [500, 502, 503, 504, RESET])
def test_a_write_of_unknown_fate_is_not_repeated(server: Server, trouble: int) -> None:
    server.statuses = [trouble]
    with pytest.raises(UncertainWriteError):
        session(server).post("dcim/sites/", {"name": "x"})
    assert len(server.seen) == 1


def test_a_write_that_netbox_put_off_is_repeated(server: Server) -> None:
    server.statuses = [429]
    session(server).post("dcim/sites/", {"name": "x"})
    assert len(server.seen) == 2


def test_a_stale_change_is_to_be_read_again(server: Server) -> None:
    server.statuses = [412]
    with pytest.raises(UncertainWriteError, match="somebody changed"):
        session(server).patch("dcim/sites/1/", {"name": "x"}, "2026-01-01T00:00:00+00:00")
    assert server.seen[0][2]["if-match"] == 'W/"2026-01-01T00:00:00+00:00"'


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_named_with_the_remedy(server: Server, status: int) -> None:
    server.statuses = [status]
    server.body = {"detail": "Invalid token"}
    with pytest.raises(TokenError, match=r"refused the token .*Invalid token.*Check NETBOX_TOKEN"):
        session(server).get("dcim/sites/")


@pytest.mark.parametrize(("status", "kind"), [(400, RefusedError), (409, ConflictError)])
def test_a_refusal_tells_field_and_reason(server: Server, status: int, kind: type[RefusedError]) -> None:
    server.statuses = [status]
    server.body = [{}, {"site": {"slug": ["not found"]}}]
    with pytest.raises(kind, match=r"site\.slug: not found"):
        session(server).post("dcim/devices/", [{}, {}])


def test_a_refused_query_is_reported(server: Server) -> None:
    server.body = {"data": None, "errors": [{"message": "Unknown field"}]}
    with pytest.raises(RefusedError, match=r"GraphQL query: Unknown field\. NetBox 4\.5\.2 or newer is needed"):
        session(server).graphql("query {x}", {})


@pytest.mark.parametrize(
    ("token", "header"), [("nbt_key.secret", "Bearer nbt_key.secret"), ("0123abc", "Token 0123abc")]
)
def test_both_kinds_of_token_are_sent_as_netbox_wants_them(server: Server, token: str, header: str) -> None:
    session(server, token).get("dcim/sites/")
    assert server.seen[0][2]["authorization"] == header


def test_changes_are_signed_with_the_run(server: Server) -> None:
    run = "6f2b6c1e-0000-4000-8000-00000000abcd"
    netbox = session(server, run=run)
    netbox.post("dcim/sites/", [{"name": "x"}])
    netbox.delete("dcim/sites/", [1])
    assert [item[3][0]["changelog_message"] for item in server.seen] == [f"trunkline run {run}"] * 2


def test_netbox_that_does_not_answer_is_named_with_the_remedy() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(UnavailableError, match=rf"NetBox at {url} does not answer .*Check NETBOX_URL"):
            Session(url, "x").post("dcim/sites/", {})


@pytest.mark.parametrize(
    ("url", "token", "named"), [("netbox.example.org", "x", "netbox_url"), ("", "x", "netbox_url")]
)
def test_a_missing_address_is_named(url: str, token: str, named: str) -> None:
    with pytest.raises(UnavailableError, match=named):
        Session(url, token)


def test_a_missing_token_is_named() -> None:
    with pytest.raises(TokenError, match="netbox_token: empty"):
        Session("http://127.0.0.1:1", "")


def test_an_unknown_certificate_is_refused_and_its_ca_makes_it_known(server: Server, tmp_path: Path) -> None:
    key, certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.server_port}"
    with pytest.raises(UnavailableError, match=r"certificate is not trusted .*netbox_ca"):
        Session(url, "x").get("dcim/sites/")
    assert Session(url, "x", verify=str(certificate)).get("dcim/sites/") == server.body


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "key.pem", folder / "certificate.pem"
