"""trunkline tokens: tokens that open the API."""

from typing import Annotated

import typer

from trunkline.cli.show import AsJson

commands = typer.Typer(no_args_is_help=True, help="Tokens that open the API.")


@commands.command("create")
def tokens_create(
    name: Annotated[str, typer.Argument(help="Who will use it; runs carry this name")],
    replace: Annotated[bool, typer.Option("--replace", help="Revoke the tokens that had this name")] = False,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="viewer, operator, approver or admin (the default); operator:product=node-frr,customer=noc"),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days after which it opens nothing")] = None,
) -> None:
    """Make a token in the database and print it, this once. Needs TRUNKLINE_DATABASE_URL, and no token."""
    import asyncio
    from datetime import UTC, datetime, timedelta

    from trunkline.access import Caller, Role
    from trunkline.access.audit import signed
    from trunkline.access.tokens import create_token, revoke_tokens_named
    from trunkline.db.session import make_engine, make_sessions
    from trunkline.settings import get_settings

    async def create() -> str:
        engine = make_engine(get_settings().database_url)
        try:
            async with make_sessions(engine).begin() as session:
                by = _user()
                await signed(session, Caller(by, via="trunkline tokens create"), "")
                if replace:
                    await revoke_tokens_named(session, name)
                expires = datetime.now(UTC) + timedelta(days=days) if days else None
                new = await create_token(session, name, scope or [Role.ADMIN], expires_at=expires, by=by)
                return new.token
        finally:
            await engine.dispose()

    typer.echo(asyncio.run(create()))


def _user() -> str:
    """Who works at this terminal; in a container the user may have no name."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@commands.command("list")
def tokens_list(json: AsJson = False) -> None:
    """List tokens, without their secrets."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().pages("/tokens", {})
    if json:
        show.as_json(found)
        return
    rows = [
        (
            item["prefix"],
            item["name"],
            " ".join(item["scopes"]),
            show.when(item["last_used_at"]),
            show.when(item["expires_at"]),
            "revoked" if item["revoked_at"] else "",
        )
        for item in found
    ]
    show.table(("token", "name", "scopes", "last used", "expires", ""), rows)


@commands.command("revoke")
def tokens_revoke(
    prefix: Annotated[str, typer.Argument(help="How the token begins, as `tokens list` shows it")],
) -> None:
    """From now on it opens nothing."""
    from trunkline.cli.client import NOT_FOUND, Client, CliError

    client = Client.from_environment()
    found = client.pages("/tokens", {"prefix": prefix})
    if not found:
        raise CliError(f"{prefix}: there is no such token; see `trunkline tokens list`", NOT_FOUND)
    client.call("DELETE", f"/tokens/{found[0]['id']}")
