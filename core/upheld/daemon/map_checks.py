"""What `check` says of a tracker: its map against the live schema, and one voice to customers."""

from __future__ import annotations

from collections.abc import Iterator

from upheld.daemon.assembly import Configured
from upheld.daemon.site import Site
from upheld.errors import UpheldError
from upheld.plugin import Ability, Finding, Level, Schema, Tracker
from upheld.sync.terms import tracking
from upheld.sync.totality import Known, totality


def map_findings(site: Site, each: Configured, schema: Schema) -> Iterator[Finding]:
    """All that does not fit between a connection's `map` and what the tracker has."""
    name = each.source.name
    try:
        policies = (*site.policies, *site.agreements.values())
    except UpheldError:
        return  # told with the policy
    known = Known(
        frozenset(level for policy in policies for level in policy.severities),
        frozenset(flag for policy in policies for flag in policy.needs.flags),
    )
    mapped = tracking(site.config.mapped(name), site.directory).map
    yield from totality(name, mapped, schema, known)


def one_voice(site: Site, each: Configured) -> Iterator[Finding]:
    """A tracker that writes to customers by itself, where they hear by another connection."""
    name, heard = each.source.name, site.config.customers_hear_by
    speaks = issubclass(each.plugin, Tracker) and Ability.NOTIFIES_CUSTOMER in each.abilities
    if speaks and heard != name:
        what = f"it writes to customers by itself, and they hear by {heard or 'no connection'} too"
        then = (
            "switch its notifications to customers off; until then what we write there is internal"
        )
        yield Finding(Level.WARNING, name, what, then)
