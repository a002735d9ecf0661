"""What `upheld check` and `upheld remedy describe` ask the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from upheld.plugin import Finding, Level, Misconfigured, Permanent, PluginError
from upheld_remedy import mapping, worknotes
from upheld_remedy.client import Client
from upheld_remedy.config import RemedyConfig

#: What the server's versions call the same thing.
_ID: Final = ("id", "fieldId", "field_id")
_TYPE: Final = ("datatype", "dataType", "type")
_NEED: Final = ("fieldOption", "field_option", "option")


def described(client: Client, form: str) -> list[Mapping[str, str]]:
    """The fields of a form: name, id, type, and whether it is required."""
    found = client.described(form)
    listed = found.get("fields", []) if isinstance(found, dict) else found
    return [
        {
            "name": str(each.get("name", "")),
            "id": _first(each, _ID),
            "type": _first(each, _TYPE),
            "option": _first(each, _NEED),
        }
        for each in listed
        if isinstance(each, dict)
    ]


def _first(field: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((str(field[name]) for name in names if field.get(name) is not None), "")


def findings(client: Client, config: RemedyConfig, name: str) -> Iterator[Finding]:
    """Sign in, then look at one form after the other; what went wrong stands in the finding."""
    wrong = list(_wrong(client, config, name))
    yield from wrong
    if not any(each.level is Level.ERROR for each in wrong):
        yield Finding(Level.OK, name, f"signed in as {config.user}; five forms are as configured")


def _wrong(client: Client, config: RemedyConfig, name: str) -> Iterator[Finding]:
    for form, used in _forms(config).items():
        try:
            creates = form == config.form.create
            yield from _compared(client, form, used, name, creates=creates)
        except PluginError as error:
            yield Finding(Level.ERROR, name, f"{form}: {error.what}", error.do_next)
            if not _goes_on(error):
                return
    yield from _seen(client, config, name)


def _goes_on(error: PluginError) -> bool:
    """Whether the next form may be better off than this one."""
    return isinstance(error, Permanent) or (
        isinstance(error, Misconfigured) and "ARERR" in error.what
    )


def _forms(config: RemedyConfig) -> dict[str, set[str]]:
    """The names that are used of each form."""
    names = config.names.values()
    create = {each.create for each in names if each.create} | set(config.create)
    modify = {each.modify for each in names if each.modify} | {config.base.modify_action}
    key = config.key_field
    create |= {config.base.create_action, "Login_ID", key.create or key.read, mapping.NUMBER}
    people = config.people
    return {
        config.form.incidents: set(mapping.read_names(config)),
        config.form.create: create,
        config.form.modify: modify,
        config.form.notes: set(worknotes.NAMES),
        config.form.people: {people.login, people.mail, people.name, people.company, people.staff},
    }


def _compared(
    client: Client, form: str, used: set[str], name: str, *, creates: bool
) -> Iterator[Finding]:
    there = {each["name"]: each for each in described(client, form)}
    for missing in sorted(used - there.keys()):
        near = get_close_matches(missing, there, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        then = f"{meant}see `upheld remedy describe '{form}'`, and set its name in the settings"
        yield Finding(Level.ERROR, name, f"the form {form} has no field '{missing}'", then)
    if creates:
        yield from _left_out(there.values(), form, used, name)


def _left_out(
    fields: Iterable[Mapping[str, str]], form: str, used: set[str], name: str
) -> Iterator[Finding]:
    """What a new incident needs and does not get."""
    needed = {each["name"] for each in fields if each["option"].upper() == "REQUIRED"}
    for left in sorted(needed - used):
        what = f"the form {form} requires '{left}', which is never sent"
        then = "set it in `create`, unless the server has a default for it"
        yield Finding(Level.WARNING, name, what, then)


def _seen(client: Client, config: RemedyConfig, name: str) -> Iterator[Finding]:
    """Whether the account sees anything: a guest is answered with nothing."""
    look: Callable[..., Any] = client.rows
    form = config.form.incidents
    try:
        listing = look(form, config.only, (mapping.NUMBER,), limit=1)
    except PluginError as error:
        yield Finding(Level.ERROR, name, f"{form}: {error.what}", error.do_next)
        return
    if not listing.rows:
        what = f"{config.user} sees no incident{' that `only` lets through' if config.only else ''}"
        yield Finding(Level.WARNING, name, what, "see that it has the right to read them")
