"""FRR's own spelling: what is pushed is what `show running-config` gives back."""

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.frr_canonical import canonical_line


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("ipv6 address FC00:0000:1::0/127", ["ipv6 address fc00:0:1::/127"]),
        ("ipv6 address 2001:db8::0001/64", ["ipv6 address 2001:db8::1/64"]),
        ("ip address 10.0.1.0/31", ["ip address 10.0.1.0/31"]),
        ("ip  address   10.0.1.0/31", ["ip address 10.0.1.0/31"]),
        ("ip address nonsense/31", ["ip address nonsense/31"]),
        ("ip address", ["ip address"]),
        ("isis metric 10", []),
        ("isis metric 100", ["isis metric 100"]),
        ("metric-style wide", []),
        ("spf-interval 1", []),
        ("lsp-gen-interval 1", ["lsp-timers gen-interval 1 refresh-interval 900 max-lifetime 1200"]),
        ("lsp-gen-interval level-2 1", ["lsp-gen-interval level-2 1"]),
        (" network 192.0.2.0/24", [" network 192.0.2.0/24"]),
    ],
)
def test_a_line_is_brought_to_the_form_that_frr_stores(written: str, stored: list[str]) -> None:
    assert canonical_line(written) == stored
