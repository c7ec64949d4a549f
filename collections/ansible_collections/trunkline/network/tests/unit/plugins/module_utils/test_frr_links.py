# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils import frr_vlan
from ansible_collections.trunkline.network.plugins.module_utils.frr_links import (
    Link,
    LinkError,
    commands,
    diff,
    observed,
    wanted_links,
)
from ansible_collections.trunkline.network.plugins.module_utils.frr_links_device import (
    NONE,
    read_record,
    remembered,
    write_record,
)

PORTS: list[dict[str, Any]] = [{"interface": "eth3", "mtu": 9000}, {"interface": "eth4", "mtu": None}]
L2VPNS: list[dict[str, Any]] = [
    {
        "name": "TL-1",
        "vni": 10001,
        "local": "10.0.127.1",
        "saps": [
            {"interface": "eth3", "vlan": None, "mtu": 9000},
            {"interface": "eth4", "vlan": 100, "mtu": None},
        ],
    }
]
BARE = {name: Link(name, mtu=9500) for name in ("eth3", "eth4", "eth5")}
MADE = {
    **BARE,
    "eth3": Link("eth3", mtu=9000, master="br10001"),
    "eth4.100": Link("eth4.100", "vlan", 9500, "br10001", parent="eth4", number=100),
    "br10001": Link("br10001", "bridge", 9000),
    "vni10001": Link("vni10001", "vxlan", 9000, "br10001", number=10001, local="10.0.127.1"),
}
OURS = {"eth3", "eth4", "eth4.100", "br10001", "vni10001"}


def lines(current: dict[str, Link], wanted: dict[str, Link], *, ours: set[str], **was: int) -> list[str]:
    return [" ".join(command) for command in commands(current, wanted, ours, was)]


def test_an_l2vpn_is_a_bridge_a_tunnel_and_its_access_points() -> None:
    assert lines(BARE, wanted_links(PORTS, L2VPNS), ours=set(), eth3=9500) == [
        "link add br10001 type bridge mcast_snooping 0",
        "link set dev br10001 addrgenmode none",
        "link set dev br10001 up",
        "link set dev eth3 mtu 9000",
        "link set dev eth3 master br10001",
        "link add vni10001 type vxlan id 10001 local 10.0.127.1 dstport 4789 nolearning",
        "link set dev vni10001 mtu 9000",
        "link set dev vni10001 addrgenmode none",
        "link set dev vni10001 master br10001",
        "link set dev vni10001 type bridge_slave neigh_suppress on learning off",
        "link set dev vni10001 up",
        "link add link eth4 name eth4.100 type vlan id 100",
        "link set dev eth4.100 addrgenmode none",
        "link set dev eth4.100 master br10001",
        "link set dev eth4.100 up",
    ]


def test_what_is_there_is_left_alone() -> None:
    wanted = wanted_links(PORTS, L2VPNS)
    assert lines(MADE, wanted, ours=OURS, eth3=9500) == []
    assert diff(MADE, wanted, OURS) == ""


def test_what_is_no_longer_wanted_goes_and_a_port_is_again_what_it_was() -> None:
    assert lines(MADE, {}, ours=OURS, eth3=9500) == [
        "link set dev eth3 nomaster",
        "link set dev eth3 mtu 9500",
        "link delete dev eth4.100",
        "link delete dev vni10001",
        "link delete dev br10001",
    ]
    assert lines(MADE, wanted_links(PORTS, []), ours=OURS, eth3=9500) == [
        "link delete dev eth4.100",
        "link delete dev vni10001",
        "link delete dev br10001",
        "link set dev eth3 nomaster",
    ]


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ({"eth3": replace(MADE["eth3"], master="")}, ["link set dev eth3 master br10001"]),
        ({"br10001": replace(MADE["br10001"], up=False)}, ["link set dev br10001 up"]),
        (
            {"eth4.100": replace(MADE["eth4.100"], number=101)},
            [
                "link delete dev eth4.100",
                "link add link eth4 name eth4.100 type vlan id 100",
                "link set dev eth4.100 addrgenmode none",
                "link set dev eth4.100 master br10001",
                "link set dev eth4.100 up",
            ],
        ),
    ],
)
def test_what_somebody_changed_is_shown_and_mended(broken: dict[str, Link], mended: list[str]) -> None:
    wanted = wanted_links(PORTS, L2VPNS)
    assert lines({**MADE, **broken}, wanted, ours=OURS, eth3=9500) == mended
    assert diff({**MADE, **broken}, wanted, OURS).count("\n+link") == 1


def test_what_is_not_ours_is_neither_taken_nor_missed() -> None:
    foreign = {**BARE, "br10001": Link("br10001", "vxlan", number=5)}
    with pytest.raises(LinkError, match=r"br10001: there is a link of that name that is not Trunkline's"):
        commands(foreign, wanted_links(PORTS, L2VPNS), set(), {})
    bridged = {**BARE, "eth3": Link("eth3", mtu=9500, master="br0")}
    with pytest.raises(LinkError, match="eth3: it is in br0, which is not Trunkline's"):
        commands(bridged, wanted_links(PORTS, []), set(), {})
    with pytest.raises(LinkError, match="eth9: the router has no such interface"):
        commands(BARE, wanted_links([{"interface": "eth9", "mtu": None}], []), set(), {})


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        (PORTS[:1], "eth4: TL-1 ends on it, and it is no port"),
        ([PORTS[0], {"interface": "a-long-name14", "mtu": None}], r"a-long-name14\.100: longer than 15 characters"),
    ],
)
def test_what_cannot_be_made_is_said(ports: list[dict[str, Any]], message: str) -> None:
    renamed = [{**L2VPNS[0], "saps": [{**sap} for sap in L2VPNS[0]["saps"]]}]
    if ports[-1]["interface"].startswith("a-"):
        renamed[0]["saps"][1]["interface"] = ports[-1]["interface"]
    with pytest.raises(LinkError, match=message):
        wanted_links(ports, renamed)


def test_the_router_s_own_words_are_understood() -> None:
    answer = [
        {"ifname": "lo", "mtu": 65536, "flags": ["UP"]},
        {"ifname": "eth3", "mtu": 9000, "master": "br10001", "flags": ["UP"], "linkinfo": {"info_kind": "veth"}},
        {"ifname": "br10001", "mtu": 9000, "flags": ["UP"], "linkinfo": {"info_kind": "bridge"}},
        {
            "ifname": "vni10001",
            "mtu": 9000,
            "master": "br10001",
            "flags": ["UP"],
            "linkinfo": {
                "info_kind": "vxlan",
                "info_data": {"id": 10001, "local": "10.0.127.1"},
                "info_slave_data": {"neigh_suppress": True},
            },
        },
        {
            "ifname": "eth4.100",
            "mtu": 9500,
            "master": "br10001",
            "flags": ["UP"],
            "link": "eth4",
            "linkinfo": {"info_kind": "vlan", "info_data": {"id": 100}},
        },
    ]
    found = observed(answer)
    assert {name: found[name] for name in ("eth3", "eth4.100", "br10001", "vni10001")} == {
        name: MADE[name] for name in ("eth3", "eth4.100", "br10001", "vni10001")
    }
    stand_in = {**answer[-1], "linkinfo": {"info_kind": "veth"}, "ifalias": "vlan 100 on eth4"}
    assert observed([stand_in])["eth4.100"] == MADE["eth4.100"]
    answer[3]["linkinfo"]["info_slave_data"]["neigh_suppress"] = False  # type: ignore[index]
    assert observed(answer)["vni10001"].master == ""


def test_the_mtu_from_before_a_port_is_remembered_until_it_is_none(tmp_path: Any) -> None:
    first = remembered(BARE, NONE, {"ports": PORTS, "l2vpns": [], "was": {}})
    assert first["was"] == {"eth3": 9500}
    again = remembered(MADE, first, {"ports": [{"interface": "eth3", "mtu": None}], "l2vpns": [], "was": {}})
    assert again["was"] == {"eth3": 9500}
    file = str(tmp_path / "links.json")
    write_record(first, file)
    assert read_record(file) == first
    write_record(NONE, file)
    assert read_record(file) == NONE
    assert not list(tmp_path.iterdir())


def test_the_programs_that_stand_in_for_a_vlan_name_vlan_and_interfaces() -> None:
    inward, outward = frr_vlan.untag(100, 7), frr_vlan.tag(100, 3)
    assert [number for _code, _to, _from, _offset, number in inward if number in (100, 7)] == [100, 7]
    assert [number for _code, _to, _from, _offset, number in outward][:4] == [0x0081, 100, 18, 3]
    # Jumps lead to the end: a frame of another VLAN, or of none, is left to others.
    for at, (code, _to, _from, offset, _number) in enumerate(inward):
        if code in (0x15, 0x55):
            assert inward[at + 1 + offset][0] == 0xB7
            assert inward[at + 1 + offset][4] == -1
