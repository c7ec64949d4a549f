"""What is wrong with an installation, and what to do about it."""

from collections.abc import Callable, Iterator

from trunkline.doctor.check import Check
from trunkline.doctor.database import database
from trunkline.doctor.here import here
from trunkline.doctor.network import netbox, routers
from trunkline.settings import Settings

__all__ = ["Check", "examine"]


def examine(settings: Settings, *, devices: bool) -> Iterator[Check]:
    """Every check in turn; routers only with `devices`, since each takes seconds."""
    parts: list[Callable[[Settings], Iterator[Check]]] = [here, database, netbox, *([routers] if devices else [])]
    for part in parts:
        yield from part(settings)
