"""Whole lists from pages, whatever NetBox takes for a page."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trunkline.network.plugins.module_utils.netbox_pages import PAGE, SHORTEST_PAGE, Pages
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Session
from ansible_collections.trunkline.network.plugins.module_utils.netbox_snapshot import owners

QUERY = "query ($names: [String!], $device_list: OffsetPaginationInput, $circuit_list: OffsetPaginationInput) {}"
# What NetBox takes for a page where the query asks for none.
FIRST = {"start": 0, "limit": 2 * PAGE}


class Cut(Session):
    """A NetBox that has these rows, and cuts a page as NetBox does."""

    def __init__(self, rows: dict[str, list[int]], max_page_size: int) -> None:
        super().__init__("http://127.0.0.1:1", "token")
        self.held = rows
        self.max_page_size = max_page_size
        self.asked = 0

    def _send(self, method: str, url: str, payload: Any, *more: Any, **most: Any) -> Any:
        self.asked += 1
        pages = payload["variables"]
        return {"data": {name: self._page(ids, pages.get(name, FIRST)) for name, ids in self.held.items()}}

    def _page(self, ids: list[int], page: dict[str, int]) -> list[dict[str, str]]:
        rows = [{"id": str(number)} for number in sorted(ids) if number >= page["start"]]
        return rows[: min(page["limit"], self.max_page_size)]


def read(netbox: Session) -> dict[str, list[int]]:
    answer = netbox.graphql(QUERY, {"names": []})
    return {name: [int(row["id"]) for row in rows] for name, rows in answer.items()}


@given(
    devices=st.sets(st.integers(1, 9000), max_size=300),
    circuits=st.sets(st.integers(1, 9000), max_size=300),
    max_page_size=st.integers(SHORTEST_PAGE, 2 * PAGE),
)
def test_a_list_comes_whole_and_once_whatever_a_page_is(
    devices: set[int], circuits: set[int], max_page_size: int
) -> None:
    netbox = Cut({"device_list": list(devices), "circuit_list": list(circuits)}, max_page_size)
    assert read(netbox) == {"device_list": sorted(devices), "circuit_list": sorted(circuits)}


@pytest.mark.parametrize(("rows", "requests"), [(0, 1), (SHORTEST_PAGE - 1, 1), (999, 2), (1000, 2), (3000, 4)])
def test_few_requests_do(rows: int, requests: int) -> None:
    netbox = Cut({"device_list": list(range(rows)), "circuit_list": []}, PAGE)
    assert len(read(netbox)["device_list"]) == rows
    assert netbox.asked == requests


def test_other_lists_are_as_the_first_answer_has_them() -> None:
    rows = {"device_list": list(range(100)), "circuit_list": [], "site_list": [7]}
    assert read(Cut(rows, 50))["site_list"] == [7]


def test_a_query_without_pages_is_sent_as_it_is() -> None:
    pages = Pages("query ($names: [String!]) { device_list(filters: {name: {in_list: $names}}) { id } }")
    assert pages.variables() == {}
    assert not pages.take({"device_list": [{"id": "1"}] * PAGE})


def test_a_list_that_is_shorter_than_a_full_page_is_asked_for_once() -> None:
    pages = Pages("query ($device_list: OffsetPaginationInput) { device_list { id } }", full=PAGE)
    assert not pages.take({"device_list": [{"id": str(number)} for number in range(PAGE - 1)]})
    cut = Pages("query ($device_list: OffsetPaginationInput) { device_list { id } }", full=50)
    assert cut.take({"device_list": [{"id": str(number)} for number in range(50)]})


def test_the_expression_for_owners_matches_their_own_and_no_other_group() -> None:
    ids = ["6f0a4c1e-7f0c-4f0b-9a55-000000000001", "0d1f8a52-5a3e-4a0e-9a6b-6a8f1f0c7d21"]
    expression = re.compile(owners(ids))
    assert all(expression.search(one) for one in ids)
    assert not expression.search("7f0c0000-6f0a-4c1e-9a55-6f0a4c1e0000")
