"""Jinja in what users give is never evaluated: a template in every string that every door takes.

Each template would write a file if anything evaluated it. `-s` shows the list of what was tried.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.live_service import Service, make_service, running
from tests.security.tried import Tried, put, rendering, strings
from trunkline.catalog import PRODUCTS
from trunkline.catalog.block import input_model
from trunkline.db.models import JsonObject
from trunkline.runs.launch.contract import Call, Stop
from trunkline.runs.launch.local import LocalLauncher
from trunkline.runs.lease import of_a_person
from trunkline.runs.tasks import TASKS
from trunkline.settings import Settings

EXAMPLES: dict[str, Any] = {
    "product": "node-frr",
    "customer": "noc",
    "shortcode": "noc",
    "workflow": "create-node-frr",
    "name": "ams-pe",
    "slug": "node-frr",
}


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a worker, whose playbooks are real ones."""
    with running(make_service(tmp_path_factory.mktemp("service"), database_url)) as started:
        yield started


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _resolved(found, document)
    for word in ("anyOf", "oneOf", "allOf"):
        options = [_resolved(item, document) for item in schema.get(word, ()) if item.get("type") != "null"]
        if options:
            return next((item for item in options if item.get("type") == "object"), options[0])
    return schema


def _example(schema: dict[str, Any], document: dict[str, Any], name: str = "") -> Any:
    """A value that fits, as far as that can be told."""
    schema = _resolved(schema, document)
    if schema.get("examples"):
        return schema["examples"][0]
    if name in EXAMPLES:
        return EXAMPLES[name]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object" or "properties" in schema:
        wanted = schema.get("properties", {})
        return {key: _example(item, document, key) for key, item in wanted.items()}
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), document)]
    return {"integer": 1, "number": 1, "boolean": True}.get(str(schema.get("type")), "text")


def _bodies(service: Service) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every request with a body that the API takes, with the input of each product and task."""
    document = service.client.get(f"http://127.0.0.1:{service.port}/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                yield method.upper(), path, _example(content["schema"], document)
    for product in PRODUCTS.values():
        schema = input_model(product.block).model_json_schema()
        values = _example(schema, schema)
        order = {"product": product.slug, "customer": "noc", "note": "text", "input": values, "plan_only": True}
        yield "POST", "/api/v1/subscriptions", order
        yield (
            "POST",
            "/api/v1/subscriptions/batch",
            {"orders": [{k: order[k] for k in ("product", "customer", "input")}]},
        )
        for workflow in product.workflows:
            pages = [{"customer": "noc", "note": "text"}, values, values, {"plan": str(uuid.UUID(int=0))}]
            yield "POST", f"/api/v1/forms/{workflow.name}", {"pages": pages[:3], "subscription": str(uuid.UUID(int=0))}
    for task in TASKS.values():
        schema = task.input.model_json_schema()
        yield "POST", f"/api/v1/tasks/{task.name}", {"input": _example(schema, schema), "plan_only": True}


def _filled(path: str) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: str(EXAMPLES.get(found[1], uuid.UUID(int=0))), path)


def test_every_string_of_every_body(service: Service, evaluated: Path, template: str) -> None:
    tried = Tried(evaluated)
    host = service.url.removesuffix("/api/v1")
    for method, path, body in _bodies(service):
        for place in strings(body):
            answer = service.client.request(method, host + _filled(path), json=put(body, place, template))
            tried(f"{method} {path} {'.'.join(place)}", answer.status_code, answer.text.replace(template, ""))
    for run in service.call("GET", "/runs?limit=200", 200)["items"]:
        assert list(service.events(run))  # to its end: what was taken has gone through real playbooks
    assert not evaluated.exists()
    tried.tell("REST bodies")
    assert len(tried.places) > 100


def test_every_string_of_every_query_path_and_header(service: Service, evaluated: Path, template: str) -> None:
    tried = Tried(evaluated)
    host = service.url.removesuffix("/api/v1")
    document = service.client.get(f"{host}/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                name, where = parameter["name"], parameter["in"]
                url, more = _filled(path), {}
                if where == "path":
                    url = _filled(re.sub(rf"{{{name}(:\w+)?}}", "TEMPLATE", path)).replace(
                        "TEMPLATE", httpx.QueryParams({"x": template}).__str__()[2:]
                    )
                elif where == "query":
                    more = {"params": {name: template}}
                else:
                    more = {"headers": {name: template}}
                answer = service.client.request(method, host + url, timeout=30, **more)  # type: ignore[arg-type]
                tried(f"{method.upper()} {path} {where} {name}", answer.status_code, answer.text.replace(template, ""))
    tried.tell("REST queries, paths and headers")
    assert len(tried.places) > 50


def test_every_argument_of_the_command_line(service: Service, evaluated: Path, template: str) -> None:
    access = {"TRUNKLINE_URL": service.url.removesuffix("/api/v1"), "TRUNKLINE_TOKEN": service.token}
    service.environment |= access
    tried = Tried(evaluated)
    commands = [
        [
            "create",
            "node",
            "--name",
            template,
            "--site",
            "ams",
            "--role",
            "pe",
            "--management",
            "172.20.20.11/24",
            "-y",
        ],
        ["customers", "create", "tmpl", "--name", template],
        ["subscriptions", "list", "--status", template],
        ["runs", "show", template],
        ["tokens", "create", template, "--scope", "viewer"],
        ["tasks", "run", template],
    ]
    for command in commands:
        done = service.run(*command, check=False)
        said = (done.stdout + done.stderr).replace(template, "")
        tried(" ".join(command), 500 if "Traceback" in said else 200, said)
    tried.tell("command line")


def test_every_string_of_the_extra_vars_of_a_launch(
    evaluated: Path, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("ANSIBLE_INVENTORY", "/dev/null")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "render.yml").write_text(rendering())
    settings = Settings(
        database_url="postgresql://nowhere/none", playbooks_dir=tmp_path / "playbooks", project_dir=tmp_path
    )
    statement = template.replace("{{", "{% if").replace("}}", "%}x{% endif %}")
    order = {
        "name": template,
        "list": [template, f"text {template} text", statement, f"{{# {template} #}}", f"{template}\n{statement}"],
        "deep": {"er": [{"est": template}], template: template},
    }
    events: list[JsonObject] = []
    variables: JsonObject = {"order": order, template: template}
    call = Call(uuid.uuid4(), "render.yml", variables, check=False, timeout_s=60)
    with of_a_person(settings, call.timeout_s) as lease, closing(LocalLauncher(settings, lease)) as launcher:
        assert launcher.play(call, "key", events.append, Stop()).ok, events
    told: Any = next(item["event_data"] for item in events if item["event"] == "playbook_on_stats")
    assert told["artifact_data"]["order"] == order | {"more": order["list"]}
    assert told["artifact_data"]["echoed"] == f"{template} text {template} text"
    tried = Tried(evaluated)
    for place in strings(order):
        tried(f"extra vars order.{'.'.join(place)}", 200, str(events).replace(template, ""))
    tried.tell("extra vars of a launch")


@pytest.mark.parametrize(
    "value",
    [
        "ams\nexit",
        "ams\r",
        "ams!",
        'ams"',
        "ams'",
        "ams;id",
        "ams$(id)",
        "ams`id`",
        "ams|id",
        "../ams",
        "ams\u2028x",
        "\u0430ms",  # Cyrillic a
        "am\uff53",  # full-width s
        "ams\u200b",
        "ams\u202e",
        "a" * 101,
        "",
        " ams",
    ],
)
def test_a_name_that_could_leave_its_place_is_refused(service: Service, value: str) -> None:
    node = {"name": value, "site": value, "role": value, "management": "172.20.20.11/24"}
    ends = {end: {"node": value, "interface": f"{value}!"} for end in ("a", "z")}
    for product, given in (("node-frr", node), ("core-circuit-10g", ends)):
        body = {"product": product, "customer": "noc", "input": given}
        problem = service.call("POST", "/subscriptions", 422, json=body)
        fields = {f"input.{name}" for name in node if name != "management"}
        if product != "node-frr":
            fields = {f"input.{end}.{name}" for end in ("a", "z") for name in ("node", "interface")}
        assert {error["field"] for error in problem["errors"]} == fields
