"""trunkline dev: the local stack that `make demo` and `make up` start."""

import typer

from trunkline.cli.orders import FREE_OPTIONS


def dev(context: typer.Context) -> None:
    """Start, stop and measure a local stack: demo, up, down, env, bench, as `make` does."""
    import sys

    from trunkline.cli.client import FAILED, CliError

    try:
        from trunkline.dev.__main__ import main
    except ImportError as error:
        raise CliError(f"{error.name} is not installed: run it from a checkout, with `make`", FAILED) from error
    sys.argv = ["trunkline dev", *context.args]
    raise typer.Exit(main())


def register(cli: typer.Typer) -> None:
    """Add the command to the program."""
    cli.command(context_settings=FREE_OPTIONS, add_help_option=False)(dev)
