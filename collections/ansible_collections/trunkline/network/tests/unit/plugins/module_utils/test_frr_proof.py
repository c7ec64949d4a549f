"""What proves that a router carries its circuits."""

from __future__ import annotations

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.frr_proof import look
from ansible_collections.trunkline.network.plugins.module_utils.frr_requirements import occupied, unmet
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import parse, parse_wanted
from ansible_collections.trunkline.network.plugins.module_utils.proof_checks import checks

# As FRR 8.4 prints them, cut to what is read.
INTERFACES = {
    "eth1": {"operationalStatus": "up", "ipAddresses": [{"address": "10.0.1.0/31"}, {"address": "fc00:0:1::/127"}]},
    "eth2": {"operationalStatus": "down", "ipAddresses": [{"address": "10.0.1.4/31"}]},
}
NEIGHBORS = {
    "areas": [
        {"area": "OTHER", "circuits": []},
        {
            "area": "CORE",
            "circuits": [
                {"circuit": 0, "adj": "par-p", "interface": "eth1", "level": 2, "state": "Up"},
                {"circuit": 0, "adj": "0100.0012.7004", "interface": "eth2", "level": 2, "state": "Initializing"},
                {"circuit": 0},
            ],
        },
    ]
}


@pytest.mark.parametrize(
    ("interface", "sentence"),
    [
        ({"name": "eth1", "ipv4": "10.0.1.0/31"}, None),
        ({"name": "eth1", "ipv6": "FC00:0:1:0::/127"}, None),
        ({"name": "eth1", "neighbor": "par-p"}, None),
        (
            {"name": "eth1", "ipv4": "10.0.9.0/31"},
            "ams-pe eth1: address expected 10.0.9.0/31, found 10.0.1.0/31, fc00:0:1::/127",
        ),
        ({"name": "eth2", "ipv4": "10.0.1.4/31"}, "ams-pe eth2: address expected 10.0.1.4/31, found the link down"),
        (
            {"name": "eth9", "ipv4": "10.0.1.4/31"},
            "ams-pe eth9: address expected 10.0.1.4/31, found no interface of that name (there are eth1, eth2)",
        ),
        (
            {"name": "eth1", "neighbor": "lon-pe"},
            "ams-pe eth1: IS-IS adjacency expected Up with lon-pe, found Up with par-p",
        ),
        (
            {"name": "eth2", "neighbor": "lon-pe"},
            "ams-pe eth2: IS-IS adjacency expected Up with lon-pe, found Initializing with 0100.0012.7004",
        ),
        ({"name": "eth9", "neighbor": "lon-pe"}, "ams-pe eth9: IS-IS adjacency expected Up with lon-pe, found none"),
    ],
)
def test_what_is_missing_is_said_with_router_interface_expected_and_found(
    interface: dict[str, str], sentence: str | None
) -> None:
    (check,) = checks([interface], [])
    seen = look(check, INTERFACES, NEIGHBORS, {}, 1.5)
    assert (None if seen.is_proved else seen.sentence("ams-pe")) == sentence
    assert seen.seconds == (1.5 if sentence is None else None)


@pytest.mark.parametrize("facts", [{"numRemoteVteps": ["10.0.127.3"]}, {"remoteVteps": [{"ip": "10.0.127.3"}]}])
def test_a_tunnel_is_there_when_the_router_knows_its_far_end(facts: dict[str, object]) -> None:
    known, unknown = checks([], [], [{"vni": 10001, "vteps": ["10.0.127.3", "10.0.127.4"]}])
    assert look(known, {}, {}, {"10001": facts}, 1.5).is_proved
    seen = look(unknown, {}, {}, {"10001": facts}, 1.5)
    assert seen.sentence("ams-pe") == "ams-pe VNI 10001: tunnel to expected 10.0.127.4, found 10.0.127.3"


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ("interface eth1\n description x\n", ""),
        ("interface eth9\n description x\n", "interface eth9 does not exist on this router; it has eth1, lo"),
        ("router isis CORE\n is-type level-2-only\n", ""),
        (
            "router bgp 65001\n bgp router-id 1.2.3.4\n",
            "'router bgp 65001' needs bgpd, which does not run; set bgpd=yes",
        ),
    ],
)
def test_what_the_router_lacks_is_said_before_anything_changes(wanted: str, problem: str) -> None:
    found = unmet(parse_wanted(wanted), {"eth1", "lo"}, {"zebra", "isisd"})
    assert found.startswith(problem) if problem else found == ""


def test_another_s_bgp_is_not_taken_over_without_a_word() -> None:
    ours = parse_wanted("router bgp 65000\n bgp router-id 10.0.127.1\n")
    theirs = parse("router bgp 65000\n neighbor 192.0.2.1 remote-as 64500\nexit\n!\n")
    assert occupied(ours, theirs, set()).startswith("'router bgp 65000' is configured on this router, and not by")
    assert occupied(ours, theirs, {"router bgp 65000"}) == ""
    assert occupied(ours, ours, set()) == occupied(ours, parse("router bgp 65000\nexit\n!\n"), set()) == ""
