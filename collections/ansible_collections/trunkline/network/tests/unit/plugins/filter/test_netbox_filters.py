"""The filters on addresses and pools, as a playbook calls them."""

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.filter.netbox import FilterModule

FILTERS = FilterModule().filters()


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("iso_net", ("10.0.127.2/32", "49.0001"), "49.0001.0100.0012.7002.00"),
        ("iso_net", ("10.0.127.2", "49"), "49.0100.0012.7002.00"),
        (
            "port_templates",
            ([{"device_type": "d", "name": "ethernet-1/{}", "first": 48, "last": 49, "type": "other"}],),
            [{"device_type": {"slug": "d"}, "name": f"ethernet-1/{number}", "type": "other"} for number in (48, 49)],
        ),
        ("link_ends", ("10.0.1.0/31",), ["10.0.1.0/31", "10.0.1.1/31"]),
        ("link_ends", ("fc00:0:1::/127",), ["fc00:0:1::/127", "fc00:0:1::1/127"]),
        ("link_peer", ("10.0.1.0/31",), "10.0.1.1/31"),
        ("link_peer", ("10.0.1.1/31",), "10.0.1.0/31"),
        ("link_peer", ("fc00:0:1::/127",), "fc00:0:1::1/127"),
        ("link_peer", ("fc00:0:1::1/127",), "fc00:0:1::/127"),
    ],
)
def test_addresses_follow_from_addresses(name: str, arguments: tuple[Any, ...], result: object) -> None:
    assert FILTERS[name](*arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("iso_net", ("fc00::1/128", "49.0001"), "iso_net: fc00::1/128 is not an IPv4 address"),
        ("iso_net", ("ams-pe", "49.0001"), "iso_net: 'ams-pe' does not appear to be"),
        ("iso_net", (None, "49.0001"), "iso_net: None is not a text"),
        ("iso_net", ("10.0.127.2/32", 49.0001), "iso_net: 49.0001 is not a text"),
        ("iso_net", ("10.0.127.2/32", "49.1"), "iso_net: '49.1' is not an IS-IS area: give it as 49.0001"),
        ("iso_net", ("10.0.127.2/32", ""), "iso_net: '' is not an IS-IS area"),
        ("link_ends", ("10.0.1.0/30",), "link_ends: 10.0.1.0/30 is not a /31 or a /127"),
        ("link_ends", ("10.0.1.1/31",), "link_ends: 10.0.1.1/31 has host bits set"),
        ("link_ends", (10,), "link_ends: 10 is not a text"),
        ("link_peer", ("10.0.1.0",), "link_peer: 10.0.1.0 is not an address of a /31 or a /127, with its length"),
        ("link_peer", ("fc00:0:1::/64",), "link_peer: fc00:0:1::/64 is not an address of a /31 or a /127"),
        ("link_peer", ("10.0.1.256/31",), "link_peer: '10.0.1.256/31' does not appear to be"),
        ("pool_prefixes", ([{"role": "loopback"}],), "pool_prefixes: an item has no 'prefix'"),
        ("pool_roles", ([{"prefix": "10.0.0.0/8"}],), "pool_roles: an item has no 'role'"),
        ("reserved_addresses", ([{"prefix": "10/8", "reserve_first": True}],), "reserved_addresses: '10/8'"),
    ],
)
def test_bad_input_is_named_with_the_filter(name: str, arguments: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        FILTERS[name](*arguments)
    assert str(raised.value).startswith(reason)
