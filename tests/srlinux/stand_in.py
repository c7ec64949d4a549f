"""A STAND-IN for an SR Linux router: it is not one. It speaks JSON-RPC over TLS on a real socket, keeps a configuration
that Nokia's models validate, and takes transactions back that nobody confirms. It has no data plane: adjacencies and
answers to pings are what a test says they are.

What it knows of the protocol is from Nokia's "JSON-RPC Configuration" and https://learn.srlinux.dev/programmability.
"""

import base64
import copy
import json
import ssl
import threading
import time
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

from tests.srlinux.stand_in_models import RefusedError
from tests.srlinux.stand_in_store import Store, get

USER, PASSWORD = "admin", "NokiaSrl1!-not-to-be-shown"
CLOCK = "/system/information/current-datetime"
AUTHORITY = trustme.CA()


@dataclass
class Fault:
    """Something that goes wrong in the next `times` calls of `method`.

    `tools` is a set on the tools datastore, `push` one that waits to be confirmed. `refuse` is answered as an error;
    `hang_s` delays the answer, and with `cut` the connection ends without one. What is asked for happens all the same,
    unless it is refused or `lost`.
    """

    method: str
    times: int = 1
    refuse: str = ""
    hang_s: float = 0.0
    cut: bool = False
    lost: bool = False


@dataclass
class StandIn:
    """One stand-in router."""

    store: Store
    host: str = "127.0.0.1"
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    # Interface to (state, hostname of the neighbor); addresses that answer a ping; interfaces that are down.
    adjacencies: dict[str, tuple[str, str]] = field(default_factory=dict)
    answering: Container[str] = ()
    down: set[str] = field(default_factory=set)
    clock_skew: timedelta = timedelta()
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(self.host).configure_cert(context)
        self._server = _Server((self.host, self.port), _Handler)
        self._server.router, self._server.context = self, context
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def methods(self) -> list[str]:
        """What was called so far, in order."""
        return [method for method, _params in self.calls]

    def call(self, method: str, params: dict[str, Any]) -> list[Any]:
        """Do what a request asks for."""
        commands = params["commands"]
        if method == "get":
            return [self._get(command["path"], command.get("datastore", "running")) for command in commands]
        if method == "cli":
            return [self._ping(command) for command in commands]
        if method == "diff":
            text = self.store.diff(commands)
            return [text] if text else []
        if method == "validate":
            self.store.validate(commands)
        elif params.get("datastore") == "tools":
            for command in commands:
                self._tool(command["path"])
        elif method == "set":
            self.store.commit(commands, int(params.get("confirm-timeout", 0)))
        else:
            raise RefusedError(f"Method '{method}' not found")
        return [{}]

    def _tool(self, path: str) -> None:
        tools = {"save": self.store.save, "confirmed-accept": self.store.accept, "confirmed-reject": self.store.reject}
        name = path.removeprefix("/system/configuration/")
        if name not in tools:
            raise RefusedError(f"Path not valid - unknown element '{name}'. Options are [{', '.join(tools)}]")
        tools[name]()

    def _get(self, path: str, datastore: str) -> Any:
        # The clock is in a module that wants OpenConfig's models; nothing else of it is needed.
        if path == CLOCK and datastore == "state":
            now = datetime.now(UTC) + self.clock_skew
            return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return get(self._state() if datastore == "state" else self.store.running, path)

    def _state(self) -> dict[str, Any]:
        """The configuration with what the router itself adds to it."""
        tree: dict[str, Any] = copy.deepcopy(self.store.running)
        for interface in tree.get("srl_nokia-interfaces:interface", []):
            for subinterface in interface.get("subinterface", []):
                subinterface["oper-state"] = "down" if interface["name"] in self.down else "up"
        for instance in tree.get("srl_nokia-network-instance:network-instance", []):
            for isis in instance.get("protocols", {}).get("srl_nokia-isis:isis", {}).get("instance", []):
                for circuit in isis.get("interface", []):
                    if adjacency := self.adjacencies.get(circuit["interface-name"].removesuffix(".0")):
                        key = {"neighbor-system-id": "0100.0012.7003", "adjacency-level": "L2"}
                        circuit["adjacency"] = [
                            key | {"state": adjacency[0], "neighbor-hostname": adjacency[1]},
                        ]
        return tree

    def _ping(self, command: str) -> str:
        destination = command.rsplit(maxsplit=1)[-1]
        received = int(destination in self.answering)
        return (
            f"Using network instance default\nPING {destination}\n\n--- {destination} ping statistics ---\n"
            f"1 packets transmitted, {received} received, {100 - 100 * received}% packet loss, time 0ms\n"
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    router: StandIn
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake is the connection's own: one that never comes holds up no other."""
        request.settimeout(30)
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except OSError:
            return
        with secured:
            _Handler(secured, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected or self.path != "/jsonrpc":
            self._answer(401 if self.path == "/jsonrpc" else 404, b"")
            return
        request = json.loads(body)
        router, method = self.server.router, request["method"]
        router.calls.append((method, request["params"]))
        kind = "tools" if request["params"].get("datastore") == "tools" else method
        kind = "push" if "confirm-timeout" in request["params"] else kind
        fault = next((fault for fault in router.faults if fault.times and fault.method == kind), None)
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            if fault:
                fault.times -= 1
            if fault and fault.refuse:
                answer["error"] = {"code": -1, "message": fault.refuse}
            elif not (fault and fault.lost):
                answer["result"] = router.call(method, request["params"])
        except RefusedError as error:
            answer["error"] = {"code": -1, "message": str(error)}
        if fault:
            time.sleep(fault.hang_s)
        if fault and (fault.cut or fault.lost):
            self.close_connection = True
            return
        self._answer(200, json.dumps(answer).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Tests look at `calls`."""
