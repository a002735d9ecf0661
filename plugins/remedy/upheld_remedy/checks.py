"""What `upheld check` and `upheld remedy describe` ask the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, Literal

from upheld.plugin import Finding, Level, Misconfigured, Permanent, PluginError
from upheld_remedy import mapping
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


def _forms(config: RemedyConfig) -> dict[str, dict[str, str]]:
    """The names that are used of each form, and the setting that each comes from; none: it is fixed."""
    key, customer = config.key_field, config.customer_field
    own = {"customer_field": customer.read, "key_field": key.read}
    created = {"customer_field": customer.created, "key_field": key.created}
    created["actions.create"] = config.create_action
    notes = {f"notes.fields.{ours}": name for ours, name in config.notes.fields if ours != "files"}
    notes_ = _by_name(notes) | dict.fromkeys(config.notes.fields.files, "notes.fields.files")
    people = {f"people.{ours}": name for ours, name in config.people}
    fixed = dict.fromkeys(mapping.read_names(config), "")
    return {
        config.form.incidents: fixed | _fields(config, "read") | _by_name(own),
        config.form.create: {mapping.NUMBER: ""}
        | dict.fromkeys(config.create, "create")
        | _fields(config, "create")
        | _by_name(created),
        config.form.modify: _fields(config, "modify") | {config.modify_action: "actions.modify"},
        config.form.notes: notes_,
        config.form.people: _by_name(people),
    }


def _by_name(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: setting for setting, name in settings.items()}


def _fields(config: RemedyConfig, where: Literal["read", "modify", "create"]) -> dict[str, str]:
    named = ((ours, getattr(name, where)) for ours, name in config.names.items())
    return {name: f"fields.{ours}" for ours, name in named if name}


def _compared(
    client: Client, form: str, used: Mapping[str, str], name: str, *, creates: bool
) -> Iterator[Finding]:
    there = {each["name"]: each for each in described(client, form)}
    for missing in sorted(used.keys() - there.keys()):
        near = get_close_matches(missing, there, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        setting = used[missing]
        do = f"set its name in `{setting}`" if setting else "give the account the right to see it"
        then = f"{meant}see `upheld remedy describe '{form}'`, and {do}"
        yield Finding(Level.ERROR, name, f"the form {form} has no field '{missing}'", then)
    if creates:
        yield from _left_out(there.values(), form, used, name)


def _left_out(
    fields: Iterable[Mapping[str, str]], form: str, used: Mapping[str, str], name: str
) -> Iterator[Finding]:
    """What a new incident needs and does not get."""
    needed = {each["name"] for each in fields if each["option"].upper() == "REQUIRED"}
    for left in sorted(needed - used.keys()):
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
