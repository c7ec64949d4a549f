"""Which pools are used, and what they will hand out."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Pool
from ansible_collections.trunkline.network.plugins.module_utils.netbox_pool import Forecast, pools_of


def row(prefix: str, **more: Any) -> dict[str, Any]:
    fields = {"id": "1", "role": {"slug": "core-link"}, "status": "active", "mark_utilized": False, "vrf": None}
    return {**fields, "prefix": prefix, **more}


def test_pools_are_those_of_role_and_family_in_order() -> None:
    rows = [row("10.0.9.0/24"), row("10.0.1.0/24", status="container"), row("fc00::/48"), row("10.9.0.0/24", role=None)]
    assert [pool.prefix for pool in pools_of(rows, "core-link", 4, 31)] == ["10.0.1.0/24", "10.0.9.0/24"]


@pytest.mark.parametrize("more", [{"status": "deprecated"}, {"mark_utilized": True}, {"role": {"slug": "loopback"}}])
def test_a_pool_that_must_not_be_used_is_left_out(more: dict[str, Any]) -> None:
    with pytest.raises(OrderError, match="pool 'core-link': NetBox has no active IPv4 prefix"):
        pools_of([row("10.0.1.0/24", **more)], "core-link", 4, 31)


def test_what_was_allocated_is_no_pool() -> None:
    assert [p.prefix for p in pools_of([row("10.0.1.0/24"), row("10.0.1.0/31")], "core-link", 4, 31)] == ["10.0.1.0/24"]


def test_without_knowledge_nothing_is_foretold() -> None:
    forecast = Forecast((Pool(1, "10.0.1.0/24", "core-link"),))
    assert (forecast.prefix(31), forecast.address(32)) == (None, None)


def test_the_next_pool_is_used_when_one_is_full() -> None:
    pools = (
        Pool(1, "10.0.1.0/31", "core-link", free=("10.0.1.0/31",)),
        Pool(2, "10.0.2.0/24", "core-link", free=("10.0.2.128/25",)),
    )
    forecast = Forecast(pools)
    assert [forecast.prefix(31) for _place in range(3)] == ["10.0.1.0/31", "10.0.2.128/31", "10.0.2.130/31"]


def test_full_pools_are_named() -> None:
    with pytest.raises(
        OrderError, match=r"no free /31 prefix left in 10\.0\.1\.0/24\. Add a prefix with role 'core-link'"
    ):
        Forecast((Pool(1, "10.0.1.0/24", "core-link", free=()),)).prefix(31)


def test_a_wish_is_granted_when_it_is_free() -> None:
    free = ("fc00::2/64", "fc00::4/64")
    forecast = Forecast((Pool(1, "fc00::/64", "loopback", free=free),))
    assert forecast.address(128, "fc00::4/128") == "fc00::4/128"
    assert forecast.address(128, "fc00::3/128") == "fc00::2/128"
    with pytest.raises(OrderError, match="no free address left"):
        forecast.address(128, "fc00::4/128")


@given(st.lists(st.integers(25, 31), min_size=1, max_size=20))
def test_no_prefix_is_foretold_twice(lengths: list[int]) -> None:
    forecast = Forecast((Pool(1, "10.0.0.0/20", "core-link", free=("10.0.0.0/21", "10.0.8.0/21")),))
    networks = [ipaddress.ip_network(found) for length in lengths if (found := forecast.prefix(length))]
    assert [network.prefixlen for network in networks] == lengths
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[i + 1 :])
