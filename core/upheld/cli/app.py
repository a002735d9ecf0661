"""What every command shares: which site, who acts, and for whom the output is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from upheld.case.events import Actor
    from upheld.daemon.site import Site

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class App:
    """The options that stand before and after every command."""

    config: Path | None = None
    debug: bool = False
    json: bool = False
    name: str | None = None

    @contextmanager
    def site(self) -> Iterator[Site]:
        """The site of this call; logs of a command are for the daemon, not for a person's screen."""
        from upheld.daemon.site import Site
        from upheld.logs import silence

        if not self.debug:
            silence()
        with Site.open(self.config) as site:
            yield site

    @contextmanager
    def acting(self) -> Iterator[tuple[Site, Actor]]:
        """The site, and the person in whose name the command acts."""
        with self.site() as site:
            yield site, site.actor(self.name)


pass_app: Final = click.make_pass_decorator(App)


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        app = ctx.find_object(App)
        if app is not None and value:
            setattr(app, name, value)

    return keep


def for_machines(command: F) -> F:
    """Add ``--json``."""
    option = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_keep("json"),
        help="Print JSON, for machines.",
    )
    return option(command)


def in_the_name(command: F) -> F:
    """Add ``--as NAME``: whoever does something to a case is named."""
    option = click.option(
        "--as",
        "acting_as",
        metavar="NAME",
        expose_value=False,
        callback=_keep("name"),
        help="Who you are: a person of upheld.yaml, or their mail address ($UPHELD_ACTOR).",
    )
    return option(command)
