"""docs/add-a-product.md, as a reader follows it: every command of it, in a copy of the checkout."""

import asyncio
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.api.live_service import make_token
from tests.checkout import ROOT, copy_checkout
from trunkline.db.migrate import upgrade
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State
from trunkline.settings import Settings

GUIDE = ROOT / "docs/add-a-product.md"
BIN = Path(sys.executable).parent
_WITHIN_S = 900  # it starts the service four times, pytest once, and places four runs
# The reader's stack is this session's: `make` starts the service alone, on its own database and the session's NetBox.
MAKE = r"""
set -euo pipefail
PS4='+ ${SECONDS}s '
trap 'kill $API 2> /dev/null || true' EXIT
API=
make() {
    case "$*" in
        "-s env") ;;
        "down up") kill "$API"; wait "$API" || true; make up ;;
        up)
            trunkline serve --port "$PORT" >> service.log 2>&1 &
            API=$!
            timeout 60 sh -c "until curl -sf $TRUNKLINE_URL/api/v1/health/live; do sleep 0.2; done" ;;
        test\ ARGS=*) python -m pytest -q -p no:cacheprovider "${2#ARGS=}" ;;
        *) echo "the guide says make $*, which this test does not know" >&2; return 1 ;;
    esac
}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, for the reader to change."""
    copy = copy_checkout(tmp_path_factory.mktemp("guide") / "trunkline")
    if (copy / "api/trunkline/catalog/products/firewall.py").exists():
        pytest.skip("this checkout has the guide's product committed already")
    return copy


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.timeout(_WITHIN_S)
def test_the_guide_works_as_written(checkout: Path, prepared: dict[str, str], postgres: State, free_port: int) -> None:
    name = f"guide_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    database = embedded_postgres.url(postgres, name)
    # With the copy's migrations: what is new in this checkout and not committed is not in the copy.
    upgrade(Settings(database_url=database, project_dir=checkout))
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("TRUNKLINE_", "NETBOX_"))},
        **prepared,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(checkout / "api"),
        "PORT": str(free_port),
        "ANSIBLE_INVENTORY": os.devnull,
        "TRUNKLINE_DATABASE_URL": database,
        "TRUNKLINE_PROJECT_DIR": str(checkout),
        "TRUNKLINE_URL": f"http://127.0.0.1:{free_port}",
        "TRUNKLINE_TOKEN": asyncio.run(make_token(database)),
        "TRUNKLINE_TEST_NETBOX_URL": prepared["NETBOX_URL"],
        "TRUNKLINE_TEST_NETBOX_TOKEN": prepared["NETBOX_TOKEN"],
    }
    script = checkout.parent / "guide.sh"
    script.write_text(MAKE + "set -x\n" + "\n".join(blocks("sh")))
    done = subprocess.run(
        ["bash", str(script)],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_WITHIN_S - 20,
    )
    assert done.returncode == 0, done.stdout + done.stderr + (checkout / "service.log").read_text()[-4000:]
    described = [line for line in (checkout / "examples/firewall.yml").read_text().splitlines() if line[0] != "#"]
    assert blocks("yaml") == ["\n".join(described) + "\n"]
    generated = (checkout / "api/trunkline/catalog/products/firewall.py").read_text()
    assert all(code in generated for code in blocks("python"))


def test_the_readme_names_the_guide() -> None:
    assert "(docs/add-a-product.md)" in (ROOT / "README.md").read_text()
