"""The two sides: Trunkline's API and the Workflow Orchestrator's, one worker each, on one PostgreSQL server."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from trunkline.dev import postgres, process
from trunkline.dev.bench.api.load import Ask, Client
from trunkline.dev.bench.world import free_port
from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT, State

OURS, PEER = "Trunkline", "orchestrator-core 5.5"
CASES = ("list", "search", "search, by REST", "detail")
_HERE = Path(__file__).parent
_PEER_PYTHON = PROJECT / ".trunkline/bench-api-venv/bin/python"
_START_TIMEOUT_S = 120
# As many different searches and subscriptions as make no cache look good.
_DIFFERENT = 200
_PAGE = 50
_ROWS = """{
  page { subscriptionId description status insync note startDate endDate customerId product { name tag } }
  pageInfo { hasNextPage }
}"""
_LIST = f"""
query {{
  subscriptions(
    first: {_PAGE}, after: 0, sortBy: [{{field: "startDate", order: DESC}}],
    filterBy: [{{field: "status", value: "active"}}, {{field: "product", value: "Core circuit 10G"}}]
  ) {_ROWS}
}}
"""
_SEARCH = f"query Search($words: String) {{ subscriptions(first: {_PAGE}, after: 0, query: $words) {_ROWS} }}"


@dataclass(frozen=True)
class Server:
    """A running side: where it answers, what to ask for each case, and its command line for a list of subscriptions."""

    name: str
    url: str
    headers: Mapping[str, str]
    asks: Mapping[str, Sequence[Ask]]
    command: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    pid: int
    start_s: float

    @property
    def memory_mb(self) -> float:
        """Resident memory of its process."""
        return float(psutil.Process(self.pid).memory_info().rss) / 2**20


@contextmanager
def ours(state: State, subscriptions: int) -> Iterator[Server]:
    """Trunkline's API with so many subscriptions, as anyone starts it: with the worker for runs inside."""
    database = f"ours_{subscriptions}"
    env = {
        "TRUNKLINE_DATABASE_URL": postgres.url(state, database),
        "TRUNKLINE_PROJECT_DIR": str(PROJECT),
        # It is measured how many requests it takes.
        "TRUNKLINE_REQUESTS_PER_MINUTE": "0",
    }
    program = str(Path(sys.executable).parent / "trunkline")
    if postgres.ensure_database(state, database):
        _run([program, "db", "upgrade"], env, PROJECT)
        _seed(state, database, _HERE / "seed.sql", subscriptions)
    token = _run([program, "tokens", "create", "bench", "--replace"], env, PROJECT).splitlines()[-1]
    port = free_port()
    headers = {"Authorization": f"Bearer {token}"}
    search = [f"/api/v1/subscriptions?limit={_PAGE}&q={word}" for word in _words(subscriptions)]
    detail = [f"/api/v1/subscriptions/{one}" for one in _circuits(state, database, subscriptions)]
    paths = {
        "list": [f"/api/v1/subscriptions?limit={_PAGE}&status=active&product=core-circuit-10g&sort=-created_at"],
        "search": search,
        "search, by REST": search,
        "detail": detail,
    }
    client = {"TRUNKLINE_URL": f"http://127.0.0.1:{port}", "TRUNKLINE_TOKEN": token}
    with _serving(
        state,
        OURS,
        [program, "serve", "--host", "127.0.0.1", "--port", str(port)],
        env,
        f"http://127.0.0.1:{port}/api/v1/health/live",
    ) as (pid, start_s):
        yield Server(
            name=OURS,
            url=f"http://127.0.0.1:{port}",
            headers=headers,
            asks={case: [Ask(path) for path in found] for case, found in paths.items()},
            command=[program, "subscriptions", "list", "--json"],
            env=client,
            folder=PROJECT,
            pid=pid,
            start_s=start_s,
        )


@contextmanager
def peer(state: State, subscriptions: int) -> Iterator[Server]:
    """The Workflow Orchestrator with so many subscriptions of the same products."""
    database = f"peer_{subscriptions}"
    folder = state.data / "peer"
    url = postgres.url(state, database).replace("@/", "@localhost/")
    env = {"DATABASE_URI": url, "OAUTH2_ACTIVE": "false", "CACHE_URI": "redis://127.0.0.1:1/0", "LOG_LEVEL": "WARNING"}
    if postgres.ensure_database(state, database):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(_HERE / "peer/app.py", folder)
        _run([str(_PEER_PYTHON), "app.py", "migrate"], env, folder)
        _seed(state, database, _HERE / "peer/seed.sql", subscriptions)
    port = free_port()
    search = [f"/api/subscriptions/search?range=0,{_PAGE - 1}&query={word}" for word in _words(subscriptions)]
    detail = [f"/api/subscriptions/domain-model/{one}" for one in _circuits(state, database, subscriptions)]
    with _serving(
        state,
        PEER,
        [str(_PEER_PYTHON), "-m", "uvicorn", "app:app", "--app-dir", str(folder), "--port", str(port)],
        env,
        f"http://127.0.0.1:{port}/api/docs",
    ) as (pid, start_s):
        yield Server(
            name=PEER,
            url=f"http://127.0.0.1:{port}",
            headers={},
            asks={
                "list": [_graphql(_LIST)],
                "search": [_graphql(_SEARCH, words=word) for word in _words(subscriptions)],
                "search, by REST": [Ask(path) for path in search],
                "detail": [Ask(path) for path in detail],
            },
            command=[str(_PEER_PYTHON), "app.py", "db", "heads"],
            env=env,
            folder=folder,
            pid=pid,
            start_s=start_s,
        )


@contextmanager
def _serving(
    state: State, name: str, argv: Sequence[str], env: Mapping[str, str], live: str
) -> Iterator[tuple[int, float]]:
    """Its process id, and the seconds until it answered."""
    slug = "ours" if name == OURS else "peer"
    before = time.perf_counter()
    process.start(state, slug, argv, env)
    try:
        process.wait_ready(state, slug, lambda: _answers(live), _START_TIMEOUT_S)
        started = time.perf_counter() - before
        found = process.find(state, slug)
        if found is None:
            raise DevError(f"{name} ended:\n{process.log_tail(state, slug)}")
        yield found.pid, started
    finally:
        process.stop(state, slug)


def _answers(url: str) -> bool:
    base, _slash, path = url.removeprefix("http://").partition("/")
    with closing(Client(f"http://{base}")) as client:
        try:
            client.ask(Ask(f"/{path}"))
        except OSError:
            return False
    return True


def _graphql(query: str, **variables: str) -> Ask:
    return Ask("/api/graphql", json.dumps({"query": query, "variables": variables}).encode())


def _seed(state: State, database: str, script: Path, subscriptions: int) -> None:
    postgres.run_script(state, database, script, {"subscriptions": str(subscriptions)})


def _words(subscriptions: int) -> list[str]:
    """Words of which each is found in a few subscriptions: a node and its circuits."""
    nodes = subscriptions // 4
    return [f"node-{number * nodes // _DIFFERENT}" for number in range(min(_DIFFERENT, nodes))]


def _circuits(state: State, database: str, subscriptions: int) -> list[str]:
    """The ids of some circuits, the same on both sides."""
    numbers = f"generate_series(0, {min(_DIFFERENT, subscriptions - subscriptions // 4) - 1})"
    return postgres.sql(state, f"SELECT md5('circuit ' || i)::uuid FROM {numbers} AS i", database).split()  # noqa: S608


def _run(argv: Sequence[str], env: Mapping[str, str], folder: Path) -> str:
    done = subprocess.run(argv, env=os.environ | dict(env), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DevError(f"{' '.join(argv)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout.strip()
