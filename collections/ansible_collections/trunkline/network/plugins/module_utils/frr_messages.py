# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What FRR says, in a sentence that names the line. Pure functions on the output of vtysh and frr-reload.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_REJECTED = re.compile(r"line (?P<number>\d+): (?P<reason>%[^:\n]*|[^:\n]*):\s*(?P<line>[^\n\\]*)")
_SAY_NOTHING = ("", "Configuration failed.", "Failed to edit configuration.")
_REASONS = re.compile(r"^(?:Error description: |YANG error\(s\):\s*|% )(?P<reason>.*)$", re.MULTILINE)


def rejection(output: str, config: str) -> str:
    """Return "stanza, line: FRR's words" for a syntax error that vtysh reports for `config`; "" if it reports none."""
    found = _REJECTED.search(output)
    if not found:
        return ""
    lines = config.splitlines()
    number = int(found["number"])
    header = next((line for line in reversed(lines[:number]) if line and not line[0].isspace() and line != "!"), "")
    line = found["line"].strip()
    where = f"{header}: " if header and header != line else ""
    return f"{where}'{line}': {found['reason'].strip()}"


def reasons(output: str) -> str:
    """Return FRR's words on a refused change, each once, joined by "; "; "" when it said nothing of use."""
    sentences = (found["reason"].strip() for found in _REASONS.finditer(output))
    return "; ".join(dict.fromkeys(s for s in sentences if s not in _SAY_NOTHING))


def touched(test_output: str, owned: Collection[str]) -> list[str]:
    """Return the commands of frr-reload's "Lines To Delete" and "Lines To Add" for stanzas that are not in `owned`."""
    foreign: list[str] = []
    is_foreign = False
    for line in test_output.splitlines():
        if not line.strip() or line.startswith(("Lines To ", "===")):
            continue
        if not line[0].isspace():
            header = line.removeprefix("no ")
            is_foreign = header not in owned
            if is_foreign:
                foreign.append(line)
        elif is_foreign:
            foreign[-1] += f" / {line.strip()}"
    return list(dict.fromkeys(foreign))
