"""Targets from Prometheus's file_sd: JSON or YAML, groups of ``targets`` with ``labels``.

``__scheme__`` and ``__metrics_path__`` make a URL of a target, as Prometheus makes one (its configuration
page, file_sd_config and relabel_config); ``module`` and ``__param_module`` are what blackbox_exporter's
modules are called by in its own example, and say the probe. Labels of a monitor's keys are taken over, all
others are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from upheld.config.monitors import MONITOR_KEYS
from upheld.errors import ConfigError, Place
from upheld.monitor.brought import Brought, Targets, asked, keyed
from upheld.source import Document

#: How blackbox_exporter's modules begin, and the probe that does the same.
_MODULES: Final = {
    "http": "http",
    "tcp_connect_tls": "tls",
    "tcp": "tcp",
    "ssh": "tcp",
    "icmp": "ping",
    "dns": "dns",
    "smtp": "smtp",
    "imap": "imap",
}
_SHAPE: Final = "a list of groups: [{targets: [host:port], labels: {…}}]"


def from_file_sd(document: Document) -> Targets:
    """The targets of a file; ``ConfigError`` where it is none of this shape."""
    if not isinstance(document.data, list) or not document.data:
        what = "is no file_sd" if document.data else "holds no target"
        raise ConfigError(what, where=Place(document.file, 1), do_next=_SHAPE)
    found: list[Brought] = []
    problems: list[ConfigError] = []
    for place, target, labels in _targets(document, problems):
        try:
            found.append(_brought(target, labels, place))
        except ValueError as error:
            problems.append(ConfigError(str(error), where=place))
    return Targets(tuple(found), tuple(problems))


def _targets(
    document: Document, problems: list[ConfigError]
) -> Iterator[tuple[Place, str, Mapping[str, str]]]:
    for number, group in enumerate(document.data):
        listed = group.get("targets") if isinstance(group, Mapping) else None
        labels = group.get("labels") or {} if isinstance(group, Mapping) else {}
        if not isinstance(listed, list) or not isinstance(labels, Mapping):
            where = document.place(number)
            problems.append(ConfigError("is no group of targets", where=where, do_next=_SHAPE))
            continue
        told = {str(key): str(value) for key, value in labels.items()}
        for at, target in enumerate(listed):
            yield document.place(number, "targets", at), str(target), told


def _brought(target: str, labels: Mapping[str, str], place: Place) -> Brought:
    own = keyed({key: labels[key] for key in MONITOR_KEYS if key in labels})
    probe = own.pop("probe", None) or _probe(labels)
    keys: dict[str, Any] = asked(_url(target, labels), probe) | own
    return Brought(labels.get("name") or labels.get("instance") or "", keys, place)


def _url(target: str, labels: Mapping[str, str]) -> str:
    scheme = labels.get("__scheme__", "")
    if "://" in target or not scheme:
        return target
    return f"{scheme}://{target}{labels.get('__metrics_path__', '')}"


def _probe(labels: Mapping[str, str]) -> str | None:
    module = labels.get("__param_module") or labels.get("module") or ""
    return next((probe for start, probe in _MODULES.items() if module.startswith(start)), None)
