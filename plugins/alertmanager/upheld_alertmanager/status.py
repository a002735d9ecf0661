"""Whether Alertmanager sends to us, and as it has to: what its own configuration says. Pure.

Newer ones (0.26) hide URLs from their API; then the receiver has to be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from upheld.plugin import Finding, Level
from upheld.webhooks import line
from upheld_alertmanager.config import LABEL, AlertmanagerConfig

_HIDDEN: Final = "<secret>"
_EVERY: Final = "..."


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of a receiver's, and by which labels each route to it makes groups."""

    receiver: str
    webhook: Mapping[str, Any]
    groups: tuple[tuple[str, ...], ...]


def findings(
    configuration: Mapping[str, Any], config: AlertmanagerConfig, name: str
) -> Iterator[Finding]:
    """What is to be found in Alertmanager's configuration for the connection ``name``."""
    hooks = list(_hooks(configuration))
    ours = [each for each in hooks if _is_ours(each, config, name)]
    if not ours:
        yield _not_found(hooks, config, name)
    for hook in ours:
        wrong = list(_wrong(hook, config, name))
        yield from wrong
        if not wrong:
            what = f"Alertmanager sends to us by its receiver '{line(hook.receiver, 80)}'"
            yield Finding(Level.OK, name, what)


def _wrong(hook: Hook, config: AlertmanagerConfig, name: str) -> Iterator[Finding]:
    receiver = f"Alertmanager's receiver '{line(hook.receiver, 80)}'"

    def warning(what: str, then: str) -> Finding:
        return Finding(Level.WARNING, name, f"{receiver} {what}", then)

    if hook.webhook.get("send_resolved") is False:
        yield warning("tells no end: monitors stay down", "set `send_resolved: true` there")
    if hook.webhook.get("max_alerts"):
        yield warning("cuts alerts off", "leave `max_alerts` out there")
    if not hook.groups:
        yield warning("is in no route: nothing comes", "add a route to it")
    for group in hook.groups:
        if not _tells_monitors_apart(group, config):
            told = line(", ".join(group), 80)
            what = f"groups by {told}, more finely than `monitor`: an end may be of one alert alone"
            yield warning(what, "set `group_by` of its route to labels that `monitor` names")


def _not_found(hooks: list[Hook], config: AlertmanagerConfig, name: str) -> Finding:
    if config.receiver is not None:
        what = f"Alertmanager has no webhook in a receiver '{config.receiver}'"
        return Finding(Level.ERROR, name, what, "add it, or correct `receiver`")
    if any(_HIDDEN in str(each.webhook.get("url")) for each in hooks):
        what = "this Alertmanager hides the URLs of its webhooks: nobody can see whether it sends to us"
        return Finding(Level.WARNING, name, what, "set `receiver` to the name of ours")
    what = f"no receiver of Alertmanager's sends to /hooks/{name}"
    return Finding(Level.ERROR, name, what, "add one: its page in docs/plugins has an example")


def _is_ours(hook: Hook, config: AlertmanagerConfig, name: str) -> bool:
    if config.receiver is not None:
        return hook.receiver == config.receiver
    path = urlsplit(str(hook.webhook.get("url"))).path
    return f"/hooks/{name}/" in f"{path}/"


def _hooks(configuration: Mapping[str, Any]) -> Iterator[Hook]:
    groups = list(_groups(configuration.get("route") or {}, "", ()))
    for receiver in configuration.get("receivers") or ():
        for webhook in receiver.get("webhook_configs") or ():
            name = str(receiver.get("name"))
            yield Hook(name, webhook, tuple(group for to, group in groups if to == name))


def _groups(
    route: Mapping[str, Any], receiver: str, group: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The receiver and the labels of each route: what it does not say is its parent's."""
    to = str(route.get("receiver") or receiver)
    by = tuple(map(str, route.get("group_by") or group))
    yield to, by
    for each in route.get("routes") or ():
        yield from _groups(each, to, by)


def _tells_monitors_apart(group: tuple[str, ...], config: AlertmanagerConfig) -> bool:
    """Whether all alerts of a monitor are in one group, for one of the templates at least."""
    named = (set(LABEL.findall(each)) for each in config.monitor)
    return _EVERY not in group and any(set(group) <= each for each in named)
