"""Where feeds of holidays come from: a file beside upheld.yaml, or the web."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from upheld.errors import ConfigError

#: The text of a feed, by the URL or path that a calendar names.
Fetch: TypeAlias = Callable[[str], str]

_SECONDS: Final = 10
_BYTES: Final = 5_000_000
_DO_NEXT: Final = "see that it is there; days that are in force stay so meanwhile"


def fetching(folder: Path) -> Fetch:
    """Reads feeds; paths start at ``folder``. ``ConfigError`` where there is nothing to read."""

    def fetch(feed: str) -> str:
        scheme = urlsplit(feed).scheme
        if scheme in {"http", "https", "webcal"}:
            return _download(feed.replace("webcal://", "https://", 1))
        return _read(folder / feed)

    return fetch


def shown(feed: str) -> str:
    """What may be told of a feed: behind the host of a URL there may be a secret."""
    parts = urlsplit(feed)
    return f"{parts.scheme}://{parts.hostname}/…" if parts.scheme and parts.hostname else feed


def _read(path: Path) -> str:
    try:
        return path.read_bytes()[:_BYTES].decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not in UTF-8"
        raise ConfigError(
            f"the feed can't be read: {why}", where=str(path), do_next=_DO_NEXT
        ) from None


def _download(url: str) -> str:
    import requests

    where = shown(url)
    try:
        with requests.get(url, timeout=_SECONDS, stream=True) as answer:
            answer.raise_for_status()
            return answer.raw.read(_BYTES, decode_content=True).decode("utf-8-sig")
    except requests.HTTPError as error:
        why = f"it answered {error.response.status_code}"
    except (requests.RequestException, OSError):
        why = "it can't be reached"
    except ValueError:
        why = "it is not in UTF-8"
    raise ConfigError(f"the feed can't be read: {why}", where=where, do_next=_DO_NEXT)
