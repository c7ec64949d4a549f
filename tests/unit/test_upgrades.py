"""What an upgrade may do: add to the database, and install what the lock files name, by hash."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.dev.state import PROJECT

# What the first release has. From then on the release before works on while its processes are replaced.
_FIRST_RELEASE = "0014"
_TAKES_AWAY = re.compile(r"\b(drop\s+(table|column|function|view|type)|rename|set\s+not\s+null)\b", re.IGNORECASE)
_LOCKS = [PROJECT / "uv.lock", *sorted((PROJECT / "api").rglob("uv.lock"))]


def taken_away(source: str) -> Iterator[str]:
    """What `upgrade()` of a migration does that the release before would trip over."""
    (upgrade,) = (
        node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    constants = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    texts = {ast.unparse(node.targets[0]): ast.unparse(node.value) for node in constants}
    for call in (node for node in ast.walk(upgrade) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        text = ast.unparse(call)
        gone = name.startswith(("drop_", "rename_")) or "new_column_name" in given or "type_" in given
        stricter = name == "alter_column" and given.get("nullable") == "False"
        wanting = name == "add_column" and "nullable=False" in text and "server_default" not in text
        if gone or stricter or wanting:
            yield text
        elif name == "execute":
            statement = ast.unparse(call.args[0])
            if _TAKES_AWAY.search(texts.get(statement, statement)):
                yield text


def _since_the_first_release() -> list[Path]:
    """The migrations after it, by what each follows."""
    follows = {}
    for path in (PROJECT / "migrations/versions").glob("*.py"):
        found = dict(re.findall(r'^(revision|down_revision) = "?(\w+)"?$', path.read_text(), re.MULTILINE))
        follows[found["down_revision"]] = (found["revision"], path)
    later, at = [], _FIRST_RELEASE
    while at in follows:
        at, path = follows[at]
        later.append(path)
    return later


def test_migrations_only_add_so_that_the_release_before_works_on() -> None:
    later = _since_the_first_release()
    assert later != []
    assert {path.name: found for path in later if (found := list(taken_away(path.read_text())))} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "op.drop_column('runs', 'title')",
        "op.rename_table('runs', 'jobs')",
        "op.alter_column('runs', 'title', new_column_name='name')",
        "op.alter_column('runs', 'title', nullable=False)",
        "op.add_column('runs', sa.Column('x', sa.Integer(), nullable=False))",
        "op.execute('ALTER TABLE runs DROP COLUMN title')",
        "op.execute(_SQL)",
    ],
)
def test_what_takes_away_is_noticed(statement: str) -> None:
    assert list(taken_away(f"_SQL = 'DROP TABLE runs'\ndef upgrade():\n    {statement}\n")) != []


@pytest.mark.parametrize(
    "statement",
    [
        "op.add_column('runs', sa.Column('x', sa.Integer(), server_default='0', nullable=False))",
        "op.create_table('x', sa.Column('y', sa.Integer(), nullable=False))",
        "op.execute('CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql')",
    ],
)
def test_what_adds_is_fine(statement: str) -> None:
    assert list(taken_away(f"def upgrade():\n    {statement}\n")) == []


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda path: str(path.parent.relative_to(PROJECT)))
def test_every_file_that_may_be_installed_is_locked_by_its_hash(lock: Path) -> None:
    packages = tomllib.loads(lock.read_text())["package"]
    files = [file for package in packages for file in [*package.get("wheels", []), package.get("sdist")] if file]
    assert len(files) > 50
    assert [file for file in files if not re.fullmatch(r"sha256:[0-9a-f]{64}", file.get("hash", ""))] == []
    from_elsewhere = [package for package in packages if set(package["source"]) - {"registry", "editable", "virtual"}]
    assert from_elsewhere == []


@pytest.mark.parametrize("script", ["api/trunkline/dev/bootstrap.sh", "Dockerfile"])
def test_an_installation_takes_what_the_lock_file_names(script: str) -> None:
    commands = re.findall(r'(?:"\$uv"|/uv) (sync|pip|add|lock)\b([^\n]*)', (PROJECT / script).read_text())
    assert {name for name, _ in commands} == {"sync"}
    assert all("--frozen" in options for _, options in commands)
