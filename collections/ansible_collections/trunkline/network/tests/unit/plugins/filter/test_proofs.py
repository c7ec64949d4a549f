"""What is asked of a router to prove what it was told to carry."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trunkline.network.plugins.filter.proofs import proofs
from ansible_collections.trunkline.network.plugins.module_utils.proof_checks import checks

INTENT = {
    "device": "ams-pe",
    "loopback": {"interface": "lo", "ipv4": "10.0.127.2/32", "ipv6": "fc00:0:0:127::2/128"},
    "circuits": [
        {
            "interface": "eth1",
            "ipv4": "10.0.1.0/31",
            "ipv6": "fc00:0:1::/127",
            "neighbor": "par-p",
            "neighbor_ipv4": "10.0.1.1/31",
            "neighbor_ipv6": "fc00:0:1::1/127",
            "neighbor_loopback_ipv4": "10.0.127.3/32",
            "neighbor_loopback_ipv6": "fc00:0:0:127::3/128",
        }
    ],
}


def test_an_intent_is_proved_by_addresses_adjacency_and_pings_over_link_and_loopback() -> None:
    wanted = proofs(INTENT, ["eth1"])
    assert [(check.kind, check.subject, check.expected) for check in checks(wanted["interfaces"], wanted["pings"])] == [
        ("address", "lo", "10.0.127.2/32"),
        ("address", "lo", "fc00:0:0:127::2/128"),
        ("address", "eth1", "10.0.1.0/31"),
        ("address", "eth1", "fc00:0:1::/127"),
        ("adjacency", "eth1", "Up with par-p"),
        ("ping", "10.0.1.0", "10.0.1.1"),
        ("ping", "10.0.127.2", "10.0.127.3"),
        ("ping", "fc00:0:1::", "fc00:0:1::1"),
        ("ping", "fc00:0:0:127::2", "fc00:0:0:127::3"),
    ]


def test_a_removed_node_has_nothing_to_prove() -> None:
    assert proofs({"device": "ams-pe", "loopback": None, "circuits": []}) == {
        "interfaces": [],
        "pings": [],
        "tunnels": [],
    }


def test_an_interface_without_a_circuit_cannot_be_proved() -> None:
    with pytest.raises(AnsibleFilterError, match="ams-pe: no circuit ends on eth7; circuits end on eth1"):
        proofs(INTENT, ["eth7"])
