"""A FRR configuration as stanzas: parsing, ownership, comparison, diff."""

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import (
    StanzaError,
    differences,
    parse,
    parse_wanted,
    replace,
    text_of,
    unified_diff,
)

RUNNING = """\
frr version 8.4.4
frr defaults traditional
hostname ams-pe
log syslog informational
!
ip route 198.51.100.0/24 10.0.1.1
!
vrf RED
 ip route 203.0.113.0/24 Null0
exit-vrf
!
interface eth1
 description to par-p
 ip address 10.0.1.0/31
 isis metric 30
exit
!
interface eth2
 description Somebody else's
exit
!
router bgp 65001
 neighbor 10.0.127.9 password geheim
 !
 address-family ipv4 unicast
  network 192.0.2.0/24
 exit-address-family
exit
!
route-map RM permit 10
 set local-preference 200
exit
!
line vty
 exec-timeout 0 0
exit
!
end
"""
ETH1 = "interface eth1\n description to par-p\n ip address 10.0.1.0/31\n isis metric 30\n"


def candidate(wanted: str, owned: set[str], running: str = RUNNING) -> str:
    return text_of(replace(parse(running), owned, parse_wanted(wanted)))


@pytest.mark.parametrize(
    "text", [RUNNING, "Building configuration...\n\nCurrent configuration:\n!\n" + RUNNING, "", "end"]
)
def test_a_parsed_configuration_is_the_same_text_again(text: str) -> None:
    assert text_of(parse(text)) == text


def test_each_top_level_line_begins_a_stanza() -> None:
    assert [one.header for one in parse(RUNNING)] == [
        "frr version 8.4.4",
        "frr defaults traditional",
        "hostname ams-pe",
        "log syslog informational",
        "ip route 198.51.100.0/24 10.0.1.1",
        "vrf RED",
        "interface eth1",
        "interface eth2",
        "router bgp 65001",
        "route-map RM permit 10",
        "line vty",
        "end",
    ]


def test_the_same_stanza_in_another_order_of_lines_leaves_the_text_as_it_is() -> None:
    wanted = "interface eth1\n isis metric 30\n ip address 10.0.1.0/31\n description to par-p\n"
    assert candidate(wanted, {"interface eth1"}) == RUNNING


def test_a_changed_line_changes_its_stanza_alone_and_keeps_the_order_of_the_others() -> None:
    wanted = "interface eth1\n isis metric 40\n ip address 10.0.1.0/31\n description to par-p\n"
    assert candidate(wanted, {"interface eth1"}) == RUNNING.replace(" isis metric 30", " isis metric 40").replace(
        " description to par-p\n ip address 10.0.1.0/31\n isis metric 40\n",
        " isis metric 40\n description to par-p\n ip address 10.0.1.0/31\n",
    )


def test_an_owned_stanza_that_is_not_wanted_goes_and_all_others_stay_byte_for_byte() -> None:
    gone = candidate("", {"interface eth1"})
    assert gone == RUNNING.replace(ETH1 + "exit\n!\n", "")


def test_a_stanza_that_nobody_owns_stays() -> None:
    assert candidate("", set()) == RUNNING


def test_the_empty_shell_of_an_interface_stays_because_frr_cannot_remove_it() -> None:
    running = "interface eth1\nexit\n!\nend\n"
    assert candidate("", {"interface eth1"}, running) == running


def test_a_new_stanza_is_put_before_the_end() -> None:
    text = candidate("interface eth3\n ip address 10.0.9.0/31\n", {"interface eth3"})
    assert text == RUNNING.replace("end\n", "interface eth3\n ip address 10.0.9.0/31\nexit\n!\nend\n")


def test_nested_stanzas_are_compared_with_their_order() -> None:
    bgp = "router bgp 1\n address-family ipv4 unicast\n  network 192.0.2.0/24\n exit-address-family\n"
    other = "router bgp 1\n address-family ipv4 unicast\n exit-address-family\n network 192.0.2.0/24\n"
    assert parse_wanted(bgp)[0].lines[1] == " network 192.0.2.0/24"
    assert not parse_wanted(bgp)[0].says_the_same_as(parse_wanted(other)[0])


@pytest.mark.parametrize("indent", ["  ", "\t", "    "])
def test_indentation_in_what_is_wanted_is_the_writers_taste(indent: str) -> None:
    wanted = ETH1.replace("\n ", f"\n{indent}")
    assert candidate(wanted, {"interface eth1"}) == RUNNING


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (" ip address 10.0.1.0/31\n", "config, line 1: 'ip address 10.0.1.0/31' is indented but in no stanza"),
        ("interface eth1\n", "stanza 'interface eth1' has no lines"),
        (ETH1 + ETH1, "config, line 5: stanza 'interface eth1' is there twice"),
        ("hostname x\n", "config, line 1: 'hostname x' belongs to the whole router"),
    ],
)
def test_what_cannot_be_owned_is_refused_with_its_line(wanted: str, message: str) -> None:
    with pytest.raises(StanzaError, match=message):
        parse_wanted(wanted)


def test_the_diff_has_one_hunk_a_changed_stanza_and_nothing_foreign() -> None:
    wanted = "interface eth1\n description to par-p\n ip address 10.0.1.0/31\ninterface eth3\n ip address 10.0.9.0/31\n"
    owned = {"interface eth1", "interface eth3"}
    after = replace(parse(RUNNING), owned, parse_wanted(wanted))
    assert unified_diff(parse(RUNNING), after, owned) == (
        "--- running\n"
        "+++ intended\n"
        "@@ -1,4 +1,3 @@ interface eth1\n"
        " interface eth1\n"
        "  description to par-p\n"
        "  ip address 10.0.1.0/31\n"
        "- isis metric 30\n"
        "@@ -0,0 +1,2 @@ interface eth3\n"
        "+interface eth3\n"
        "+ ip address 10.0.9.0/31\n"
    )


def test_no_change_has_an_empty_diff() -> None:
    assert unified_diff(parse(RUNNING), parse(RUNNING), {"interface eth1"}) == ""


def test_an_empty_shell_equals_no_stanza() -> None:
    assert differences(parse("end\n"), parse("interface eth1\nexit\n!\nend\n"), {"interface eth1"}) == []


def test_differences_name_stanza_and_line() -> None:
    target = parse_wanted("interface eth1\n description to par-p\n ip address 10.0.1.0/31\n isis metric 99\n")
    assert differences(target, parse(RUNNING), {"interface eth1"}) == [
        "interface eth1: 'isis metric 99' was not accepted",
        "interface eth1: 'isis metric 30' is still there",
    ]


def test_differences_in_foreign_stanzas_are_not_ours() -> None:
    assert differences(parse(RUNNING), parse("end\n"), {"interface eth9"}) == []


# As FRR 10 prints it (10.4, with pathd and mgmtd): no `service integrated-vtysh-config`, forwarding among the first
# lines, a block of pathd's that is empty.
FRR_10 = """\
frr version 10.4.1
frr defaults traditional
hostname ams-pe
no ipv6 forwarding
ip nht resolve-via-default
!
interface eth1
 description to par-p
 ip address 10.0.1.0/31
 ip router isis CORE
 ipv6 address fc00:0:1::/127
 ipv6 router isis CORE
 isis circuit-type level-2-only
 isis network point-to-point
exit
!
segment-routing
 traffic-eng
 exit
exit
!
router isis CORE
 is-type level-2-only
 net 49.0001.0100.0012.7002.00
 lsp-timers gen-interval 1 refresh-interval 900 max-lifetime 1200
exit
!
end
"""


def test_a_configuration_of_frr_10_is_read_and_what_is_not_ours_survives() -> None:
    running = parse(FRR_10)
    assert text_of(running) == FRR_10
    owned = {"interface eth1", "router isis CORE"}
    wanted = parse_wanted(
        "interface eth1\n description to par-p\n ip address 10.0.1.0/31\n ip router isis CORE\n"
        " ipv6 address FC00:0:1:0::/127\n ipv6 router isis CORE\n isis circuit-type level-2-only\n isis metric 10\n"
        " isis network point-to-point\n"
        "router isis CORE\n is-type level-2-only\n net 49.0001.0100.0012.7002.00\n lsp-gen-interval 1\n"
    )
    assert text_of(replace(running, owned, wanted)) == FRR_10
    assert unified_diff(running, replace(running, owned, wanted), owned) == ""
    assert text_of(replace(running, owned, [])) == FRR_10.replace(
        FRR_10[FRR_10.index("interface eth1") : FRR_10.index("segment-routing")], ""
    ).replace(FRR_10[FRR_10.index("\nrouter isis") + 1 : FRR_10.index("end\n")], "")
