"""A template in every string that a door takes: where there are strings, and what came of each."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.said import say

type Place = tuple[str, ...]


_RENDER_EVERYWHERE = """
- hosts: localhost
  gather_facts: false
  vars:
    again: "{{ order }}"
  tasks:
    - name: "Named {{ order.name }}"
      ansible.builtin.set_fact:
        copied: "{{ again | combine({'more': order.list}) }}"
    - name: Put it into texts, arguments and loops
      ansible.builtin.debug:
        msg: "{{ item }} and {{ lookup('ansible.builtin.vars', 'copied').deep.er[0].est }}"
      loop: "{{ copied.list }}"
      when: order.name is defined and order.name != 'x'
    - name: Hand it to a process
      ansible.builtin.command: {argv: [echo, "{{ order.name }}", "{{ copied.more[1] }}"]}
      register: echoed
    - name: Tell
      ansible.builtin.set_stats:
        per_host: false
        data: {order: "{{ copied }}", echoed: "{{ echoed.stdout | default('') }}", result: "{{ echoed }}"}
"""


def rendering(order: str | None = None) -> str:
    """A playbook that puts `order` everywhere: an extra var of that name, or what this expression makes of others.

    It has `name`, `list` (of two texts and more) and `deep.er[0].est`, and comes back as an artifact.
    """
    made = f'  vars:\n    order: "{{{{ {order} }}}}"\n'
    return _RENDER_EVERYWHERE.replace("  vars:\n", made, 1) if order else _RENDER_EVERYWHERE


class Tried:
    """What was tried, and what came of it."""

    def __init__(self, evaluated: Path) -> None:
        self.evaluated_by: list[str] = []
        self.crashed: list[str] = []
        self.places: list[str] = []
        self._file = evaluated

    def __call__(self, place: str, status: int, text: str) -> None:
        """Note the answer to a template at this place."""
        self.places.append(place)
        if self._file.exists() or re.search(r"uid=\d+", text):
            self.evaluated_by.append(place)
            self._file.unlink(missing_ok=True)
        if status >= 500 and status != 503:
            self.crashed.append(f"{place}: {status} {text[:200]}")

    def tell(self, door: str) -> None:
        """Print the count, and fail if any was evaluated or crashed."""
        # Of a whole run only the counts: a thousand lines would hide what failed.
        places = [] if "PYTEST_XDIST_WORKER" in os.environ else self.places
        counts = f"evaluated {len(self.evaluated_by)}, crashed {len(self.crashed)} ({door})"
        say(*places, f"inputs tried {len(self.places)}, {counts}")
        assert (self.evaluated_by, self.crashed) == ([], [])


def strings(value: Any, at: Place = ()) -> Iterator[Place]:
    """The place of every string in it, names of fields included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*at, key, "<name>")
            yield from strings(item, (*at, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from strings(item, (*at, str(number)))
    elif isinstance(value, str):
        yield at


def put(value: Any, place: Place, template: str) -> Any:
    if not place:
        return template
    head, *rest = place
    if rest == ["<name>"]:
        return {template if key == head else key: item for key, item in value.items()}
    if isinstance(value, list):
        return [put(item, tuple(rest), template) if str(n) == head else item for n, item in enumerate(value)]
    return {key: put(item, tuple(rest), template) if key == head else item for key, item in value.items()}
