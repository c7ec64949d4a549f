"""The commands that a push gives to vtysh."""

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.frr_commands import changes_within, direct_commands
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import parse

OLD = """\
interface eth1
 description to par-p
 ip address 10.0.1.0/31
 ip router isis CORE
 isis metric 30
exit
!
router isis CORE
 is-type level-2-only
exit
!
"""
BGP = "router bgp 1\n address-family ipv4 unicast\n  network 192.0.2.0/24\n exit-address-family\nexit\n"


def commands(current: str, target: str, interfaces: tuple[str, ...] = ("eth1",)) -> list[str]:
    return direct_commands(parse(current), parse(target), interfaces).splitlines()


def test_nothing_to_do_gives_no_command() -> None:
    assert commands(OLD, OLD) == []


def test_a_stanza_that_goes_is_taken_apart_last_line_first() -> None:
    assert commands(OLD, "") == [
        "no router isis CORE",
        "interface eth1",
        " no isis metric 30",
        " no ip router isis CORE",
        " no ip address 10.0.1.0/31",
        " no description",
        "exit",
    ]


def test_the_stanza_of_an_interface_that_no_longer_exists_is_removed_as_a_whole() -> None:
    assert commands(OLD, "", interfaces=())[-1] == "no interface eth1"


def test_a_line_that_is_off_is_removed_by_switching_it_on() -> None:
    assert commands("interface eth1\n no link-detect\nexit\n", "")[1] == " link-detect"


def test_a_new_value_is_set_without_removing_the_old_one_first() -> None:
    assert commands(OLD, OLD.replace("metric 30", "metric 40")) == ["interface eth1", " isis metric 40", "exit"]


def test_a_nested_stanza_that_changes_is_left_to_frr_reload() -> None:
    assert commands(BGP, BGP.replace("192.0.2", "192.0.3")) == []


@pytest.mark.parametrize(
    ("target", "changes"),
    [
        (OLD, False),
        ("", False),
        (OLD.replace(" isis metric 30\n", ""), True),
        (OLD.replace("metric 30", "metric 40"), True),
        (OLD.replace(" isis metric 30\n", " isis metric 30\n isis passive\n"), True),
        (OLD.replace(" isis metric 30\n", "").replace(" ip address", " isis metric 30\n ip address"), False),
        (OLD + "interface eth2\n description to lon-pe\nexit\n", False),
        (OLD + BGP, True),
    ],
    ids=[
        "the same",
        "all goes",
        "line goes",
        "value changes",
        "line comes",
        "other order",
        "stanza comes",
        "block comes",
    ],
)
def test_frr_reload_may_be_needed_where_a_stanza_changes_on_the_way_there_or_back(target: str, changes: bool) -> None:
    assert changes_within(parse(OLD), parse(target)) is changes
    assert changes_within(parse(target), parse(OLD)) is changes
