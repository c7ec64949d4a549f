"""A stand-in for HashiCorp Vault, which is not here: the reading half of a KV version 2 engine, on a real socket."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_DATA = "/v1/secret/data/"


@contextmanager
def vault(secrets: Mapping[str, Mapping[str, str]], token: str) -> Iterator[str]:
    """Its address while the block runs; `secrets` by path, for who has the token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers["X-Vault-Token"] == token
            found = secrets.get(self.path.removeprefix(_DATA)) if self.path.startswith(_DATA) else None
            status = 403 if not allowed else 404 if found is None else 200
            body: dict[str, object] = (
                {"data": {"data": found, "metadata": {"version": 1}}} if status == 200 else {"errors": []}
            )
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
