"""Who tells the order book: what was run directly does, what the order book launched does not."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from trunkline.dev.state import PROJECT

PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - trunkline.network.subscription_report:
        terminated: [{subscription}]
"""


@pytest.mark.parametrize(
    ("environment", "variables"),
    [({"TRUNKLINE_RUN": "a-run"}, []), ({}, ["-e", "trunkline_run=a-run"])],
    ids=["by the worker", "through AWX"],
)
def test_a_run_of_the_order_book_is_not_reported_to_it(
    environment: dict[str, str], variables: list[str], tmp_path: Path
) -> None:
    done = _report(tmp_path, environment, *variables)
    assert done.returncode == 0, done.stdout
    assert "skipped=1" in done.stdout


def test_what_was_run_directly_is_reported(tmp_path: Path) -> None:
    done = _report(tmp_path, {})
    assert done.returncode == 2
    assert "http://127.0.0.1:1" in done.stdout


def _report(folder: Path, environment: dict[str, str], *variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "play.yml").write_text(PLAY.format(subscription=uuid.uuid4()))
    access = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / "collections"),
        # Nothing listens there.
        "TRUNKLINE_URL": "http://127.0.0.1:1",
        "TRUNKLINE_TOKEN": "not-used",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "play.yml", *variables]
    return subprocess.run(
        command, cwd=folder, env=access | environment, capture_output=True, text=True, timeout=60, check=False
    )
