"""The OpenAPI document, with every error as what it is: a problem document that any operation may answer with."""

from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from trunkline.access import Role
from trunkline.errors import ProblemDocument
from trunkline.routes.authentication import Where, needs
from trunkline.routes.problems import MEDIA_TYPE

_READS = needs(Role.VIEWER, Where.ANYWHERE)
_SCHEMA = {"$ref": "#/components/schemas/ProblemDocument"}
_COMMON = {
    "401": "No token, or one that opens nothing",
    "403": "The caller may not do this",
    "404": "What the path names does not exist",
    "422": "The input is wrong: `errors` names each field",
    "413": "The request's body is too large",
    "429": "Too many requests: wait as long as Retry-After says",
    "503": "Something that is needed does not answer",
}
# Said by the server itself, before any of our code sees the request.
_UNREADABLE = {
    "description": "Not HTTP, or longer than 64 KiB before its body",
    "content": {"text/plain": {"schema": {"type": "string"}, "example": "Invalid HTTP request received."}},
}
_OF_CHANGES = {"409": "It cannot be done now: `detail` says what stands against it, and what to do"}
# They need no token, and name nothing that could be missing.
_OPEN = ("/api/v1/health/live",)


def install(app: FastAPI) -> None:
    """Give `app` this document; it takes a token or a session, as everything does. The page /docs shows it."""
    made_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(made_by_fastapi())
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False, dependencies=[_READS])
    async def document() -> JSONResponse:
        return JSONResponse(openapi())


def _complete(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schemas["ProblemDocument"].pop("$defs", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            errors = {} if path in _OPEN else _COMMON | ({} if method == "get" else _OF_CHANGES)
            for status in list(operation["responses"]):
                if status.startswith(("4", "5")):
                    errors = {status: operation["responses"].pop(status)["description"]} | errors
            for status, description in errors.items():
                operation["responses"][status] = {
                    "description": description,
                    "content": {MEDIA_TYPE: {"schema": _SCHEMA}},
                }
            operation["responses"]["400"] = _UNREADABLE
