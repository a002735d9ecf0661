"""``upheld policy render|diff``: the document that customers read, and what a new one changes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, say

if TYPE_CHECKING:
    from upheld.policy.diff import Change
    from upheld.policy.model import Policy


@click.command("render")
@click.argument("policy", required=False)
@click.option(
    "--format",
    "page",
    type=click.Choice(["markdown", "html"]),
    help="What to write; by the name of FILE where there is one, else Markdown.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@pass_app
def render_command(app: App, *, policy: str | None, page: str | None, output: Path | None) -> None:
    """Print a policy as the document that customers read.

    POLICY is a file or the name of one that ships with Upheld; the site's own by default. The page
    is made of the same file that runs: sentences, tables, hours, and readings as footnotes.
    """
    from upheld.policy.document import document
    from upheld.policy.render import Page, render

    by_name = "html" if output and output.suffix in {".html", ".htm"} else "markdown"
    text = render(document(read_policy(app, policy)), Page(page or by_name))
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    say(f"wrote {output}")


@click.command("diff")
@click.argument("old")
@click.argument("new", required=False)
@for_machines
@pass_app
def diff_command(app: App, *, old: str, new: str | None) -> None:
    """Say in words what NEW changes against OLD.

    Each is a file or the name of a policy that ships with Upheld; NEW is the site's own by default.
    Exits with 1 where they differ.
    """
    from upheld.policy.diff import differences

    found = differences(read_policy(app, old), read_policy(app, new))
    if app.json:
        print_json([_plain(change) for change in found])
    else:
        _show(found)
    sys.exit(1 if found else 0)


def read_policy(app: App, name: str | None) -> Policy:
    """The policy of a file, of a shipped name, or (None) the first of the site's own."""
    from upheld.daemon.site import config_at
    from upheld.daemon.site import read_policy as read

    if name is not None:
        return read(name, Path())
    config = config_at(app.config)
    return read(config.policy[0], config.folder)


def _plain(change: Change) -> dict[str, object]:
    return {"where": change.where, "path": change.path, "old": change.old, "new": change.new}


def _show(found: tuple[Change, ...]) -> None:
    where = None
    for change in found:
        if change.where != where:
            where = change.where
            say(where)
        say(f"  {change.words}")
    if not found:
        say("they promise the same")
