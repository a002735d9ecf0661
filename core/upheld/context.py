"""What the core lends to a connection: a name, a clock, a log, a vault, a place and a way out."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import requests

from upheld.calendar.instant import moment
from upheld.clock import Clock
from upheld.plugin import Logger

if TYPE_CHECKING:
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
        """A session with timeouts and verified TLS; see ``http_session``."""
        return http_session()


def http_session(timeout: float | tuple[float, float] = _TIMEOUT) -> requests.Session:
    """A session whose every request has a timeout, and that carries no credentials elsewhere.

    Redirects are not followed unless the caller says so, and then on the same host only: a header
    or a body may hold a secret. The machine's ``.netrc`` is left out, because what a connection
    signs in with stands in upheld.yaml. Proxies and CA bundles of the environment are kept.
    """
    return _Session(timeout)


class _Session(requests.Session):
    def __init__(self, timeout: float | tuple[float, float]) -> None:
        super().__init__()
        self._timeout = timeout
        self.auth = _as_it_is  # without any, requests would look into .netrc

    def get(self, url: Any, params: Any = None, **kwargs: Any) -> requests.Response:
        # Here, and in options(), the library itself would ask for redirects.
        return self.request("GET", url, params=params, **kwargs)

    def options(self, url: Any, **kwargs: Any) -> requests.Response:
        return self.request("OPTIONS", url, **kwargs)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("allow_redirects", False)
        return super().request(*args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("allow_redirects", False)
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        return super().send(request, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        return target if target is not None and self._same_host(resp.url, target) else None

    def _same_host(self, url: str, target: str) -> bool:
        there = urljoin(url, target)
        return not self.should_strip_auth(url, there)  # type: ignore[no-untyped-call]

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Leave it: the host is the same, and .netrc is not asked."""


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
