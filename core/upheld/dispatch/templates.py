"""Templates: found by policy, language and name, and filled in a sandbox that holds their values alone.

``templates/POLICY/LANGUAGE/NAME.txt`` beside upheld.yaml comes before ``templates/LANGUAGE/NAME.txt``,
and that before the one that ships; ``de-AT`` before ``de`` before ``en``. ``NAME.html`` beside it, or a
frame for all letters, ``letter.html``, makes a mail of both; what is put into HTML is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from traceback import extract_tb
from typing import Any, Final

from jinja2 import BaseLoader, Environment, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from upheld.errors import ConfigError, Place

#: ``language/name`` or ``policy/language/name``.
_NAME: Final = re.compile(r"(?:[\w-]+/)?[\w-]+/[\w.-]+")
_HTML: Final = ".html"
#: What stands around every letter that has no HTML of its own.
_FRAME: Final = "letter"
#: The line that an answer to a letter stands above.
_ABOVE: Final = "above"


@dataclass(frozen=True, slots=True)
class Written:
    """A letter: its subject in one line, its text, and HTML where there is a template for it."""

    subject: str
    text: str
    html: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a template is, and in which language it is written."""

    place: Traversable
    language: str


class Templates:
    """The site's own before those that ship. They can't reach anything but what they are handed."""

    def __init__(self, folder: Path | None = None) -> None:
        self._loader, self._jinja = _shipped() if folder is None else _opened(folder)

    def knows(self, name: str) -> bool:
        """Whether there is a template of this name."""
        try:
            self._jinja.get_template(f"en/{name}")
        except TemplateNotFound:
            return False
        except TemplateError:
            return True  # it is there, if broken; what is wrong is told when it is filled
        return True

    def written(
        self,
        name: str,
        policy: str,
        language: str,
        values: Mapping[str, Any],
        *,
        html: bool = True,
        above: bool = False,
    ) -> Written:
        """The letter; ``ConfigError`` with template and line where it can't be filled. Without ``html``
        none is looked at: it may be broken. ``above``: an answer to it is sent on, and that stands on top."""
        path = f"{slug(policy)}/{language}/{name}"
        try:
            subject, text = _split(self._jinja.get_template(path).render(values))
            if above:
                line = self._jinja.get_template(f"{slug(policy)}/{language}/{_ABOVE}")
                text = f"{line.render(values).strip()}\n\n{text}"
            more = {**values, "subject": subject}
            return Written(subject, text, self._html(path, text, more) if html else None)
        except Exception as error:
            # A template is a program: it may raise anything at all.
            told = (
                str(error)
                if isinstance(error, TemplateError)
                else f"{type(error).__name__}: {error}"
            )
            raise ConfigError(
                f"template {name!r} can't be filled: {told}",
                where=_place(error, f"{language}/{name}.txt"),
                do_next="correct the template and restart; the message waits in the dead letters",
            ) from error

    def _html(self, path: str, text: str, values: Mapping[str, Any]) -> str | None:
        """In the language of the text, or not at all."""
        folder, _, _ = path.rpartition("/")
        written = self._loader.find(path)
        for name in (path + _HTML, f"{folder}/{_FRAME}{_HTML}"):
            found = self._loader.find(name)
            if found is not None and written is not None and found.language == written.language:
                paragraphs = re.split(r"\n{2,}", text.strip())
                return self._jinja.get_template(name).render({**values, "paragraphs": paragraphs})
        return None


def slug(policy: str) -> str:
    """What a policy's folder is called: ``Magnolia Customer Support`` is magnolia-customer-support."""
    return "-".join(re.findall(r"\w+", policy.casefold())) or "policy"


class _Loader(BaseLoader):
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._ships = files("upheld.policy").joinpath("shipped", "templates")

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, Any]:
        """The text of a template; Jinja's own signature."""
        found = self.find(template)
        if found is None:
            raise TemplateNotFound(template)
        text = found.place.read_text(encoding="utf-8").removeprefix("\ufeff")
        return text, str(found.place), lambda: True

    def find(self, template: str) -> _Found | None:
        """Where it is. A name comes from a policy, a language from a list of customers: neither is a path."""
        if not _NAME.fullmatch(template):
            return None
        return next((each for each in self._places(template) if each.place.is_file()), None)

    def _places(self, template: str) -> Iterator[_Found]:
        *policy, language, name = template.split("/")
        file = name if name.endswith(_HTML) else f"{name}.txt"
        for tongue in dict.fromkeys((language, language.partition("-")[0], "en")):
            if self._folder is not None and policy:
                yield _Found(self._folder.joinpath(*policy, tongue, file), tongue)
            if self._folder is not None:
                yield _Found(self._folder.joinpath(tongue, file), tongue)
            yield _Found(self._ships.joinpath(tongue, file), tongue)


@cache  # what ships is compiled once, however often a daemon is built
def _shipped() -> tuple[_Loader, Environment]:
    return _opened(None)


def _opened(folder: Path | None) -> tuple[_Loader, Environment]:
    loader = _Loader(folder)
    jinja = ImmutableSandboxedEnvironment(
        loader=loader,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=lambda name: name is not None and name.endswith(_HTML),
    )
    return loader, jinja


def _split(whole: str) -> tuple[str, str]:
    head, _, body = whole.partition("\n\n")
    subject = head.removeprefix("Subject:").strip()
    # A customer's subject line must not smuggle a header in.
    return " ".join(subject.split()), body.strip() + "\n"


def _place(error: Exception, template: str) -> Place:
    """The file of the template and the line, as far as the error tells."""
    frames = [(frame.filename, frame.lineno) for frame in extract_tb(error.__traceback__)]
    if isinstance(error, TemplateSyntaxError):
        frames.append((error.filename or template, error.lineno))
    inside = [(file, line) for file, line in frames if file.endswith((".txt", _HTML))]
    file, line = inside[-1] if inside else (template, None)
    return Place("/".join(("templates", *PurePath(file).parts[-2:])), line)
