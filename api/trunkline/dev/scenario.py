"""A scenario file (examples/*.yml): the network that a demo builds."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trunkline.dev.errors import DevError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Customer(_Strict):
    """A customer, as the service keeps it."""

    shortcode: str
    name: str


class Node(_Strict):
    """The order of a node."""

    name: str
    site: str
    role: str
    product: str
    management: str


class End(_Strict):
    """One end of a circuit."""

    node: str
    interface: str


class Circuit(_Strict):
    """The order of a circuit."""

    a: End
    z: End
    product: str
    isis_metric: Annotated[int, Field(ge=1, le=16777214)] = 10

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.a.node}:{self.a.interface} - {self.z.node}:{self.z.interface}"


class Scenario(_Strict):
    """A network: what NetBox needs beforehand (pools, sites, isis) and what is ordered (customers, nodes, circuits)."""

    # These go to playbooks/netbox_bootstrap.yml as they are: the role checks them.
    pools: list[dict[str, Any]]
    sites: list[dict[str, Any]]
    isis: dict[str, Any]
    maintenance_metric: int
    evpn: dict[str, Any] | None = None
    customers: Annotated[list[Customer], Field(min_length=1)]
    nodes: Annotated[list[Node], Field(min_length=2)]
    circuits: Annotated[list[Circuit], Field(min_length=1)]

    @model_validator(mode="after")
    def _circuits_join_nodes(self) -> "Scenario":
        names = {node.name for node in self.nodes}
        for circuit in self.circuits:
            for end in (circuit.a, circuit.z):
                if end.node not in names:
                    raise ValueError(f"circuits: {end.node} is not one of the nodes ({', '.join(sorted(names))})")
        return self

    @classmethod
    def load(cls, path: Path) -> "Scenario":
        """Read the file; what is wrong with it is said by field."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text()))
        except FileNotFoundError as error:
            raise DevError(f"SCENARIO={path} does not exist; examples/ has some.") from error
        except (yaml.YAMLError, ValidationError) as error:
            raise DevError(f"SCENARIO={path} is not a scenario: {error}") from error

    def farthest_pair(self) -> list[str]:
        """The nodes along the longest of all shortest paths (by metric), ends included: worth a ping."""
        metric: dict[str, dict[str, int]] = {node.name: {} for node in self.nodes}
        for circuit in self.circuits:
            for one, other in ((circuit.a.node, circuit.z.node), (circuit.z.node, circuit.a.node)):
                metric[one][other] = min(circuit.isis_metric, metric[one].get(other, circuit.isis_metric))
        paths = [_shortest(metric, one.name, other.name) for one in self.nodes for other in self.nodes if one != other]
        # The most hops first; among equals the file's order decides.
        return max(paths, key=len, default=[])


def _shortest(metric: dict[str, dict[str, int]], start: str, end: str) -> list[str]:
    reached: dict[str, tuple[int, list[str]]] = {start: (0, [start])}
    todo = [start]
    while todo:
        here = todo.pop(0)
        cost, path = reached[here]
        for neighbor, step in metric[here].items():
            if neighbor not in reached or cost + step < reached[neighbor][0]:
                reached[neighbor] = (cost + step, [*path, neighbor])
                todo.append(neighbor)
    return reached[end][1] if end in reached else []
