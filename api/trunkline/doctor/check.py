"""One thing that was looked at."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CLOCKS_MAY_DIFFER_S = 5.0


@dataclass(frozen=True)
class Check:
    """What was found; of what is not ok also what to do."""

    name: str
    state: Literal["ok", "warning", "wrong"]
    found: str
    remedy: str = ""


def version(text: str) -> tuple[int, ...]:
    """The numbers that a version begins with: "4.7.3-Docker" -> (4, 7, 3)."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def clocks(whose: str, theirs: datetime, ours: datetime) -> Check:
    """Whether a clock is right: leases, tokens and the audit trail go by it."""
    apart = abs((theirs - ours).total_seconds())
    if apart <= CLOCKS_MAY_DIFFER_S:
        return Check(f"clock of {whose}", "ok", f"{apart:.1f} s from this one")
    remedy = "let both follow NTP (timedatectl set-ntp true)"
    return Check(f"clock of {whose}", "wrong", f"{apart:.0f} s from this one", remedy)
