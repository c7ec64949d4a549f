from pathlib import Path

import pytest
import yaml

from trunkline.dev.errors import DevError
from trunkline.dev.scenario import Scenario

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_ping_of_the_workshop_goes_through_the_core_router() -> None:
    assert Scenario.load(EXAMPLES / "workshop.yml").farthest_pair() == ["ams-pe", "par-p", "lon-pe"]


def test_in_a_ring_of_five_the_farthest_router_is_two_hops_away() -> None:
    scenario = Scenario.load(EXAMPLES / "ring.yml")
    assert len(scenario.nodes) == 5
    assert len(scenario.farthest_pair()) == 3


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"circuits": [{"a": {"node": "nowhere", "interface": "eth1"}, "z": {"node": "par-p", "interface": "eth2"},
                        "product": "Core circuit 10G"}]}, "nowhere is not one of the nodes"),
        ({"nodes": []}, "nodes"),
        ({"spines": []}, "spines"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_scenario_is_said_by_field(tmp_path: Path, change: object, complaint: str) -> None:
    content = yaml.safe_load((EXAMPLES / "workshop.yml").read_text())
    content.update(change)
    file = tmp_path / "mine.yml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(DevError, match=complaint):
        Scenario.load(file)


def test_a_missing_scenario_file_names_the_variable_to_set() -> None:
    with pytest.raises(DevError, match=r"SCENARIO=none\.yml does not exist"):
        Scenario.load(Path("none.yml"))
