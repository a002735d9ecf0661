"""What ``upheld check`` says of calendars: feeds that can't be read, days that moved, lists that end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from upheld.calendar.version import Calendars, carried, changes, ends_soon
from upheld.calendar.wall import local_day, zone_named
from upheld.daemon.site import Site
from upheld.desk.calendars import kept_days, listed
from upheld.errors import ConfigError
from upheld.plugin import Finding, Level
from upheld.policy import Policy

_SUBJECT: Final = "calendar"
_SHOWN: Final = 3


def calendar_findings(site: Site, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Days are asked for as they are now, and held against those in force; nothing is changed."""
    for policy in policies:
        with site.ledger.reading() as tx:
            before = kept_days(tx, policy.version, None)
        try:
            news = listed(policy.calendars, site.fetch)
        except ConfigError as error:
            yield _unread(error, in_force=before is not None)
            continue
        if before is not None:
            yield from _moved(policy, before, carried(before, news, site.clock.now()))
        yield from _ending(site, before or news)


def _unread(error: ConfigError, *, in_force: bool) -> Finding:
    """Without days in force no case could open."""
    level = Level.WARNING if in_force else Level.ERROR
    where = f"{error.where}: " if error.where else ""
    return Finding(level, _SUBJECT, f"{where}{error.what}", error.do_next)


def _moved(policy: Policy, before: Calendars, after: Calendars) -> Iterator[Finding]:
    what = list(changes(before, after))
    if what:
        more = f"; and {len(what) - _SHOWN} more" if len(what) > _SHOWN else ""
        told = (
            f"{policy.name}: days are others than those in force: {'; '.join(what[:_SHOWN])}{more}"
        )
        yield Finding(Level.WARNING, _SUBJECT, told, "see `upheld calendar apply --dry-run`")


def _ending(site: Site, calendars: Calendars) -> Iterator[Finding]:
    for spec in calendars.specs.values():
        told = ends_soon(spec, local_day(site.clock.now(), zone_named(spec.zone)))
        if told:
            yield Finding(Level.WARNING, _SUBJECT, told, "add the days to come, or name a country")
