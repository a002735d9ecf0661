"""What every connection is held to: its settings and secrets."""

from __future__ import annotations

from typing import Final

from upheld.testing.kit.grade import Assertion, Grade

_B: Final = Grade.BRONZE

SETTINGS: Final = (
    Assertion("A1-config", _B, "an unknown, missing or wrong setting is an error that names it"),
    Assertion("A2-secrets", _B, "secrets are in no repr, log, error or finding"),
    Assertion(
        "A3-transport", _B, "plain http is for this machine; no redirect carries credentials"
    ),
    Assertion("A4-check", _B, "`check` tells each thing that is wrong apart, and changes nothing"),
    Assertion("A5-no-io", _B, "neither import nor construction reaches the far end"),
)
