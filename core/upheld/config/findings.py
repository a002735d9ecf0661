"""What ``check`` says of a config, beyond its being right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from upheld.config.secrets import references
from upheld.errors import ConfigError

if TYPE_CHECKING:
    from upheld.config.model import Config
    from upheld.plugin import Finding


def secret_findings(config: Config) -> Iterator[Finding]:
    """Secrets that are not there, or that anybody on this machine can read."""
    from upheld.plugin import Finding, Level

    for ref in dict.fromkeys(references(config.document.data)):
        name = f"secret {ref.env or ref.file}"
        try:
            config.vault.open(ref)
        except ConfigError as error:
            yield Finding(Level.ERROR, name, error.what, error.do_next)
            continue
        path = config.vault.open_to_all(ref)
        if path:
            yield Finding(
                Level.WARNING, name, f"anybody on this machine can read {path}", f"chmod 600 {path}"
            )
