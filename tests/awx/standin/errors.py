"""The answers that AWX gives instead of what was asked for."""

from typing import Any


class AnswerError(Exception):
    """Ends a request with this status and body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(body)
        self.status, self.body = status, body


def not_found() -> AnswerError:
    """No such object, or no such path."""
    return AnswerError(404, {"detail": "Not found."})


def not_allowed(method: str) -> AnswerError:
    """The path does not know the method, or the object's state forbids it."""
    return AnswerError(405, {"detail": f'Method "{method}" not allowed.'})


def invalid(**fields: Any) -> AnswerError:
    """What is wrong, field by field."""
    return AnswerError(400, {name: said if isinstance(said, list | dict) else [said] for name, said in fields.items()})
