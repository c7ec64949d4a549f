"""The commands of a documentation page, so that a test can run what a reader would type."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from trunkline.dev.state import PROJECT


@dataclass(frozen=True)
class Block:
    """A block of commands and the heading it stands under."""

    heading: str
    script: str


def blocks_of(page: str) -> list[Block]:
    """The page's `sh` blocks, in order."""
    found, heading = [], ""
    for match in re.finditer(
        r"^#+ (?P<heading>[^\n]+)$|^```sh\n(?P<script>.*?)^```$", _text(page), re.MULTILINE | re.DOTALL
    ):
        if match["heading"]:
            heading = match["heading"]
        else:
            found.append(Block(heading, match["script"]))
    return found


def typed(script: str, folder: Path, environment: dict[str, str]) -> str:
    """What the commands print, typed by a reader whose PATH has this project's programs; they must succeed."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"HOME": str(folder), "LANG": "C.UTF-8"} | environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


def _text(page: str) -> str:
    return (PROJECT / "docs" / page).read_text()
