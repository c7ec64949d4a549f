"""The topology as the API speaks of it."""

import uuid
from typing import Literal

from pydantic import BaseModel, Field

type State = Literal["planned", "provisioning", "up", "maintenance", "drift", "disabled"]


class TopologyNode(BaseModel):
    """A subscription that others join."""

    id: uuid.UUID
    name: str = Field(examples=["ams-pe"])
    description: str = Field(examples=["Node ams-pe at ams"])
    group: str = Field(examples=["ams"], description="Its site")
    state: State
    run: uuid.UUID | None = Field(description="The run that works on it at this moment")


class TopologyLink(BaseModel):
    """A subscription that joins two others; `planned`: it is not there yet."""

    id: uuid.UUID = Field(description="Of the subscription; of an order not yet placed, of its plan's run")
    description: str = Field(examples=["Core circuit ams-pe:eth1 - par-p:eth2"])
    a: uuid.UUID
    z: uuid.UUID
    state: State
    run: uuid.UUID | None
    ordered: bool = Field(description="false: only planned, `id` is that of the run")


class Topology(BaseModel):
    """All nodes, and what joins them."""

    nodes: list[TopologyNode]
    links: list[TopologyLink]
