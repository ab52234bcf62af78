"""The command line: one file per command, read when the command is asked for."""

import gc
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from mockserver.cli.environment import give_twins, name_twin, warn_of_mistakes
from mockserver.cli.output import guard_output
from mockserver.errors import (
    ContractError,
    MockServerError,
    PortInUse,
    RecordingError,
    ScenarioError,
    UsageError,
)
from mockserver.hint import suggest
from mockserver.version import VERSION

# Name and help line of every command, so that a list of them reads no command's file.
COMMANDS: Final = {
    "serve": "Run the emulator.",
    "exec": "Run a command with the emulator beside it.",
    "conform": "Judge a client: run it against scripted trouble.",
    "record": "Record what a client and a live API say to each other.",
    "replay": "Serve what was recorded.",
    "routes": "List every address that is served.",
    "models": "List the models that can be asked for.",
    "scenarios": "List what a client can be put into, and what can be broken on purpose.",
    "env": "Print the variables that point a client at the server.",
    "wait": "Wait until a server is ready.",
    "drift": "Hold a recording against a contract.",
    "diff": "Compare two contracts, or two editions of one.",
    "lint": "Check contracts and scenarios.",
    "decode": "Show what a result file carries.",
}

EXIT_CODES: Final[dict[type[MockServerError], int]] = {
    UsageError: 2,
    PortInUse: 3,
    ContractError: 4,
    RecordingError: 4,
    ScenarioError: 4,
}


class Commands(click.Group):
    """The commands by name, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's name
        """Every command, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """A command, read from its file."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"mockserver.cli.{cmd_name}").command
        give_twins(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, or a complaint with the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = suggest(args[0], COMMANDS)
            raise click.UsageError(f"no such command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands in --help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-V", "--version", message="mockserver %(version)s")
@click.pass_context
def group(context: click.Context) -> None:
    """Fake asynchronous image-generation APIs on this machine, so that tests need no key.

    \b
    mockserver serve                    run it on http://127.0.0.1:8787
    mockserver COMMAND --help           each command explains itself

    Every flag has a twin in the environment: MOCKSERVER_PORT=9000 is --port 9000.
    Exit status: 0 fine, 1 findings, 2 usage, 3 port in use, 4 bad contract, scenario or recording.
    """  # noqa: D301 - click wants the backspace itself
    warn_of_mistakes(group, context)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; a failure is a line or two on stderr."""
    # Modules and contracts make many objects, and all of them stay. A server turns collection on
    # again once it serves.
    gc.disable()
    try:
        with guard_output():
            return _run(arguments)
    finally:
        gc.enable()


def _run(arguments: Sequence[str] | None) -> int:
    try:
        status = group.main(
            None if arguments is None else list(arguments),
            prog_name="mockserver",
            standalone_mode=False,
        )
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.BadParameter as error:
        name_twin(error)
        return _complain(error.format_message(), 2, error.ctx)
    except click.UsageError as error:
        return _complain(error.format_message(), 2, error.ctx)
    except click.ClickException as error:
        return _complain(error.format_message(), 2)
    except MockServerError as error:
        return _complain(str(error), EXIT_CODES.get(type(error), 1))
    except (click.Abort, KeyboardInterrupt):
        return 130
    return status if isinstance(status, int) else 0


def _complain(problem: str, status: int, context: click.Context | None = None) -> int:
    command = context.command_path if context else "mockserver"
    click.echo(f"{command}: {problem}", err=True)
    if context:
        click.echo(f"See '{command} --help'.", err=True)
    return status
