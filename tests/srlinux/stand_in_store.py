"""The stand-in router's configuration: a tree, changed in transactions that can wait to be confirmed."""

import copy
import threading
from collections.abc import Callable
from typing import Any

from tests.srlinux.stand_in_models import RefusedError, Step, canonical, check, child_of, is_leaf_list, keys_of, steps

Tree = dict[str, Any]
IN_PROGRESS = "Cannot commit transaction (commit confirmed in progress)"


class Store:
    """Running and startup configuration."""

    def __init__(self, running: Tree) -> None:
        self.running = canonical(None, running)
        check(self.running, semantics=True)
        self.startup = copy.deepcopy(self.running)
        self.commits = 0
        self.saves = 0
        self.reverts = 0
        self._lock = threading.RLock()
        self._before: Tree | None = None
        self._timer: threading.Timer | None = None

    @property
    def pending(self) -> bool:
        """Whether a transaction waits to be confirmed."""
        return self._before is not None

    def candidate(self, commands: list[dict[str, Any]], commit: bool) -> Tree:
        """What the commands would make of the running configuration; `commit` validates the whole."""
        tree: Tree = copy.deepcopy(self.running)
        for action in ("delete", "replace", "update"):
            for command in commands:
                if command["action"] == action:
                    _ACTIONS[action](tree, steps(command["path"]), command.get("value"))
        tree = _pruned(tree)
        check(tree, semantics=commit)
        return tree

    def diff(self, commands: list[dict[str, Any]]) -> str:
        """What the commands would change, as the CLI prints it."""
        with self._lock:
            return text_diff(self.running, self.candidate(commands, commit=False))

    def validate(self, commands: list[dict[str, Any]]) -> None:
        with self._lock:
            self.candidate(commands, commit=True)

    def commit(self, commands: list[dict[str, Any]], confirm_timeout_s: int) -> None:
        """One transaction."""
        with self._lock:
            if self.pending:
                raise RefusedError(IN_PROGRESS)
            tree = self.candidate(commands, commit=True)
            if confirm_timeout_s:
                self._before = self.running
                self._timer = threading.Timer(confirm_timeout_s, self._time_out, [self._before])
                self._timer.daemon = True
                self._timer.start()
            self.running = tree
            self.commits += 1

    def accept(self) -> None:
        with self._lock:
            self._stop_waiting()

    def reject(self) -> None:
        with self._lock:
            self.running = self._stop_waiting()

    def save(self) -> None:
        with self._lock:
            self.startup = copy.deepcopy(self.running)
            self.saves += 1

    def by_hand(self, action: str, path: str, value: Any = None) -> None:
        """What a person at the CLI does."""
        self.commit([{"action": action, "path": path, "value": value}], 0)

    def _stop_waiting(self) -> Tree:
        if self._before is None or self._timer is None:
            raise RefusedError("There is no commit that waits to be confirmed")
        self._timer.cancel()
        before, self._before, self._timer = self._before, None, None
        return before

    def _time_out(self, before: Tree) -> None:
        with self._lock:
            if self._before is before:
                self.running = before
                self._before = self._timer = None
                self.reverts += 1


def get(tree: Tree, path: str) -> Any:
    """What is at a path: a leaf's value, an entry's or container's members, {} where there is nothing."""
    return _get(tree, steps(path))


def text_diff(before: Tree, after: Tree) -> str:
    """The difference in the form of SR Linux's CLI; "" if there is none."""
    return "".join(f"{line}\n" for line in _diff(None, before, after, 0))


def _get(here: Any, rest: list[Step]) -> Any:
    for number, step in enumerate(rest):
        value = here.get(step.name) if isinstance(here, dict) else None
        if value is None:
            return {}
        if step.is_list and ("*" in step.keys.values() or not step.keys):
            below = rest[number + 1 :]
            chosen = [entry for entry in value if step.matches(entry)]
            return {step.name: [_with_keys(step, entry, below) for entry in chosen]} if chosen else {}
        here = next((entry for entry in value if step.matches(entry)), {}) if step.is_list else value
    return here


def _with_keys(step: Step, entry: Tree, below: list[Step]) -> Tree:
    if not below:
        return entry
    keys = {key: entry[key] for key in keys_of(step.node)}
    inner = _get(entry, below)
    last = below[-1]
    if inner and not (last.is_list and not all(last.keys.values())) and last.name not in inner:
        inner = {last.name: [inner] if last.is_list else inner}
    return keys | (inner if isinstance(inner, dict) else {})


def _parent(tree: Tree, path: list[Step], make: bool) -> Tree | None:
    """The node above the last step; None where it is not there and not to be made."""
    here: Tree = tree
    for step in path[:-1]:
        if not step.is_list:
            if step.name not in here and not make:
                return None
            here = here.setdefault(step.name, {})
            continue
        entry = next((entry for entry in here.get(step.name, []) if step.matches(entry)), None)
        if entry is None and not make:
            return None
        if entry is None:
            entry = dict(step.keys)
            here.setdefault(step.name, []).append(entry)
        here = entry
    return here


def _delete(tree: Tree, path: list[Step], _value: Any = None) -> None:
    parent, last = _parent(tree, path, make=False), path[-1]
    if parent is None or last.name not in parent:
        return
    if last.keys:
        parent[last.name] = [entry for entry in parent[last.name] if not last.matches(entry)]
    else:
        del parent[last.name]


def _replace(tree: Tree, path: list[Step], value: Any) -> None:
    if path:
        _delete(tree, path)
    else:
        tree.clear()
    _update(tree, path, value)


def _update(tree: Tree, path: list[Step], value: Any) -> None:
    if not path:
        _merge(None, tree, canonical(None, value))
        return
    parent, last = _parent(tree, path, make=True), path[-1]
    assert parent is not None
    new = canonical(last.node, value)
    if last.keys:
        new = [dict(last.keys) | (new or {})]
    _merge_member(last.node, parent, last.name, new)


_ACTIONS: dict[str, Callable[[Tree, list[Step], Any], None]] = {
    "delete": _delete,
    "replace": _replace,
    "update": _update,
}


def _merge(node: Any, into: Tree, new: Tree) -> None:
    for name, value in new.items():
        _merge_member(child_of(node, name), into, name, value)


def _merge_member(node: Any, into: Tree, name: str, value: Any) -> None:
    if keys := keys_of(node):
        present = into.setdefault(name, [])
        for entry in value:
            same = next((old for old in present if all(str(old[key]) == str(entry[key]) for key in keys)), None)
            if same is None:
                present.append(entry)
            else:
                _merge(node, same, entry)
    elif isinstance(value, dict):
        _merge(node, into.setdefault(name, {}), value)
    elif isinstance(value, list):
        into[name] = [*into.get(name, []), *(item for item in value if item not in into.get(name, []))]
    else:
        into[name] = value


def _pruned(value: Any) -> Any:
    """Without empty containers and lists, which say nothing."""
    if isinstance(value, dict):
        members = {name: _pruned(inner) for name, inner in value.items()}
        return {name: inner for name, inner in members.items() if inner not in ({}, [])}
    return [_pruned(inner) for inner in value] if isinstance(value, list) else value


def _diff(node: Any, before: Tree, after: Tree, depth: int) -> list[str]:
    lines = []
    for name in dict.fromkeys((*before, *after)):
        child = child_of(node, name)
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if keys := keys_of(child):
            old_entries = {tuple(str(entry[key]) for key in keys): entry for entry in old or []}
            new_entries = {tuple(str(entry[key]) for key in keys): entry for entry in new or []}
            for key in dict.fromkeys((*old_entries, *new_entries)):
                title = " ".join((str(child.name), *map(_quoted, key)))
                one, other = (_body(found.get(key), keys) for found in (old_entries, new_entries))
                lines += _block(child, title, one, other, depth)
        elif isinstance(old or new, dict):
            lines += _block(child, str(child.name), old, new, depth)
        else:
            lines += _leaf_lines("-", child, old, depth) + _leaf_lines("+", child, new, depth)
    return lines


def _body(entry: Tree | None, keys: list[str]) -> Tree | None:
    return None if entry is None else {name: value for name, value in entry.items() if name not in keys}


def _block(node: Any, title: str, old: Tree | None, new: Tree | None, depth: int) -> list[str]:
    if old == new:
        return []
    sign = "-" if new is None else "+" if old is None else " "
    inner = _diff(node, old or {}, new or {}, depth + 1)
    return [_line(sign, f"{title} {{", depth), *inner, _line(sign, "}", depth)]


def _leaf_lines(sign: str, node: Any, value: Any, depth: int) -> list[str]:
    if value is None:
        return []
    if is_leaf_list(node):
        inner = [_line(sign, _quoted(item), depth + 1) for item in value]
        return [_line(sign, f"{node.name} [", depth), *inner, _line(sign, "]", depth)]
    return [_line(sign, f"{node.name} {_quoted(value)}", depth)]


def _line(sign: str, text: str, depth: int) -> str:
    return f"{sign}     {'    ' * depth}{text}"


def _quoted(value: Any) -> str:
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    text = text.rpartition(":")[2] if text.startswith("srl_nokia-") else text
    return f'"{text}"' if " " in text else text
