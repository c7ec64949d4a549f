# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""FRR's own spelling of a configuration line.

frr-reload compares text. A line that FRR stores otherwise than it was written would be removed and added again by
every push, so each wanted line is first brought into the form that `show running-config` gives back.
"""

from __future__ import annotations

import ipaddress

# Lines that equal a default: FRR accepts them and never shows them. Seen on 8.4; the same in 9 and 10.
_HIDDEN = frozenset(
    {
        "isis metric 10",
        "isis metric level-1 10",
        "isis metric level-2 10",
        "metric-style wide",
        "no shutdown",
        "spf-interval 1",
    }
)
_LSP_TIMERS = "refresh-interval 900 max-lifetime 1200"  # FRR's defaults, in seconds


def canonical_line(line: str) -> list[str]:
    """Return the line as FRR shows it: a list of one, or of none where FRR shows nothing.

    The line comes without the one space of its stanza; deeper indentation (nested blocks) is kept.
    """
    indent = line[: len(line) - len(line.lstrip())]
    words = line.split()
    if " ".join(words) in _HIDDEN:
        return []
    if words[:2] in (["ip", "address"], ["ipv6", "address"]):
        words[2:3] = map(_canonical_address, words[2:3])
    elif words[0] == "lsp-gen-interval" and words[1:] and words[1].isdigit():
        # Setting one of the three timers makes FRR show all of them.
        words[:1] = ["lsp-timers", "gen-interval"]
        words += _LSP_TIMERS.split()
    return [indent + " ".join(words)]


def _canonical_address(address: str) -> str:
    try:
        return str(ipaddress.ip_interface(address)) if "/" in address else address
    except ValueError:
        return address  # FRR's own message about it, with the line, is the better one.
