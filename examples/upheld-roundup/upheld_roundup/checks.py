"""What a tracker looks like, and whether we may work in it. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from upheld.plugin import FieldSpec, Finding, Gone, Level, Misconfigured, PluginError, Schema, Stale
from upheld_roundup.client import RoundupClient
from upheld_roundup.config import RoundupConfig
from upheld_roundup.mapping import GIVEN, READ_ONLY

#: What an item of the classic template has.
_CLASSIC: Final = ("title", "status", "priority", "assignedto", "keyword", "nosy", "superseder")
#: Properties with one value, a name out of a short class of their own.
_LISTED: Final = ("status", "priority")


def findings(client: RoundupClient, config: RoundupConfig, name: str) -> Iterator[Finding]:
    """What was tried, up to the first thing that does not work."""
    try:
        _read(client, config)
        _write(client, config)
    except PluginError as error:
        yield Finding(Level.ERROR, name, error.what, error.do_next)
        return
    what = f"reads and writes {config.item_class} items of {config.url} as {config.user}"
    yield Finding(Level.OK, name, what)


def _read(client: RoundupClient, config: RoundupConfig) -> None:
    names = ",".join(("title", "activity", *config.dates))
    client.get(config.item_class, (("@fields", names), ("@page_size", "1")))
    us = client.get("user", (("username:", config.user), ("@fields", "username")))
    if not us.data["collection"]:
        what = f"the tracker shows no user '{config.user}'"
        raise Misconfigured(what, "set `user`; it must be allowed to see users")


def _write(client: RoundupClient, config: RoundupConfig) -> None:
    """A write to an item that never is: rights and headers are looked at before that is told."""
    try:
        client.put(f"{config.item_class}/0", {"title": "check"}, "none")
    except (Gone, Stale):
        return


def schema(client: RoundupClient, config: RoundupConfig) -> Schema:
    """Fields and statuses; every status may follow every other."""
    values = {name: _names(client, name) for name in _LISTED}
    specs = [FieldSpec(name, name, values=values.get(name)) for name in properties(client, config)]
    specs += [FieldSpec(name, name, writable=False) for name in sorted(READ_ONLY)]
    return Schema(tuple(specs), values["status"] or ())


def properties(client: RoundupClient, config: RoundupConfig) -> tuple[str, ...]:
    """What can be written: the newest item's properties, its title first. Roundup tells programs
    nothing of its schema, so a tracker without any item is taken to have the classic ones."""
    newest = client.get(config.item_class, (("@sort", "-id"), ("@page_size", "1")))
    names = {*_CLASSIC, *config.dates}
    for row in newest.data["collection"]:
        names = set(client.get(f"{config.item_class}/{row['id']}").data["attributes"])
    names -= GIVEN | {"id"}
    return tuple(sorted(names, key=lambda name: (name != "title", name)))


def _names(client: RoundupClient, class_: str) -> tuple[str, ...] | None:
    """The names of a class in their order; None where the tracker has no such class."""
    try:
        rows = client.get(class_, (("@fields", "name"), ("@sort", "order"))).data["collection"]
    except Misconfigured:
        return None
    return tuple(str(row["name"]) for row in rows)
