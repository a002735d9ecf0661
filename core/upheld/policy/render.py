"""The document as a page: Markdown for a repository, HTML for a web site or a printer."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from upheld.policy.document import Published

#: What Markdown would take for more than a character, within a line and at its beginning.
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~])")
_LEADING: Final = re.compile(r"^(\s*)([#+\-=>]|\d+[.)])", re.MULTILINE)


class Page(StrEnum):
    """What a policy is rendered as."""

    MARKDOWN = "markdown"
    HTML = "html"


def render(published: Published, page: Page) -> str:
    """The whole page, in UTF-8, self-contained: no script, nothing loaded from elsewhere."""
    template = _environment().get_template(f"policy.{page.value}.j2")
    return template.render(policy=published)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("upheld.policy", "pages"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = plain
    return environment


def plain(text: str) -> str:
    """A text that Markdown shows as it is, in one paragraph."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _LEADING.sub(lambda found: f"{found[1]}\\{found[2]}", escaped)
