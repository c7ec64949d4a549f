"""A proxy in front of the real NetBox, on a real socket, that troubles some of the requests."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit


class Request(NamedTuple):
    """What came in; `number` counts from 1, writes and reads alike."""

    number: int
    method: str
    path: str


@dataclass
class Trouble:
    """What happens to one request. With nothing given it passes untouched."""

    status: int = 0  # answered in place of NetBox's own status
    body: bytes = b'{"detail": "trouble"}'  # and with it
    forwarded: bool = True  # whether NetBox gets it at all
    cut: bool = False  # the connection ends in the middle of the answer
    held_s: float = 0.0  # before the answer; ends early when the proxy does
    late_s: float = 0.0  # before NetBox gets it
    path: str = ""  # asked of NetBox instead


Plan = Callable[[Request], Trouble | None]


@dataclass
class Proxy:
    """A running proxy: `url` for the client, `seen` what it asked, `done` what NetBox has carried out of it."""

    url: str
    seen: list[Request] = field(default_factory=list)
    done: list[Request] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    def __init__(self, netbox: str, plan: Plan) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.netbox = urlsplit(netbox).netloc
        self.plan = plan
        self.counting = threading.Lock()
        self.ending = threading.Event()
        self.proxy = Proxy(f"http://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = self.server.proxy.seen
        with self.server.counting:
            seen.append(Request(len(seen) + 1, self.command, self.path))
            request = seen[-1]
        trouble = self.server.plan(request) or Trouble()
        status, answer = 0, b"{}"
        if trouble.late_s:
            self.server.ending.wait(trouble.late_s)
        if trouble.forwarded:
            status, answer = self.ask_netbox(trouble.path or self.path, body)
            if status < HTTPStatus.BAD_REQUEST:
                self.server.proxy.done.append(request)
        if trouble.held_s:
            self.server.ending.wait(trouble.held_s)
        if trouble.status:
            status, answer = trouble.status, trouble.body
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if trouble.cut:
            answer, self.close_connection = answer[: len(answer) // 2], True
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the names that the server looks for

    def ask_netbox(self, path: str, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.server.netbox, timeout=30)
        try:
            headers = {
                name: value for name, value in self.headers.items() if name not in ("Connection", "Accept-Encoding")
            }
            connection.request(self.command, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            """The client has given up waiting: that is what some tests want."""


@contextmanager
def proxy(netbox: str, plan: Plan) -> Iterator[Proxy]:
    """A proxy to the NetBox at this URL that asks `plan` what to do with each request."""
    server = _Server(netbox, plan)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.proxy
    finally:
        server.ending.set()
        server.shutdown()
        thread.join()
        server.server_close()
