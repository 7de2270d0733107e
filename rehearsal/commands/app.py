"""`rehearse [options] COMMAND [ARG…]` and its own subcommands."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from rehearsal.commands.cloud import cloud
from rehearsal.engine import find_engine
from rehearsal.errors import RehearsalError
from rehearsal.lock import write_made_up_locks
from rehearsal.session import run as run_session
from rehearsal.workspace import Workspace, project_directory

__all__ = ["main"]


class _CommandOrSubcommand(TyperGroup):
    """Takes a first word that is no subcommand of ours as the command to run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_CommandOrSubcommand,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
app.add_typer(cloud, name="cloud")


@app.callback(epilog="Any other first word is run as a command: [bold]rehearse pulumi up --stack eu[/]")
def options(
    context: typer.Context,
    provider: Annotated[
        list[str] | None,
        typer.Option(
            help="Answer for a provider that has no installed SDK with a plain echo. May be repeated.",
            metavar="NAME",
        ),
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(help="Keep state here instead of in `.rehearsal/` beside Pulumi.yaml.", metavar="DIR"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave out the first line.")] = False,
) -> None:
    """Run COMMAND, usually [bold]pulumi …[/], with the real engine and no cloud account.

    The engine is the one on PATH when it is 3.249 or later, else it is built once from its Go module.
    Every provider is answered by a twin that checks inputs as the real one does and keeps what it
    created in [bold].rehearsal/[/]. Exits with the command's own status.
    """
    context.obj = {"provider": provider or [], "workspace": _workspace(workspace), "quiet": quiet}


def _workspace(given: Path | None) -> Workspace:
    if given is not None:
        return Workspace(given.resolve())
    here = Path.cwd()
    return Workspace((project_directory(here) or here) / ".rehearsal")


@app.command(
    hidden=True,
    context_settings={
        "allow_extra_args": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
        "ignore_unknown_options": True,
    },
)
def run(context: typer.Context) -> None:
    """Run any command under a rehearsal (also one that has the name of a subcommand)."""
    given = context.obj
    command = [*context.args]
    if not command:
        raise RehearsalError("no command to run; usually it is `rehearse pulumi preview --stack eu`")
    raise typer.Exit(run_session(command, given["workspace"], given["provider"], quiet=given["quiet"]))


@app.command()
def engine() -> None:
    """Find the engine, building it when needed, and print its path."""
    print(find_engine().path)


@app.command()
def lock(
    context: typer.Context,
    wanted: Annotated[
        Path | None,
        typer.Argument(help="YAML lists of wanted images and models; standard input when left out."),
    ] = None,
) -> None:
    """Make up lock files from lists of what stacks want; nothing in, nothing out."""
    place: Workspace = context.obj["workspace"]
    place.prepare()
    try:
        text = wanted.read_text() if wanted else sys.stdin.read()
    except OSError as error:
        raise RehearsalError(f"{wanted}: {error.strerror}") from error
    for path in write_made_up_locks(text, place.locks):
        print(path)


def main() -> None:
    """Entry point; a mistake ends in one message and exit status 1."""
    try:
        app(prog_name="rehearse")
    except RehearsalError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"rehearse: {error}", style="red", markup=False
        )
        sys.exit(1)
