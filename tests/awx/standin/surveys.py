"""Surveys: what a survey may look like, and whether answers fit it.

After awx/main/models/mixins.py and JobTemplateSurveySpec of awx/api/views.
"""

from typing import Any

from tests.awx.standin.errors import AnswerError
from tests.awx.standin.store import Record

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,), "textarea": (str,), "password": (str,), "multiplechoice": (str,), "multiselect": (str, list),
    "integer": (int,), "float": (float, int),
}  # fmt: skip


def check_spec(spec: Any) -> None:
    """Raises AnswerError for a survey that AWX would not take."""
    for name, wanted, label in (
        ("name", str, "string"),
        ("description", str, "string"),
        ("spec", list, "list of items"),
    ):
        if name not in spec:
            raise _wrong(f"Field '{name}' is missing from survey spec.")
        if not isinstance(spec[name], wanted):
            raise _wrong(f"Expected {label} for field '{name}', received {type(spec[name]).__name__} type.")
    if not spec["spec"]:
        raise _wrong("'spec' doesn't contain any items.")
    seen: set[str] = set()
    for index, question in enumerate(spec["spec"]):
        _check_question(index, question, seen)


def _check_question(index: int, question: Record, seen: set[str]) -> None:
    _check_fields(index, question)
    if question["variable"] in seen:
        raise _wrong(f"'variable' '{question['variable']}' duplicated in survey question {index}.")
    seen.add(question["variable"])
    kind = question["type"]
    if kind not in _TYPES:
        raise _wrong(f"'{kind}' in survey question {index} is not one of '{', '.join(_TYPES)}' allowed question types.")
    default = question.get("default", "")
    if default != "" and not isinstance(default, _TYPES[kind]):
        label = kind if kind in ("integer", "float") else "string"
        raise _wrong(f"Default value {default} in survey question {index} expected to be {label}.")
    for key in ("min", "max"):
        if question.get(key) is not None and not isinstance(question[key], int):
            raise _wrong(f"The {key} limit in survey question {index} expected to be integer.")
    if kind.startswith("multi"):
        if "choices" not in question:
            raise _wrong(f"Survey question {index} of type {kind} must specify choices.")
        if default != "" and any(item not in choices(question) for item in str(default).splitlines()):
            raise _wrong("Default choice must be answered from the choices listed.")


def _check_fields(index: int, question: Record) -> None:
    for name in ("type", "question_name", "variable", "required"):
        if name not in question:
            raise _wrong(f"'{name}' missing from survey question {index}")
        wanted, label = (bool, "boolean") if name == "required" else (str, "string")
        if not isinstance(question[name], wanted):
            raise _wrong(f"'{name}' in survey question {index} expected to be {label}.")


def choices(question: Record) -> list[str]:
    """What may be chosen."""
    given = question["choices"]
    return given.splitlines() if isinstance(given, str) else list(given)


def errors_of(question: Record, answers: Record) -> list[str]:
    """What is wrong with the answer to one question."""
    name, kind = question["variable"], question["type"]
    if name not in answers:
        return [f"'{name}' value missing"] if question["required"] else []
    value = answers[name]
    if not kind.startswith("multi"):
        return _errors_of_one(question, value)
    if kind == "multiselect" and not isinstance(value, list):
        return [f"'{name}' value is expected to be a list."]
    chosen = value if isinstance(value, list) else [value]
    allowed = choices(question)
    return [f"Value {item} for '{name}' expected to be one of {allowed}." for item in chosen if item not in allowed]


def _errors_of_one(question: Record, value: Any) -> list[str]:
    name, kind = question["variable"], question["type"]
    if kind in ("text", "textarea", "password"):
        if not isinstance(value, str):
            return [f"Value {value} for '{name}' expected to be a string."]
        return _bounds(question, value, len(value), f"length is {len(value)} must be at least")
    if isinstance(value, bool) or not isinstance(value, _TYPES[kind]):
        expected = "an integer" if kind == "integer" else "a numeric type"
        return [f"Value {value} for '{name}' expected to be {expected}."]
    return _bounds(question, value, value, "must be at least")


def _bounds(question: Record, value: Any, size: Any, too_small: str) -> list[str]:
    name = question["variable"]
    low, high = question.get("min"), question.get("max")
    if low not in ("", None) and size < int(low):
        return [f"'{name}' value {value} is too small ({too_small} {low})."]
    if high not in ("", None) and size > int(high):
        return [f"'{name}' value {value} is too large (must be no more than {high})."]
    return []


def accept(template: Record, given: Record) -> tuple[Record, Record, list[str]]:
    """Of the variables given at launch: those that are taken, those that are ignored, and what is wrong."""
    left = dict(given)
    accepted: Record = {}
    rejected: Record = {}
    errors: list[str] = []
    if template["survey_enabled"] and template.get("survey_spec"):
        for question in template["survey_spec"]["spec"]:
            name = question["variable"]
            found = errors_of(question, given)
            errors += found
            if name in left:
                (rejected if found else accepted)[name] = left.pop(name)
    if template["ask_variables_on_launch"]:
        accepted |= left
        left = {}
    return accepted, rejected | left, errors


def defaults(template: Record) -> Record:
    """The answers that a survey gives by itself."""
    if not (template["survey_enabled"] and template.get("survey_spec")):
        return {}
    return {
        question["variable"]: question["default"]
        for question in template["survey_spec"]["spec"]
        if question.get("default") not in (None, "") or (question["type"] == "text" and question.get("default") == "")
    }


def needed(template: Record) -> list[str]:
    """The questions that must be answered."""
    if not (template["survey_enabled"] and template.get("survey_spec")):
        return []
    return [question["variable"] for question in template["survey_spec"]["spec"] if question["required"]]


def _wrong(text: str) -> AnswerError:
    return AnswerError(400, {"error": text})
