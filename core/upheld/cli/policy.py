"""``upheld policy``: what is promised, as a file that people work on."""

from __future__ import annotations

import click

from upheld.cli.policy_lint import lint_command
from upheld.cli.policy_migrate import migrate_command
from upheld.cli.policy_pages import diff_command, render_command
from upheld.cli.policy_test import test_command
from upheld.cli.root import InOrder


@click.group(cls=InOrder)
def policy() -> None:
    """Read, compare, try and check policies."""


policy.add_command(render_command)
policy.add_command(diff_command)
policy.add_command(test_command)
policy.add_command(lint_command)
policy.add_command(migrate_command)
