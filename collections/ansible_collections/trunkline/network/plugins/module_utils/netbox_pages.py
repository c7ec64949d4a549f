# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Whole lists from a GraphQL query, although NetBox answers a page at a time.

NetBox cuts each list of an answer at MAX_PAGE_SIZE rows (1000 unless configured otherwise) and says nothing of it, also
where the query asks for no page (since 4.5.5: https://github.com/netbox-community/netbox/issues/21935).
"""

from __future__ import annotations

import re
from typing import Any

Record = dict[str, Any]

PAGE = 1000
# A shorter page is the last one. NetBox's own pages begin at 25 rows, so nobody sets MAX_PAGE_SIZE lower.
SHORTEST_PAGE = 25
# Behind every row: GraphQL's largest Int.
END = 2**31 - 1
PAGED = re.compile(r"\$(\w+): OffsetPaginationInput")


class Pages:
    """The lists of one query that come in pages: those for which it has a variable of their name.

    `query ($device_list: OffsetPaginationInput) { device_list(pagination: $device_list) { id name } }`. The rows need
    their `id`: a page begins after the last one of the page before, so that what others add or remove meanwhile
    neither hides a row nor shows it twice. A list that is complete is asked for again while others are not, but for
    nothing. `full` is how long a full page is at least.
    """

    def __init__(self, query: str, full: int = SHORTEST_PAGE) -> None:
        self.rows: dict[str, list[Record]] = {name: [] for name in PAGED.findall(query)}
        self._longest = dict.fromkeys(self.rows, full)
        self._complete: set[str] = set()

    def variables(self) -> Record:
        """Which page of each list to ask for next."""
        following = {name: int(rows[-1]["id"]) + 1 if rows else 0 for name, rows in self.rows.items()}
        following |= dict.fromkeys(self._complete, END)
        return {name: {"start": start, "limit": PAGE} for name, start in following.items()}

    def take(self, answer: Record) -> bool:
        """Keep the rows of this answer. Returns whether there may be more."""
        for name, rows in self.rows.items():
            page = answer[name]
            rows.extend(page)
            # How long a full page is only NetBox knows; no page is longer than a full one.
            if len(page) < self._longest[name]:
                self._complete.add(name)
            self._longest[name] = max(self._longest[name], len(page))
        return self._complete != self.rows.keys()
