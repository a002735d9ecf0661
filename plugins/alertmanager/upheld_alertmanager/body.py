"""The body of a webhook, version 4, as far as it is read. Pure.

One alert that can't be read holds up no other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from upheld.plugin import Refused
from upheld.webhooks import read_json

#: More in one body are none of Alertmanager's doing.
MOST: Final = 5000
Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]


class Alert(BaseModel):
    """One alert. ``ends`` says nothing while it fires."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts: Instant = Field(alias="startsAt")
    ends: Instant = Field(alias="endsAt")
    fingerprint: str = Field("", pattern="^[0-9a-f]{0,64}$")
    raw: bytes = Field(b"", repr=False)

    @property
    def fires(self) -> bool:
        """Whether it goes on."""
        return self.status == "firing"

    @property
    def name(self) -> str:
        """What its rule is called."""
        return self.labels.get("alertname") or "an alert without a name"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request says: ``group`` are the names of the labels that all its alerts have in common by
    ``group_by``, ``cut`` how many alerts were left out, ``unread`` what could not be read of the rest."""

    key: str
    group: tuple[str, ...]
    cut: int
    alerts: tuple[Alert, ...]
    unread: tuple[Refused, ...]


class _Body(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    version: Literal["4"]
    alerts: list[Any] = Field(max_length=MOST)
    group: dict[str, str] = Field({}, alias="groupLabels")
    key: str = Field("", alias="groupKey")
    cut: int = Field(0, alias="truncatedAlerts", ge=0)


def read(body: bytes) -> Delivery:
    """The delivery; ``ValueError`` that says what is wrong where it is none."""
    try:
        found = _Body.model_validate(read_json(body))
    except ValidationError as error:
        raise ValueError(_wrong(error)) from error
    read_ = [_alert(each) for each in found.alerts]
    alerts = tuple(each for each in read_ if isinstance(each, Alert))
    unread = tuple(each for each in read_ if isinstance(each, Refused))
    return Delivery(found.key, tuple(found.group), found.cut, alerts, unread)


def _alert(found: Any) -> Alert | Refused:
    raw = json.dumps(found, sort_keys=True).encode()
    try:
        given = found if isinstance(found, dict) else {}
        return Alert.model_validate({**given, "raw": raw})
    except (ValidationError, OverflowError) as error:
        told = _wrong(error) if isinstance(error, ValidationError) else "an instant out of range"
        return Refused(f"alert {sha256(raw).hexdigest()[:32]}", f"it can't be read: {told}", raw)


def _wrong(error: ValidationError) -> str:
    """Which keys are wrong, and why; none of what stood there."""
    told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:3]]
    return "; ".join(told)
