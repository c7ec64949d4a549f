"""Marks a field whose values a person chooses from a list; the list is NetBox's."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ChosenFrom:
    """`things` of NetBox; of those that one device has, `device` is the field beside it that names the device."""

    things: Literal["sites", "roles", "free interfaces"]
    device: str = ""
