"""The shapes that models take: which keys, and of what types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from upheld.errors import ConfigError
from upheld.source import Document, problems, suggest


def hinted(
    error: ValidationError,
    of: type[BaseModel],
    document: Document,
    *at: str | int,
    also: Iterable[str] = (),
) -> list[ConfigError]:
    """What pydantic found, with places; an unknown key gets the nearest that there is.

    ``also`` are further keys that may stand at the top.
    """
    found = problems(error, document, *at).problems
    return [
        _with_hint(problem, each["loc"], of, tuple(also))
        if each["type"] == "extra_forbidden"
        else problem
        for problem, each in zip(found, error.errors(include_input=False), strict=True)
    ]


def _with_hint(
    problem: ConfigError, path: Sequence[str | int], of: type[BaseModel], also: tuple[str, ...]
) -> ConfigError:
    top = also if len(path) == 1 else ()
    hint = suggest(str(path[-1]), (*keys_at(of, path[:-1]), *top))
    return ConfigError(problem.what, where=problem.where, do_next=hint)


def keys_at(of: Any, path: Sequence[str | int]) -> tuple[str, ...]:
    """The keys that may be written at ``path`` of a model."""
    here: tuple[Any, ...] = (of,)
    for step in path:
        nested = dict(each for kind in here if is_model(kind) for each in fields(kind))
        here = tuple(kinds(nested[str(step)] if str(step) in nested else inner(here)))
    return tuple(key for kind in here if is_model(kind) for key in written(kind))


def is_model(kind: Any) -> bool:
    """Whether a type is a pydantic model."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def is_mapping(kind: Any) -> bool:
    """Whether a type is a mapping of any kind."""
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, Mapping)


def fields(of: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """The keys that a model takes, by name and by alias, each with its type."""
    for name, info in of.model_fields.items():
        yield name, info.annotation
        alias = _alias(info)
        if alias:
            yield alias, info.annotation


def written(of: type[BaseModel]) -> Iterator[str]:
    """The keys of a model as they are written."""
    for name, info in of.model_fields.items():
        yield _alias(info) or name


def _alias(info: FieldInfo) -> str | None:
    alias = info.validation_alias or info.alias
    return alias if isinstance(alias, str) else None


def kinds(of: Any) -> Iterator[Any]:
    """What a type may be: ``SecretStr | None`` is ``SecretStr`` or ``None``."""
    if get_origin(of) in {Union, UnionType}:
        for each in get_args(of):
            yield from kinds(each)
    elif get_origin(of) is Annotated:
        yield from kinds(get_args(of)[0])
    else:
        yield of


def inner(may_be: tuple[Any, ...]) -> Any:
    """The type of what a list or mapping holds; a mapping's values."""
    for kind in may_be:
        args = [arg for arg in get_args(kind) if arg is not Ellipsis]
        if args:
            return args[-1]
    return Any
