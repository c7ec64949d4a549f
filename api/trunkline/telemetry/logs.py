"""The log of a process: one line an event, each with the run and the subscription that it is about."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from trunkline.runs.events import clean, known_secrets
from trunkline.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import Processor

_LIBRARIES = ("uvicorn", "uvicorn.access", "uvicorn.error")


def configure(settings: Settings) -> None:
    """Write the log to standard error, as text for people or as JSON for machines; never a secret we were given."""
    secrets = [*known_secrets(), *_secrets_of(settings)]

    def without_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: clean(value, secrets) if isinstance(value, str) else value for key, value in event.items()}

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    last += [structlog.processors.format_exc_info, without_secrets]
    last.append(structlog.processors.JSONRenderer() if settings.log_format == "json" else _line)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _LIBRARIES:
        # uvicorn has handlers of its own, and would write every line in its own form.
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """What is logged while the block runs carries these ids."""
    with structlog.contextvars.bound_contextvars(**{name: str(value) for name, value in ids.items() if value}):
        yield


def _secrets_of(settings: Settings) -> list[str]:
    given = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]
    parts = [part.strip() for value in given for part in value.split(",")]
    return [part for part in (*parts, urlsplit(settings.database_url).password) if part]


def _line(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    when, level, name, text = (event.pop(key, "") for key in ("timestamp", "level", "logger", "event"))
    exception = event.pop("exception", None)
    ids = "".join(f" {key}={value}" for key, value in event.items())
    return f"{when} {level.upper()} {name}: {text}{ids}" + (f"\n{exception}" if exception else "")
