"""What of a stage goes beside each other, and what of it one request after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import (
    Progress,
    lanes,
    portions,
    send_all,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import RefusedError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Operation

if TYPE_CHECKING:
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import Part

SPACE = "3b1f8b2a-9d0c-4d75-8f4e-6a2f5f6b8c22"


def parts(type_: str, count: int, op: str = "create") -> list[Part]:
    group = [Operation(op, type_, "", f"{type_} {number}", 0, SPACE, id=number) for number in range(count)]
    return [(part, Progress()) for part in portions(group)]


def test_addresses_go_one_request_after_the_other_and_first_and_cables_beside() -> None:
    cables, addresses = parts("dcim.cable", 100), parts("ipam.ipaddress", 150)
    assert lanes([*cables, *addresses]) == [addresses, [cables[0]], [cables[1]]]


def test_prefixes_of_all_pools_wait_for_each_other_as_their_removals_do() -> None:
    first, second = parts("ipam.prefix", 1), parts("ipam.prefix", 2)
    gone = parts("ipam.prefix", 30, "delete")
    assert lanes([*first, *second, *gone]) == [first + second, gone]


def test_what_comes_after_a_refusal_is_not_sent() -> None:
    class Refusing:
        def delete(self, _path: str, ids: list[int]) -> None:
            if 25 in ids:
                raise RefusedError("no", 400)

    (lane,) = lanes(parts("ipam.prefix", 75, "delete"))
    with pytest.raises(RefusedError):
        send_all(Refusing(), lane)  # type: ignore[arg-type]
    assert [len(progress.done) for _part, progress in lane] == [25, 0, 0]
    assert [len(progress.sent) for _part, progress in lane] == [0, 25, 0]
