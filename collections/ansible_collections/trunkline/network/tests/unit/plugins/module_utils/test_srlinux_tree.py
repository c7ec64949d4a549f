"""What of a configuration for SR Linux is ours."""

from __future__ import annotations

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.srlinux_tree import (
    ConfigError,
    commands,
    entries,
    place_of_label,
    place_of_path,
    split,
)

CONFIG = {
    "srl_nokia-interfaces:interface": [{"name": "ethernet-1/1", "mtu": 9000}],
    "srl_nokia-network-instance:network-instance": [
        {
            "name": "default",
            "type": "srl_nokia-network-instance:default",
            "interface": [{"name": "ethernet-1/1.0"}],
            "protocols": {"srl_nokia-isis:isis": {"instance": [{"name": "CORE", "net": ["49.00"]}]}},
        }
    ],
}
INTERFACE = "/interface[name=ethernet-1/1]"
MEMBER = "/network-instance[name=default]/interface[name=ethernet-1/1.0]"
ISIS = "/network-instance[name=default]/protocols/isis/instance[name=CORE]"


def test_entries_of_owned_lists_are_ours_and_the_rest_is_shared() -> None:
    wanted = split(CONFIG)
    assert {place.path: value for place, value in wanted.owned.items()} == {
        INTERFACE: {"name": "ethernet-1/1", "mtu": 9000},
        MEMBER: {"name": "ethernet-1/1.0"},
        ISIS: {"name": "CORE", "net": ["49.00"]},
    }
    assert wanted.shared == {
        "/network-instance[name=default]": {"name": "default", "type": "srl_nokia-network-instance:default"}
    }


def test_an_l2vpn_is_ours_whole_and_bgp_is_shared_but_for_our_neighbors() -> None:
    mac_vrf = {
        "name": "TL-1",
        "type": "srl_nokia-network-instance:mac-vrf",
        "interface": [{"name": "ethernet-1/3.100"}],
        "protocols": {"bgp-evpn": {"bgp-instance": [{"id": 1}]}},
    }
    neighbor = {"peer-address": "10.0.127.3", "peer-group": "trunkline-evpn"}
    bgp = {"autonomous-system": 65000, "neighbor": [neighbor]}
    default = {"name": "default", "protocols": {"srl_nokia-bgp:bgp": bgp}}
    wanted = split({"srl_nokia-network-instance:network-instance": [mac_vrf, default]})
    assert {place.path: value for place, value in wanted.owned.items()} == {
        "/network-instance[name=TL-1]": mac_vrf,
        "/network-instance[name=default]/protocols/bgp/neighbor[peer-address=10.0.127.3]": neighbor,
    }
    shared = {"name": "default", "protocols": {"srl_nokia-bgp:bgp": {"autonomous-system": 65000}}}
    assert wanted.shared == {"/network-instance[name=default]": shared}
    assert {place_of_label(place.label) for place in wanted.owned} == set(wanted.owned)


def test_what_was_ours_is_deleted_what_is_is_replaced_what_is_shared_is_updated() -> None:
    recorded = [place_of_path(INTERFACE), place_of_path("/interface[name=ethernet-1/2]")]
    assert [(one["action"], one["path"]) for one in commands(split(CONFIG), recorded)] == [
        ("delete", "/interface[name=ethernet-1/2]"),
        ("replace", INTERFACE),
        ("replace", MEMBER),
        ("replace", ISIS),
        ("update", "/network-instance[name=default]"),
    ]
    assert [one["action"] for one in commands(split({}), recorded)] == ["delete", "delete"]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        (INTERFACE, "/interface=ethernet-1%2F1"),
        (ISIS, "/network-instance=default/protocols/isis/instance=CORE"),
        ("/interface[name=a\\]b=c]", "/interface=a%5Db%3Dc"),
    ],
)
def test_a_place_is_written_down_and_found_again(path: str, label: str) -> None:
    place = place_of_path(path)
    assert place.label == label
    assert place_of_label(label) == place
    assert place.path == path


@pytest.mark.parametrize(
    "path", ["/system", "/interface", "/interface[name=]", "interface[name=x]", f"{INTERFACE}/mtu"]
)
def test_a_path_that_cannot_be_owned_is_named(path: str) -> None:
    with pytest.raises(ConfigError, match=r"also_owned: .* is not an entry of a list that can be owned"):
        place_of_path(path)


def test_a_label_of_a_later_release_is_nobody_s() -> None:
    assert place_of_label("/routing-policy=x") is None


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"interface": [{"mtu": 9000}]}, "an entry of the list interface has no name"),
        ({"interface": [{"name": "x"}, {"name": "x"}]}, r"/interface\[name=x\] is there twice"),
    ],
)
def test_a_configuration_that_cannot_be_taken_apart_is_refused(config: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        split(config)


def test_lists_are_found_wherever_the_router_puts_them() -> None:
    one = [{"name": "PL"}]
    for answer in ({"prefix-set": one}, {"srl_nokia-routing-policy:routing-policy": {"prefix-set": one}}):
        assert entries(answer, "prefix-set") == one
    assert entries({}, "prefix-set") == []
