"""``upheld init``: a few questions, and an upheld.yaml that ``check`` accepts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.output import say
from upheld.errors import Refusal

if TYPE_CHECKING:
    from upheld.cli.first_tracker import Tracked
    from upheld.config.starter import Answers

#: Option, question, and what is taken where nobody answers.
_QUESTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "site": ("A name for this site", "support"),
    "policy": ("Which policy (a shipped name, or a path)", "magnolia"),
    "zone": ("Your time zone", ""),
    "name": ("Your name", "Support"),
    "mail": ("Your mail address (empty: none)", ""),
    "phone": ("Your phone, with country code (empty: none)", ""),
    "mailbox": ("The support mailbox's address (empty: no mailbox yet)", ""),
    "imap": ("Where it is read", ""),
    "smtp": ("Where its mail goes out", ""),
    "customer": ("Your first customer's name", "Example Customer"),
    "domain": ("The domain they write from", "customer.example"),
    "contact": ("Their contact's name", "Pat Lin"),
    "contact_mail": ("The contact's mail address", ""),
    "contact_phone": ("The contact's phone (empty: none)", ""),
}


def _options(command: Any) -> Any:
    for name, (question, _default) in reversed(list(_QUESTIONS.items())):
        flag = f"--{name.replace('_', '-')}"
        command = click.option(flag, help=f"{question.partition(' (')[0]}.")(command)
    return command


@click.command()
@_options
@click.option("--tracker", help="The plugin of your tracker: it is asked what it has.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="An option of the tracker."
)
@click.option("--pagerduty/--no-pagerduty", default=None, help="Page over PagerDuty.")
@click.option(
    "--path", type=click.Path(dir_okay=False, path_type=Path), default=Path("upheld.yaml")
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what is given, and defaults.")
def init(
    *,
    path: Path,
    force: bool,
    yes: bool,
    pagerduty: bool | None,
    tracker: str | None,
    settings: tuple[str, ...],
    **given: str | None,
) -> None:
    """Write an upheld.yaml: a site in shadow mode, with you in every role.

    What is not given is asked, where somebody is there to answer.
    """
    from upheld.config.starter import starter
    from upheld.daemon.site import read_policy

    if path.exists() and not force:
        raise Refusal(f"{path} is there already", do_next="write over it with --force")
    answers = _answers(given, pagerduty=pagerduty, asks=not yes and sys.stdin.isatty())
    policy = read_policy(answers.policy, path.parent)
    found = _tracked(tracker, settings, max(policy.severities))
    text = starter(answers, policy, found.lines)
    _checked(text, path)
    _write(path, text)
    say(f"{path} is written.")
    for step in (*found.notes, *_next(answers)):
        say(f"  {step}")


def _tracked(tracker: str | None, settings: tuple[str, ...], severities: int) -> Tracked:
    from upheld.cli.first_tracker import Tracked, tracked

    if tracker is None and settings:
        raise Refusal("--set is of a tracker", do_next="name its plugin with --tracker")
    return Tracked((), ()) if tracker is None else tracked(tracker, settings, severities)


def _answers(given: Mapping[str, str | None], *, pagerduty: bool | None, asks: bool) -> Answers:
    from datetime import date

    from upheld.config.starter import Answers

    found: dict[str, str] = {}
    for name in _CHECKS:
        _check(name, given.get(name))
    for name, (question, default) in _QUESTIONS.items():
        answer = given.get(name)
        if answer is None:
            answer = _asked(name, question, _default(name, default, found), asks=asks)
        found[name] = answer.strip()
        _check(name, found[name])
    if pagerduty is None:
        pagerduty = asks and click.confirm("Page over PagerDuty?", default=False)
    return Answers(**found, pagerduty=pagerduty, today=date.today().isoformat())  # noqa: DTZ011


def _check(name: str, answer: str | None) -> None:
    """A wrong answer is told before the next question."""
    if answer is not None and name in _CHECKS:
        _CHECKS[name](answer.strip())


def _policy(name: str) -> None:
    from upheld.daemon.site import read_policy

    read_policy(name, Path())


def _zone_there(name: str) -> None:
    from upheld.calendar.wall import zone_named

    zone_named(name)


_CHECKS: Final[Mapping[str, Callable[[str], None]]] = {"policy": _policy, "zone": _zone_there}


def _asked(name: str, question: str, default: str, *, asks: bool) -> str:
    no_mailbox = name in {"imap", "smtp"} and not default
    if not asks or no_mailbox:
        return default
    answer: str = click.prompt(question, default=default, show_default=bool(default))
    return answer


def _default(name: str, default: str, found: Mapping[str, str]) -> str:
    """What is likely, given the answers so far."""
    mailbox = found.get("mailbox", "").partition("@")[2]
    likely: dict[str, Callable[[], str]] = {
        "zone": _zone,
        "imap": lambda: f"imaps://imap.{mailbox}" if mailbox else "",
        "smtp": lambda: f"smtp+starttls://smtp.{mailbox}:587" if mailbox else "",
        "contact_mail": lambda: f"pat@{found['domain']}",
    }
    return likely[name]() if name in likely else default


def _zone() -> str:
    """The machine's own, where it says so."""
    _, _, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    return name.removeprefix("Etc/") or "UTC"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refusal(
            f"{path} can't be written: {error.strerror}", do_next="name another place with --path"
        ) from None


def _checked(text: str, path: Path) -> None:
    """What was answered must make a config; the answer that doesn't is named by its line."""
    from upheld.config import config_from
    from upheld.source import parse

    config_from(parse(text, str(path)), path.parent)


def _next(answers: Answers) -> list[str]:
    steps = []
    if answers.mailbox:
        steps.append("export UPHELD_MAIL_PASSWORD=…   the mailbox's password")
    if answers.pagerduty:
        steps.append("export UPHELD_PAGERDUTY_KEY=…   the integration key of the service")
    return [
        *steps,
        "upheld check                    tries everything",
        "upheld run                      starts, in shadow mode",
    ]
