"""Arithmetic on addresses."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trunkline.network.plugins.module_utils import addresses


def test_the_ends_of_a_link() -> None:
    assert (addresses.first_of("10.0.1.0/31"), addresses.second_of("10.0.1.0/31")) == ("10.0.1.0/31", "10.0.1.1/31")
    assert addresses.second_of("fc00:0:1::/127") == "fc00:0:1::1/127"


def test_the_link_of_a_block_is_its_first_127() -> None:
    assert addresses.link_in("fc00:0:1:7::/64") == "fc00:0:1:7::/127"


def test_the_net_of_a_router_has_the_twelve_digits_of_its_loopback() -> None:
    assert addresses.iso_net("10.0.127.2/32", "49.0001") == "49.0001.0100.0012.7002.00"


def test_an_ipv6_loopback_gives_no_net() -> None:
    with pytest.raises(ValueError, match="is not an IPv4 address"):
        addresses.iso_net("fc00::1/128", "49.0001")


@pytest.mark.parametrize(
    ("address", "pool", "other", "expected"),
    [
        ("10.0.127.2/32", "10.0.127.0/24", "fc00:0:0:127::/64", "fc00:0:0:127::2/128"),
        ("10.0.127.16/32", "10.0.127.0/24", "fc00:0:0:127::/64", "fc00:0:0:127::10/128"),
        ("10.0.127.2/24", "10.0.127.0/24", "fc00::/127", None),
        ("10.0.126.2/32", "10.0.127.0/24", "fc00:0:0:127::/64", None),
    ],
)
def test_the_same_place_in_another_pool(address: str, pool: str, other: str, expected: str | None) -> None:
    assert addresses.mirrored(address, pool, other) == expected


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_two_routers_never_share_a_net(one: ipaddress.IPv4Address, other: ipaddress.IPv4Address) -> None:
    same = addresses.iso_net(f"{one}/32", "49.0001") == addresses.iso_net(f"{other}/32", "49.0001")
    assert same == (one == other)
