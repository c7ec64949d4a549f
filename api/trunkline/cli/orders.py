"""trunkline create, modify, terminate, validate, resync, plan: what is done with network services."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trunkline.cli.show import AsJson

if TYPE_CHECKING:
    from trunkline.cli.client import Client, Json

FREE_OPTIONS: dict[str, Any] = {"allow_extra_args": True, "ignore_unknown_options": True}

PlanOnly = Annotated[bool, typer.Option("--plan-only", help="Print what would be done, exactly, and change nothing")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Apply the plan without asking")]
Approval = Annotated[
    Literal["auto", "manual"] | None,
    typer.Option(help="auto: as --yes; manual: wait for `trunkline runs approve`, also when nobody can be asked here"),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Print the run's id and do not follow it")]


def _complete_word(incomplete: str) -> list[str]:
    from trunkline.cli.client import Client, CliError
    from trunkline.cli.find import words_of

    try:
        products = Client.from_environment().pages("/products", {"fields": "slug,block"})
    except CliError:
        return []
    words = sorted({word for product in products for word in words_of(product)})
    return [word for word in words if word.startswith(incomplete)]


def complete_subscription(incomplete: str) -> list[str]:
    """Descriptions and names that begin so; nothing when the service does not answer."""
    from trunkline.cli.client import Client, CliError

    params = {"status": "initial,provisioning,active,migrating,disabled", "fields": "id,description,block"}
    if incomplete:
        params["q"] = incomplete
    try:
        found = Client.from_environment().pages("/subscriptions", params, 50)
    except CliError:
        return []
    return [str(item["block"].get("name") or item["id"]) for item in found]


Which = Annotated[
    str,
    typer.Argument(
        help="Id, how it begins, name, or description of the subscription", autocompletion=complete_subscription
    ),
]


def create(
    context: typer.Context,
    word: Annotated[
        str,
        typer.Argument(help="Product: its slug, or its short word", autocompletion=_complete_word, metavar="PRODUCT"),
    ],
    customer: Annotated[str, typer.Option(help="Shortcode of the customer", envvar="TRUNKLINE_CUSTOMER")] = "",
    note: Annotated[str, typer.Option(help="A note for people")] = "",
    plan_only: PlanOnly = False,
    yes: Yes = False,
    approval: Approval = None,
    no_wait: NoWait = False,
    json: AsJson = False,
) -> None:
    """Order a product. Its fields are options: `trunkline create circuit --a ams-pe:eth1 --z par-p:eth1`.

    `trunkline products show PRODUCT` lists them. What is missing is asked for, on a terminal.
    """
    from trunkline.cli.client import Client

    client = Client.from_environment()
    product = _product(client, word)
    body = {
        "product": product["slug"],
        "input": _input(product["input_schema"], context.args),
        "customer": customer or customer_of(client),
        "note": note,
        "plan_only": plan_only,
        "approval": approval or ("auto" if yes or no_wait or not asks() else "manual"),
    }
    run = client.call("POST", "/subscriptions", body=body)
    see_to_the_end(client, run, plan_only=plan_only, no_wait=no_wait, json=json)


def modify(
    context: typer.Context,
    which: Which,
    note: Annotated[str | None, typer.Option(help="Another note")] = None,
    status: Annotated[str | None, typer.Option(help="active, migrating or disabled")] = None,
    plan_only: PlanOnly = False,
    yes: Yes = False,
    approval: Approval = None,
    no_wait: NoWait = False,
    json: AsJson = False,
) -> None:
    """Change fields: `trunkline modify "ams-pe:eth1 par-p:eth2" --under-maintenance`."""
    from trunkline.cli import fields, find, show
    from trunkline.cli.client import Client

    client = Client.from_environment()
    subscription = find.subscription(client, which)
    product = client.call("GET", f"/products/{subscription['product']}")
    body: Json = {
        "plan_only": plan_only,
        "approval": approval or ("auto" if yes or no_wait or not asks() else "manual"),
    }
    if context.args:
        body["input"] = fields.parse(fields.resolved(product["input_schema"]), context.args)
    body |= {key: value for key, value in (("note", note), ("status", status)) if value is not None}
    answer = client.call("PATCH", f"/subscriptions/{subscription['id']}", body=body)
    if "target" in answer:
        see_to_the_end(client, answer, plan_only=plan_only, no_wait=no_wait, json=json)
    elif json:
        show.as_json(answer)


def terminate(
    which: Which,
    skip_devices: Annotated[
        bool, typer.Option("--skip-devices", help="Its routers are gone: clear NetBox only")
    ] = False,
    plan_only: PlanOnly = False,
    yes: Yes = False,
    approval: Approval = None,
    no_wait: NoWait = False,
    json: AsJson = False,
) -> None:
    """Take it off the routers and out of NetBox."""
    from trunkline.cli import find
    from trunkline.cli.client import Client

    client = Client.from_environment()
    subscription = find.subscription(client, which)
    params = {
        "plan_only": plan_only,
        "skip_devices": skip_devices,
        "approval": approval or ("auto" if yes or no_wait or not asks() else "manual"),
    }
    run = client.call("DELETE", f"/subscriptions/{subscription['id']}", params=params)
    see_to_the_end(client, run, plan_only=plan_only, no_wait=no_wait, json=json)


def validate(which: Which, no_wait: NoWait = False, json: AsJson = False) -> None:
    """Look whether NetBox and the routers are as ordered; exit code 7 and the difference when they are not."""
    from trunkline.cli import find, show
    from trunkline.cli.client import Client
    from trunkline.cli.follow import follow, report

    client = Client.from_environment()
    run = client.call("POST", f"/subscriptions/{find.subscription(client, which)['id']}/validate")
    if not no_wait:
        run = follow(client, run, quiet=json)
        if run["drift"] and not json:
            show.plan(client.call("GET", f"/runs/{run['id']}/plan"))
        raise typer.Exit(report(run, as_json=json))
    say_id(run, json=json)


def resync(which: Which, plan_only: PlanOnly = False, no_wait: NoWait = False, json: AsJson = False) -> None:
    """Bring NetBox and the routers back to what was ordered; create again what never came into service."""
    from trunkline.cli import find
    from trunkline.cli.client import Client

    client = Client.from_environment()
    path = f"/subscriptions/{find.subscription(client, which)['id']}/resync"
    run = client.call("POST", path, params={"plan_only": plan_only})
    see_to_the_end(client, run, plan_only=plan_only, no_wait=no_wait, json=json)


def plan(which: Which, json: AsJson = False) -> None:
    """Print what `resync` would do; nothing is changed."""
    resync(which, plan_only=True, no_wait=False, json=json)


def asks() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def say_id(run: "Json", *, json: bool) -> None:
    """Print a run that is not followed."""
    from trunkline.cli import show

    if json:
        show.as_json(run)
    else:
        print(run["id"])


def see_to_the_end(client: "Client", run: "Json", *, plan_only: bool, no_wait: bool, json: bool) -> None:
    """Follow the run; show its plan where somebody decides on it, and ask. Ends the command with its exit code."""
    from trunkline.cli import show
    from trunkline.cli.follow import WAITS, follow, report

    if no_wait:
        say_id(run, json=json)
        return
    run = follow(client, run, quiet=json, until_approval=True)
    if plan_only and run["status"] == "completed":
        found = client.call("GET", f"/runs/{run['id']}/plan")
        if json:
            show.as_json(found)
        else:
            show.plan(found)
        return
    while run["status"] == WAITS and asks():
        found = client.call("GET", f"/runs/{run['id']}/plan")
        show.plan(found)
        if not agreed(run):
            withdraw(client, run)
            raise typer.Exit(1)
        client.call("POST", f"/runs/{run['id']}/approve", body={"digest": found["digest"]})
        run = follow(client, run, quiet=json, until_approval=True)
    raise typer.Exit(report(run, as_json=json))


def agreed(run: "Json") -> bool:
    """Whether the person who is asked wants the plan applied."""
    try:
        return typer.confirm("Apply this plan?")
    except (typer.Abort, KeyboardInterrupt):
        short = run["id"][:8]
        print(f"\nThe run waits: trunkline runs approve {short}, or trunkline runs cancel {short}", file=sys.stderr)
        raise typer.Exit(130) from None


def withdraw(client: "Client", run: "Json") -> None:
    """Nothing was changed; of an order nothing stays reserved, either."""
    client.call("POST", f"/runs/{run['id']}/cancel")
    if run["target"] == "create" and run["subscription"]["status"] == "initial":
        client.call("DELETE", f"/subscriptions/{run['subscription']['id']}")
    print("Not applied; nothing was changed.", file=sys.stderr)


def _product(client: "Client", word: str) -> "Json":
    from trunkline.cli import find
    from trunkline.cli.client import USAGE, CliError

    products = client.pages("/products", {})
    # A hidden product is listed to who knows its slug.
    found = find.products_called(products, word) or client.pages("/products", {"slug": word})
    if not found:
        words = ", ".join(sorted({name for product in products for name in find.words_of(product)}))
        raise CliError(f"{word}: there is no such product; there are {words}", USAGE)
    slugs = [product["slug"] for product in found]
    chosen = slugs[0]
    if len(slugs) > 1 and asks():
        one_of = Literal.__getitem__(tuple(slugs))
        chosen = typer.prompt(f"Which product ({', '.join(slugs)})", default=slugs[0], type=one_of)
    elif len(slugs) > 1:
        print(f"{word} means {chosen} here; say {' or '.join(slugs[1:])} for that", file=sys.stderr)
    return dict(client.call("GET", f"/products/{chosen}"))


def _input(schema: "Json", arguments: list[str]) -> "Json":
    from trunkline.cli import fields
    from trunkline.cli.client import USAGE, CliError

    whole = fields.resolved(schema)
    given = fields.parse(whole, arguments)
    lacking = fields.missing(whole, given)
    if lacking and not asks():
        names = "; ".join(f"--{fields.flag(name)} ({fields.hint(item)})" for name, item in lacking)
        raise CliError(f"missing: {names}", USAGE)
    for name, item in lacking:
        text = typer.prompt(f"{name.replace('_', ' ')} ({fields.hint(item)})")
        given[name] = fields.convert(item, text, name)
    return given


def customer_of(client: "Client") -> str:
    """The only customer there is, else the one that a person names. Raises CliError."""
    from trunkline.cli.client import USAGE, CliError

    known = [str(item["shortcode"]) for item in client.pages("/customers", {"fields": "shortcode"}, 50)]
    if len(known) == 1:
        return known[0]
    if known and asks():
        return str(typer.prompt(f"customer ({', '.join(known)})", default=known[0]))
    there_are = f"one of {', '.join(known)}" if known else "make one: trunkline customers create SHORTCODE NAME"
    raise CliError(f"--customer (or TRUNKLINE_CUSTOMER): give {there_are}", USAGE)


def register(cli: typer.Typer) -> None:
    """Add the commands to the program."""
    cli.command(context_settings=FREE_OPTIONS)(create)
    cli.command(context_settings=FREE_OPTIONS)(modify)
    for command in (terminate, validate, resync, plan):
        cli.command()(command)
