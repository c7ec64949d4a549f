# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_paths import Link, sentences

TRIANGLE = {"1": Link("TL-1", "ams", "par"), "2": Link("TL-2", "par", "lon"), "3": Link("TL-3", "ams", "lon")}
L2VPNS = {"TL-A": {"ams", "lon"}, "TL-B": {"par", "lon"}, "TL-C": {"ams"}}


@pytest.mark.parametrize("gone", [["1"], ["2"], ["3"], []])
def test_a_circuit_with_another_path_around_it_is_worth_no_word(gone: list[str]) -> None:
    assert sentences(TRIANGLE, gone, L2VPNS) == []


def test_the_only_path_is_told_with_the_l2vpns_that_it_carries() -> None:
    chain = {key: TRIANGLE[key] for key in ("1", "2")}
    assert sentences(chain, ["2"], L2VPNS) == [
        "TL-2: there is no other path between par and lon; TL-A, TL-B depend on it"
    ]


def test_circuits_that_go_together_are_no_path_for_each_other() -> None:
    assert sentences(TRIANGLE, ["1", "3"], {}) == [
        "TL-1: there is no other path between ams and par",
        "TL-3: there is no other path between ams and lon",
    ]


def test_two_circuits_side_by_side_stand_in_for_each_other() -> None:
    assert sentences({"1": Link("TL-1", "a", "z"), "2": Link("TL-2", "a", "z")}, ["1"], {}) == []
