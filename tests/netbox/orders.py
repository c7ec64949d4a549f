"""Orders as the API hands them to playbooks, and what playbooks report."""

import json
import subprocess
from typing import Any


def extra_vars(subscription: str, product: str, status: str, block: dict[str, Any]) -> str:
    """The extra vars of one order."""
    return json.dumps(
        {"subscription": {"id": subscription, "product": product, "status": status, "customer": "noc", "block": block}}
    )


def stats(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What the playbook has reported with set_stats."""
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout.partition("RUN: ")[2]
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
    return found
