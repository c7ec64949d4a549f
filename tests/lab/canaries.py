"""Canaries in the secrets of a whole stack, and where they are looked for: while it works, and in all that it leaves.

A test module that orders on a real network makes its stack a `GuardedStack`, lets a `Watch` look on, and calls
`must_have_no_secret` at the end.
"""

import os
import re
import secrets
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urljoin

import requests

from trunkline.dev import postgres
from trunkline.dev.secrets import Secrets
from trunkline.dev.stack import Stack

_EVERY_S = 0.2
_LINK = re.compile(r'(?:href|src)="(/[^"#]*)"')
_RESOURCES = (
    "runs", "subscriptions", "customers", "tokens", "audit", "audit/export", "products", "workflows", "policies",
    "schedules", "notifications", "drift", "overview", "topology", "workers", "tasks", "health/ready",
)  # fmt: skip


@dataclass(frozen=True)
class GuardedStack(Stack):
    """A stack whose service has a canary in each secret that it may be given, and folders that nothing else writes to.

    `home` holds what is written to HOME and TMPDIR, `memory` the directories of its runs.
    """

    home: Path = Path()
    memory: Path = Path()
    canaries: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def over(cls, stack: Stack, home: Path) -> Iterator["GuardedStack"]:
        """The same stack, guarded; its service must not be up yet."""
        names = ("TRUNKLINE_SRLINUX_PASSWORD", "TRUNKLINE_SMTP_PASSWORD", "TRUNKLINE_OIDC_CLIENT_SECRET", "VAULT_TOKEN")
        made = {name: f"Canary{secrets.token_hex(12)}" for name in names}
        with tempfile.TemporaryDirectory(prefix="trunkline-guarded-", dir="/dev/shm") as memory:
            yield cls(**vars(stack), home=home, memory=Path(memory), canaries=made)

    def playbook_environment(self, secrets: Secrets) -> dict[str, str]:
        """With the canaries, and with folders of its own."""
        folders = {"HOME": self.home, "TMPDIR": self.home / "tmp", "TRUNKLINE_RUNTIME_DIR": self.memory}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        own = {name: str(folder) for name, folder in folders.items()}
        return super().playbook_environment(secrets) | dict(self.canaries) | own

    def needles(self) -> dict[str, str]:
        """All secrets of the stack, by name; those that are made of parts also by their secret part."""
        known = Secrets.load(self.state)
        assert known is not None
        key = Path(self.playbook_environment(known)["ANSIBLE_PRIVATE_KEY_FILE"]).read_text().splitlines()
        return {
            **self.canaries,
            "NetBox token": known.netbox_token.partition(".")[2],
            "API token": known.trunkline_token.split("_", 2)[2],
            "secret key": known.trunkline_secret_key,
            "NetBox password": known.netbox_password,
            "NetBox secret key": known.netbox_secret_key,
            "routers' private key": key[len(key) // 2],
        }


class Watch:
    """Looks at the process list and at the directories of runs, again and again, while a block runs."""

    def __init__(self, stack: GuardedStack) -> None:
        self._memory = stack.memory
        self._needles = {name: needle.encode() for name, needle in stack.needles().items()}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._last: set[str] = set()
        self.found: set[str] = set()
        self.processes: set[bytes] = set()
        self.files: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_EVERY_S):
            seen = set()
            for process in Path("/proc").glob("[0-9]*"):
                content = _read(process / "cmdline")
                if content not in self.processes:
                    self.processes.add(content)
                    seen |= self._in(f"the command line {content!r}", content)
            for folder, _, names in os.walk(self._memory):
                for name in names:
                    self.files.add(name)
                    seen |= self._in(f"{folder}/{name}", _read(Path(folder) / name))
            # ansible-runner writes its environment to a file of this name, which is removed before the playbook starts.
            self.found |= {one for one in seen if not one.endswith("/command") or one in self._last}
            self._last = seen

    def _in(self, place: str, content: bytes) -> set[str]:
        return {f"{name} in {place}" for name, needle in self._needles.items() if needle in content}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""  # gone meanwhile


def files_with(needles: Mapping[str, str], folders: Sequence[Path]) -> list[str]:
    """The files under the folders that have one of the needles in them."""
    # The needles go in through a pipe: an argument would stand in the process list.
    argv = ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", "--file=-", *map(str, folders)]
    done = subprocess.run(argv, input="\n".join(needles.values()), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def answers(stack: Stack, token: str) -> dict[str, str]:
    """What the API and every page that a link leads to tell an admin, by address."""
    api = f"{stack.api_url}/api/v1/"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        paths = list(_RESOURCES)
        for kind, more in (("runs", ("", "/events?limit=1000", "/plan")), ("subscriptions", ("", "/in-use-by"))):
            found = session.get(f"{api}{kind}?limit=200", timeout=30).json()["items"]
            paths += [f"{kind}/{one['id']}{what}" for one in found for what in more]
        told = {path: session.get(api + path, timeout=60) for path in paths}
    assert {answer.status_code for answer in told.values()} <= {200, 404}, told
    return {f"GET {path}": answer.text for path, answer in told.items()}


def pages(stack: Stack, token: str) -> dict[str, str]:
    """Every page and file that a link leads to from the first one, for who has logged in with the token."""
    found: dict[str, str] = {}
    with requests.Session() as session:
        session.post(f"{stack.api_url}/api/v1/session", json={"token": token}, timeout=30).raise_for_status()
        ahead = ["/"]
        while ahead:
            path = ahead.pop(0)
            # Each list links to itself in another order, or from another place on.
            if path in found or path.startswith("/api/") or ("?" in path and not path.startswith("/static/")):
                continue
            answer = session.get(urljoin(stack.api_url, path), timeout=30)
            found[path] = answer.text
            if answer.headers["content-type"].startswith("text/html"):
                ahead += _LINK.findall(answer.text)
    return {f"page {path}": text for path, text in found.items()}


def must_have_no_secret(stack: GuardedStack, watch: Watch) -> None:
    """Neither what the stack has left anywhere, nor what could be seen while it worked, has a secret in it."""
    needles = stack.needles()
    token = stack.exports()["TRUNKLINE_TOKEN"]
    postgres.sql(stack.state, "CHECKPOINT")
    texts = {"the tables": postgres.dump(stack.state, "trunkline").decode()} | answers(stack, token)
    texts |= pages(stack, token)
    # The cluster with its log of changes, the logs of all processes, HOME, temporary files, directories of runs.
    folders = [stack.state.data, stack.home, stack.memory]
    in_texts = [f"{name} in {place}" for place, text in texts.items() for name, one in needles.items() if one in text]
    assert (files_with(needles, folders), in_texts, watch.found) == ([], [], set())
    assert list(stack.memory.glob("trunkline-run-*")) == []
    # It would have been found: what is no secret is.
    found = files_with({"": "ams-pe"}, folders)
    assert any("/base/" in path for path in found), found
    assert any("/pg_wal/" in path for path in found), found
    assert "ams-pe" in texts["the tables"]
    assert sum("ams-pe" in text for place, text in texts.items() if place.startswith("GET ")) > 5
    assert sum("ams-pe" in text for place, text in texts.items() if place.startswith("page ")) > 5
    assert any(b"frr" in line or b"ansible" in line for line in watch.processes)
    assert "extravars" in watch.files
