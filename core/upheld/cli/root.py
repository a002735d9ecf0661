"""The command ``upheld``: what it finds its commands by, and how it tells of errors."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import IO, Any, Final

import click

from upheld import __version__
from upheld.cli.app import App
from upheld.errors import UpheldError

#: Where each command is, in the order in which people meet them: set up, run, work, look after.
COMMANDS: Final[Mapping[str, str]] = {
    "demo": "demo:demo",
    "init": "init:init",
    "check": "check:check",
    "run": "run:run",
    "status": "status:status",
    "stop": "stop:stop",
    "resume": "stop:resume",
    "cases": "cases:cases",
    "explain": "explain:explain",
    "report": "report:report",
    "policy": "policy:policy",
    "calendar": "calendar:calendar",
    "oncall": "oncall:oncall",
    "monitors": "monitors:monitors",
    "sync": "sync:sync",
    "links": "links:links",
    "connections": "connections:connections",
    "advisories": "advisories:advisories",
    "conflicts": "conflicts:conflicts",
    "outbox": "outbox:outbox",
    "deadletters": "deadletters:deadletters",
    "mail": "mail:mail",
    "audit": "audit:audit",
    "webhooks": "webhooks:webhooks",
    "plugins": "plugins:plugins",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "db": "db:db",
    "completion": "completion:completion",
}
_HELP: Final[Mapping[str, str]] = {
    "demo": "See a Severity 1 from the first mail to the evidence.",
    "init": "Write an upheld.yaml that `check` accepts.",
    "check": "Try everything that running will need; changes nothing.",
    "run": "Run the daemon.",
    "status": "Say what is going on, and what is wrong.",
    "stop": "Hold everything outgoing, at once.",
    "resume": "Let it go again.",
    "cases": "List cases and work on them.",
    "explain": "Say why a case stands as it does.",
    "report": "What was promised, and what came of it.",
    "policy": "Read, compare, try and check policies.",
    "calendar": "See days, apply new ones, check examples.",
    "oncall": "See who is on duty, and put somebody else there.",
    "monitors": "See what is watched, try it, plan maintenance of it.",
    "sync": "See and steer how cases and trackers are kept in step.",
    "links": "See, make and undo links between cases and items.",
    "connections": "See what the far end of a connection is made of.",
    "advisories": "Updates that systems need, and where they are not applied.",
    "conflicts": "See what both sides changed, and decide.",
    "outbox": "See, drop or release what waits to go out.",
    "deadletters": "See, replay or drop what was given up.",
    "mail": "See what came in and belongs to no case.",
    "audit": "Verify that nothing on record was changed.",
    "webhooks": "Have far ends call when something changes.",
    "plugins": "See which plugins there are.",
    "backup": "Write the whole ledger to a file.",
    "restore": "Bring it back, with everything outgoing held.",
    "db": "Create or upgrade the database.",
    "completion": "Print the completion script of a shell.",
}


_INTERRUPTED: Final = 130


class Told(click.ClickException):
    """What went wrong, printed without a traceback."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.__dict__["exit_code"] = exit_code  # click declares it as the class's

    def show(self, file: IO[Any] | None = None) -> None:
        """What happened, where, what to do next."""
        from upheld.cli.output import clean

        click.echo(f"upheld: {clean(self.message)}", err=True, file=file)


class Commands(click.Group):
    """Knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return _of_a_plugin(cmd_name)
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"upheld.cli.{module}"), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _HELP[name]) for name in COMMANDS])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the nearest name where there is none."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from upheld.source import suggest

            ctx.fail(f"No such command {name!r}: {suggest(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, for words that can be written down: a ledger holds Unicode."""
        for word in args:
            if not _is_unicode(word):
                ctx.fail(f"{word!a} is not in UTF-8: type it in a terminal that is.")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong is told, not thrown, save with ``--debug``."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            raise Told("interrupted", _INTERRUPTED) from None
        except Exception as error:
            if ctx.params.get("debug") or _is_clicks(error):
                raise
            raise _told(error) from error


class InOrder(click.Group):
    """Lists its commands in the order of a case's life, each with its whole line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As they were given."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first sentence of each."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, c.get_short_help_str(300)) for n, c in self.commands.items()])


def _of_a_plugin(name: str) -> click.Command | None:
    """The command that bears a plugin's name, where it brings what that can show."""
    from upheld.cli.connections import of_a_plugin

    return of_a_plugin(name)


def _is_unicode(word: str) -> bool:
    """Not so where bytes of another encoding were typed: Python keeps them as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def _is_clicks(error: Exception) -> bool:
    """What click tells itself, and a pipe that was closed, which is no error."""
    own = isinstance(error, click.ClickException | click.exceptions.Exit)
    return own or isinstance(error, BrokenPipeError)


def _told(error: Exception) -> Told:
    if isinstance(error, UpheldError):
        return Told(str(error), error.exit_code)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Told(f"{where}{error.strerror or type(error).__name__}")
    # The words of a foreign exception may hold anything, a secret too: only its kind is told.
    raised = extract_tb(error.__traceback__)[-1]
    return Told(
        f"a fault of Upheld's own: {type(error).__name__}, raised in {raised.name}"
        f" ({Path(raised.filename).name}:{raised.lineno})"
        "\n  → please report it, with what `upheld --debug` and the same words show"
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="upheld")
@click.option(
    "-c",
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The upheld.yaml to read ($UPHELD_CONFIG, ./upheld.yaml, or an embedded default).",
)
@click.option("--debug", is_flag=True, help="Show where an error was raised, and log more.")
@click.pass_context
def upheld(ctx: click.Context, *, config: Path | None, debug: bool) -> None:
    """Upheld keeps the support promises you publish, on the tracker you already have.

    Exit codes: 0 done, 1 something is wrong, 2 the command's words are off, 3 a file is wrong,
    4 refused, 5 not found, 6 the ledger can't commit, 130 interrupted.
    """
    ctx.obj = App(config=config, debug=debug)
