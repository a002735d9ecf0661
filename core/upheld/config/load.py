"""From a file, or from none, to a checked config."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from upheld.config.model import Config
from upheld.config.shapes import hinted
from upheld.directory.build import WrittenCustomer
from upheld.directory.customers_csv import read_customers
from upheld.directory.written import CustomerEntry, PersonEntry, ReachEntry
from upheld.errors import ConfigError, Place
from upheld.source import Document, read, suggest

#: Channels that a person's further address may be for; plugins and connections may be named too.
_CHANNELS: Final = ("sms", "voice", "chat", "page")


def load_config(path: Path) -> Config:
    """Read and check an upheld.yaml; ``ConfigError`` holds all problems, with file and line.

    Secrets are not looked up: a config can be read where they are not.
    """
    return config_from(read(path), path.parent)


def config_from(document: Document, folder: Path) -> Config:
    """The config of a document; relative paths start in ``folder``."""
    if not isinstance(document.data, Mapping):
        raise ConfigError(
            "holds no keys", where=document.file, do_next="begin with `site:` and `policy:`"
        )
    found: list[ConfigError] = []
    files: list[Path] = []
    customers = tuple(_customers(document, folder, files, found))
    config = _validated(document, customers, found)
    if config is None or found:
        raise _in_order(found)
    config._document, config._folder = document, folder  # noqa: SLF001
    config._hash = _hash(document.data, files)  # noqa: SLF001
    found += _mismatches(config)
    try:
        config.directory()
    except ConfigError as error:
        found += error.problems
    if found:
        raise _in_order(found)
    return config


def _in_order(found: list[ConfigError]) -> ConfigError:
    """Problems as one reads a file: from the top."""
    return ConfigError.several(tuple(sorted(found, key=_line)))


def _line(error: ConfigError) -> tuple[str, int]:
    where = error.where if isinstance(error.where, Place) else Place(str(error.where or ""))
    return where.file, where.line or 0


def _validated(
    document: Document, customers: tuple[WrittenCustomer, ...], found: list[ConfigError]
) -> Config | None:
    try:
        return Config.model_validate({**document.data, "customers": customers})
    except ValidationError as error:
        found += hinted(error, Config, document)
        return None


# --- customers ----------------------------------------------------------------------------------


def _customers(
    document: Document, folder: Path, files: list[Path], found: list[ConfigError]
) -> Iterator[WrittenCustomer]:
    """From ``customers``: by id, or a list of files and of customers by id."""
    written = document.data.get("customers")
    sources: list[tuple[tuple[str | int, ...], Any]]
    if isinstance(written, list):
        sources = [(("customers", n), each) for n, each in enumerate(written)]
    else:
        sources = [] if written is None else [(("customers",), written)]
    for path, source in sources:
        try:
            yield from _source(document, path, source, folder, files)
        except ConfigError as error:
            found += error.problems


def _source(
    document: Document, path: tuple[str | int, ...], source: Any, folder: Path, files: list[Path]
) -> Iterable[WrittenCustomer]:
    place = document.place(*path)
    if isinstance(source, str) and source.endswith(".csv"):
        files.append(folder / source)
        return read_customers(folder / source)
    if isinstance(source, Mapping) and isinstance(source.get("from"), str):
        raise ConfigError(
            f"customers from connection {source['from']!r} are not available yet",
            where=place,
            do_next="export them to a CSV file: `customers: [customers.csv]`",
        )
    if isinstance(source, Mapping):
        return _inline(document, path, source)
    raise ConfigError(
        f"{'.'.join(map(str, path))}: is neither customers by id nor a CSV file",
        where=place,
        do_next="write `customers: [customers.csv]`, or `customers: {acme: {name: Acme}}`",
    )


def _inline(
    document: Document, path: tuple[str | int, ...], source: Mapping[Any, Any]
) -> tuple[WrittenCustomer, ...]:
    found: list[WrittenCustomer] = []
    wrong: list[ConfigError] = []
    for name, written in source.items():
        try:
            entry = CustomerEntry.model_validate(written)
        except ValidationError as error:
            wrong += hinted(error, CustomerEntry, document, *path, name)
        else:
            found.append(WrittenCustomer(str(name), entry, document.place(*path, name)))
    if wrong:
        raise ConfigError.several(tuple(wrong))
    return tuple(found)


# --- what names what ----------------------------------------------------------------------------


def _mismatches(config: Config) -> Iterator[ConfigError]:
    """Names that lead nowhere."""
    place = config.document.place
    yield from _named(config.customers_hear_by, config.connections, place("customers_hear_by"))
    for name, entry in config.connections.items():
        yield from _named(
            entry.cases_to, config.connections, place("connections", name, "cases_to")
        )
        yield from _like(config, name, place("connections", name, "like"))
    yield from _ways(config, config.reach, place("reach"))
    somebody = {*config.people, *config.roles, *config.rotations}
    yield from _named(config.go_live.redirect, somebody, place("go_live", "redirect"))
    customers = {customer.id for customer in config.customers}
    known = {"all", *customers, *config.connections}
    for name in config.go_live.live_for:
        yield from _named(name, known, place("go_live", "live_for"))
    for name, person in config.people.items():
        yield from _person(config, name, person)


def _like(config: Config, name: str, where: Place) -> Iterator[ConfigError]:
    """`like` names another connection, and leads back to none."""
    like, seen = config.connections[name].like, [name]
    while like is not None and like in config.connections and like not in seen:
        seen.append(like)
        like = config.connections[like].like
    if like in seen:
        yield ConfigError(
            f"connections.{name}.like: {' is like '.join((*seen, str(like)))}: a circle",
            where=where,
            do_next="write `map` at one of them",
        )
    elif len(seen) == 1:
        yield from _named(like, config.connections, where)


def _person(config: Config, name: str, person: PersonEntry) -> Iterator[ConfigError]:
    if person.reach:
        yield from _ways(config, person.reach, config.document.place("people", name, "reach"))
    plugins = {entry.plugin for entry in config.connections.values()}
    known = {*_CHANNELS, *plugins, *config.connections}
    for key in person.__pydantic_extra__ or {}:
        if key not in known:
            yield ConfigError(
                f"people.{name}.{key}: there is no such key, channel or connection",
                where=config.document.place("people", name, key),
                do_next=suggest(key, {*PersonEntry.model_fields, *known}),
            )


def _ways(config: Config, reach: ReachEntry, where: Place) -> Iterator[ConfigError]:
    for ways in (reach.page, reach.call, reach.notify):
        for way in ways or ():
            yield from _named(way.connection, config.connections, where)


def _named(name: str | None, known: Iterable[str], where: Place) -> Iterator[ConfigError]:
    choices = list(known)
    if name is not None and name not in choices:
        yield ConfigError(
            f"{name!r} is not known here", where=where, do_next=suggest(name, choices)
        )


def _hash(data: Any, files: Iterable[Path]) -> str:
    """Of what is written, not of how: comments and order change nothing."""
    text = json.dumps(_sorted(data), separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sorted(data: Any) -> Any:
    """With its keys in order, numbers before words: a mapping may have both."""
    if isinstance(data, dict):
        keys = sorted(data, key=lambda key: (isinstance(key, str), key))
        return {key: _sorted(data[key]) for key in keys}
    return [_sorted(each) for each in data] if isinstance(data, list | tuple) else data
