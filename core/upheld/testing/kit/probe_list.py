"""What a probe is held to."""

from __future__ import annotations

from typing import Final

from upheld.testing.kit.grade import Assertion, Grade

_B, _S, _G = Grade.BRONZE, Grade.SILVER, Grade.GOLD

PROBE: Final = (
    Assertion("A1-config", _B, "an unknown or missing setting is an error that names it"),
    Assertion("A2-secrets", _B, "secrets are in no repr and in no reading"),
    Assertion("A3-no-io", _B, "neither import nor construction reaches the target"),
    Assertion("P4-up", _B, "a target that is well is up, with the instant and the latency"),
    Assertion("P5-down", _B, "a target that fails is down, and the reading says how"),
    Assertion("P6-deadline", _B, "a target that hangs is told by the deadline"),
    Assertion("P7-one-request", _B, "a reading is one request"),
    Assertion("P8-raises-nothing", _B, "whatever the target does is a reading"),
    Assertion("P9-hostile", _S, "an answer without end, in rubbish or bytes is a reading, soon"),
    Assertion("P10-ours", _S, "what goes wrong on our own side is inconclusive"),
    Assertion("P11-back", _S, "a target that is back is up with the next reading"),
    Assertion("P12-called-off", _G, "a reading that is called off ends at once"),
    Assertion("P13-many", _G, "fifty readings at once all come back, and leave nothing open"),
)
