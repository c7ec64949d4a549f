"""The templates and what they can call."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from trunkline.web.assets import url_of
from trunkline.web.words import STATES, status_word

_ID = re.compile(r" \([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)")
_FOLDER = Path(__file__).parent / "templates"


@lru_cache
def templates() -> Environment:
    """The environment of all templates."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"asset": url_of, "STATES": STATES, "with_query": _with_query}
    made.filters |= {
        "when": _when,
        "age": _age,
        "seconds": _seconds,
        "value": _value,
        "word": status_word,
        "without_ids": _without_ids,
    }
    return made


def _when(moment: datetime | str | None) -> Markup:
    """A time, also as JSON has it; the browser shows it in the reader's zone."""
    if moment is None:
        return Markup('<span class="none">-</span>')
    utc = (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="milliseconds"), utc.strftime("%Y-%m-%d %H:%M:%S")
    )


def _age(moment: datetime | None) -> Markup:
    """A time; the browser shows how long ago it was."""
    return _when(moment).replace("<time ", Markup("<time data-age "), 1)


def _seconds(started: datetime | None, finished: datetime | None) -> str:
    """How long it took; nothing while it goes on."""
    if started is None or finished is None:
        return ""
    seconds = (finished - started).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _value(value: object) -> str:
    """A value of a block, for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)


def _without_ids(text: str) -> str:
    """A refusal as people read it: its ids are for programs, and the page has links."""
    return _ID.sub("", text)


def _with_query(path: str, query: Mapping[str, object], **changes: object) -> str:
    """`path` with `query`, in which `changes` are made; None leaves a field out."""
    merged = {name: value for name, value in {**query, **changes}.items() if value not in (None, "")}
    return f"{path}?{urlencode(merged)}" if merged else path
