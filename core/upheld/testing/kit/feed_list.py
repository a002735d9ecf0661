"""What a feed is held to: a connection that brings readings from elsewhere."""

from __future__ import annotations

from typing import Final

from upheld.testing.kit.grade import Assertion, Grade
from upheld.testing.kit.settings_list import SETTINGS

_B, _S, _G = Grade.BRONZE, Grade.SILVER, Grade.GOLD

FEED: Final = (
    *SETTINGS,
    Assertion("F6-state", _B, "every state arrives as it was told, of the monitor that it is of"),
    Assertion("F7-instant", _B, "a reading is of when it was so, and never later than it came"),
    Assertion("F8-detail", _S, "what is told in words comes as one short line that obeys nobody"),
    Assertion("F9-proof", _B, "without a proof, or with a wrong one, nothing is taken"),
    Assertion("F10-constant-time", _B, "a proof is compared in constant time, whatever is wrong"),
    Assertion("F11-repeat", _B, "the same delivery again brings the same readings"),
    Assertion("F12-order", _S, "what comes late or out of order keeps the instant that it is of"),
    Assertion("F13-several", _S, "of several in one body all come; one bad one holds up no other"),
    Assertion("F14-unmapped", _B, "what fits no monitor or state is handed over as `Refused`"),
    Assertion("F15-hostile", _B, "whatever is in a body, it is answered and raises nothing"),
    Assertion("F16-size", _S, "a body of any size or depth is answered before the sender leaves"),
    Assertion("F17-stateless", _S, "nothing is asked, and nothing remembered, to read a delivery"),
    Assertion("F18-secrets", _B, "no secret is in an answer, a reading or what is quarantined"),
    Assertion("F19-together", _G, "many deliveries at once mix nothing up"),
    Assertion("F20-door", _G, "through the real door the same comes as by hand"),
    Assertion("F21-stop", _G, "`close` lets go of everything, also twice"),
)
