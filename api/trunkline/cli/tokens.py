"""trunkline tokens: tokens that open the API."""

from typing import Annotated

import typer

commands = typer.Typer(no_args_is_help=True, help="Tokens that open the API.")


@commands.command("create")
def tokens_create(
    name: Annotated[str, typer.Argument(help="Who will use it; runs carry this name")],
    replace: Annotated[bool, typer.Option("--replace", help="Revoke the tokens that had this name")] = False,
) -> None:
    """Make a token and print it, this once."""
    import asyncio

    from trunkline.auth import create_token, revoke_tokens_named
    from trunkline.db.session import make_engine, make_sessions
    from trunkline.settings import get_settings

    async def create() -> str:
        engine = make_engine(get_settings().database_url)
        try:
            async with make_sessions(engine).begin() as session:
                if replace:
                    await revoke_tokens_named(session, name)
                return (await create_token(session, name)).token
        finally:
            await engine.dispose()

    typer.echo(asyncio.run(create()))
