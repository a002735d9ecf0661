"""What the core lends to a connection: a name, a clock, a log, a vault, a place and a way out."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from upheld.calendar.instant import moment
from upheld.clock import Clock
from upheld.plugin import Logger

if TYPE_CHECKING:
    import requests

    from upheld.ledger import Ledger

#: Seconds to connect, and seconds between two bytes of an answer.
_TIMEOUT: Final = (10.0, 20.0)


class Vault(MutableMapping[str, str]):
    """A connection's durable small secrets; never shown by anything."""

    def __init__(self, ledger: Ledger, connection: str) -> None:
        self._ledger, self._connection = ledger, connection

    def __repr__(self) -> str:
        return f"Vault({self._connection!r})"

    def __getitem__(self, key: str) -> str:
        with self._ledger.reading() as tx:
            found = tx.vault_get(self._connection, key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: str, value: str) -> None:
        self._ledger.retrying(lambda tx: tx.vault_set(self._connection, key, value))

    def __delitem__(self, key: str) -> None:
        if not self._ledger.retrying(lambda tx: tx.vault_delete(self._connection, key)):
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        with self._ledger.reading() as tx:
            return iter(tx.vault_keys(self._connection))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class ConnectionContext:
    """The context of one connection."""

    def __init__(
        self,
        *,
        name: str,
        site: str,
        public_url: str | None,
        folder: Path,
        log: Logger,
        vault: MutableMapping[str, str],
        clock: Clock,
    ) -> None:
        self.name, self.site, self.public_url = name, site, public_url
        self.folder, self.log, self.vault = str(folder), log, vault
        self._clock = clock

    def now(self) -> datetime:
        """Policy time."""
        return moment(self._clock.now())

    def http(self) -> requests.Session:
        """A session with timeouts and verified TLS."""
        return http_session()


def http_session() -> requests.Session:
    """A session whose every request has a timeout, and that follows no redirect by itself.

    A redirect could carry a body or a header with a secret to another host; who expects one says so.
    """
    import requests

    class Session(requests.Session):
        def request(self, *args: Any, **kwargs: Any) -> requests.Response:
            kwargs.setdefault("timeout", _TIMEOUT)
            kwargs.setdefault("allow_redirects", False)
            return super().request(*args, **kwargs)

    return Session()
