"""A delivery of Alertmanager's as readings. Pure.

Several alerts may be of one monitor: it is as the worst of those that fire, and up when none of them
does any more. A body holds all alerts of its group, so that is known where whatever tells monitors apart
also tells groups apart, or more, and nothing was cut off; else an end is no proof, and is not taken.
The same alert is sent again while it fires, and by each Alertmanager of a cluster: always the same reading.
Source: Prometheus documentation, "Alertmanager: configuration", <webhook_config>.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from upheld.plugin import Health, Reading, Refused, Request
from upheld.webhooks import line, not_later
from upheld_alertmanager.body import Alert, Delivery
from upheld_alertmanager.config import LABEL, AlertmanagerConfig, Means

_HEALTH: Final = {Means.DOWN: Health.DOWN, Means.DEGRADED: Health.DEGRADED}
#: Worst first.
_WORSE: Final = (Means.DOWN, Means.DEGRADED)
_TOLD: Final = ("summary", "description", "message")
_REGROUP: Final = "route these alerts with `group_by` of labels that `monitor` names"


@dataclass(frozen=True, slots=True)
class _Of:
    """An alert, what it means where it fires, and the template that named its monitor."""

    alert: Alert
    means: Means
    template: str


def items(
    delivery: Delivery, config: AlertmanagerConfig, request: Request
) -> Iterator[Reading | Refused]:
    """What a delivery brings, a monitor at a time."""
    yield from delivery.unread
    by_monitor: dict[str, list[_Of]] = {}
    for alert in delivery.alerts:
        alive = config.alive.get(alert.labels.get("alertname", ""))
        severity = alert.labels.get(config.severity, "").casefold()
        means = config.states.get(severity, config.otherwise)
        template = _template(alert, config)
        if alive is not None:
            yield _sign_of_life(alert, alive, request)
        elif means is Means.NOTHING:
            continue
        elif template is None:
            yield _of_nothing(alert, config)
        else:
            named = by_monitor.setdefault(_filled(template, alert), [])
            named.append(_Of(alert, means, template))
    for monitor, alerts in by_monitor.items():
        yield _folded(monitor, alerts, delivery, request)


def _folded(
    monitor: str, alerts: Sequence[_Of], delivery: Delivery, request: Request
) -> Reading | Refused:
    """What all alerts of a monitor say together."""
    firing = [each for each in alerts if each.alert.fires]
    ended = [each for each in alerts if not each.alert.fires]
    # What it is since the last that ended: it may have been worse before.
    since = [each.alert.ends for each in ended]
    if firing:
        worst = min((each.means for each in firing), key=_WORSE.index)
        of_it = [each.alert for each in firing if each.means is worst]
        at = max([min(each.starts for each in of_it), *since])
        return Reading(monitor, _HEALTH[worst], not_later(at, request), detail=_detail(of_it))
    why = _unproven(ended, delivery)
    if why:
        return _refused(ended[0].alert, f"{monitor}: it ended, but {why}")
    detail = f"ended: {_detail([each.alert for each in ended])}"
    return Reading(monitor, Health.UP, not_later(max(since), request), detail=line(detail))


def _unproven(ended: Sequence[_Of], delivery: Delivery) -> str:
    """Why others of the monitor may still fire; "" where none does."""
    if delivery.cut:
        return f"{delivery.cut} alerts of its group were cut off: do without `max_alerts`"
    named = {label for each in ended for label in LABEL.findall(each.template)}
    finer = sorted(set(delivery.group) - named)
    if finer:
        return f"others may still fire: the group is of one {', '.join(finer)}. So {_REGROUP}"
    return ""


def cut_off(delivery: Delivery) -> Refused:
    """What `max_alerts` left out is told, once a group and number."""
    id_ = f"cut {_named(delivery.key)} {delivery.cut}"
    what = f"{delivery.cut} alerts were cut off by Alertmanager's `max_alerts`"
    return Refused(id_, f"{what}: nothing is known of them; do without it", delivery.key.encode())


def _sign_of_life(alert: Alert, monitor: str, request: Request) -> Reading:
    if alert.fires:
        return Reading(monitor, Health.UP, request.at, detail=_detail([alert]))
    at = not_later(alert.ends, request)
    return Reading(monitor, Health.DOWN, at, detail=line(f"fires no more: {_detail([alert])}"))


def _of_nothing(alert: Alert, config: AlertmanagerConfig) -> Refused:
    wanted = " or ".join(config.monitor)
    return _refused(alert, f"it has not the labels that tell its monitor: {wanted}")


def _refused(alert: Alert, reason: str) -> Refused:
    when: datetime = alert.starts if alert.fires else alert.ends
    id_ = f"alert {alert.fingerprint or _named(alert.raw.decode())} {alert.status} {when:%Y%m%dT%H%M%S.%f}"
    return Refused(id_, line(f"{alert.name}: {reason}"), alert.raw)


def _template(alert: Alert, config: AlertmanagerConfig) -> str | None:
    has = (each for each in config.monitor if all(alert.labels.get(n) for n in LABEL.findall(each)))
    return next(has, None)


def _filled(template: str, alert: Alert) -> str:
    return line(LABEL.sub(lambda found: alert.labels[found[1]], template))


def _detail(alerts: Sequence[Alert]) -> str:
    first, others = alerts[0], len(alerts) - 1
    said = (first.annotations[each] for each in _TOLD if first.annotations.get(each))
    more = f" (and {others} more)" if others else ""
    text = next(said, "")
    return line(f"{first.name}{more}: {text}" if text else f"{first.name}{more}")


def _named(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
