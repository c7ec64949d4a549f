"""Run the machine's own programs (ip, ssh-keygen, nsenter)."""

import subprocess
from collections.abc import Sequence

from trunkline.dev.lab.errors import LabError


def run(argv: Sequence[str], stdin: str = "", timeout_s: float = 30) -> str:
    """Run `argv` from `/` and return its output; LabError with its own words when it fails or takes too long."""
    # The working folder may lie where the program's user or namespace cannot go.
    try:
        result = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False, cwd="/"
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(argv)}: no end after {timeout_s:g} s") from error
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed: `apt-get install iproute2 util-linux openssh-client`") from error
    if result.returncode != 0:
        said = result.stderr.strip() or result.stdout.strip() or "no message"
        raise LabError(f"{' '.join(argv)}: exit {result.returncode}: {said}")
    return result.stdout
