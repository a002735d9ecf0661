"""What a notifier is held to, and a conversation: a notifier that also brings messages."""

from __future__ import annotations

from typing import Final

from upheld.plugin import Ability
from upheld.testing.kit.grade import Assertion, Grade
from upheld.testing.kit.settings_list import SETTINGS

_B, _S, _G = Grade.BRONZE, Grade.SILVER, Grade.GOLD

NOTIFIER: Final = (
    *SETTINGS,
    # sending
    Assertion(
        "S6-arrives", _B, "a message arrives whole, once, with whom it is for and nobody else"
    ),
    Assertion("S7-receipt", _B, "a receipt bears our key, policy time, and no more than is known"),
    Assertion(
        "S8-lost-reply", _B, "a lost reply is `Unknown`, unless the key makes a repeat harmless"
    ),
    Assertion("S9-repeat", _S, "the same key again has no second effect", Ability.REPEAT),
    Assertion(
        "S42-same-id",
        _S,
        "the same key again arrives under the same id, another key under another",
        Ability.SAME_ID,
    ),
    Assertion("S10-find", _S, "a lookup tells what was sent from what was not", Ability.FIND),
    Assertion("S11-channels", _B, "every declared channel is served"),
    Assertion(
        "S12-bad-address", _S, "a person who can't be reached is `Permanent`; others still are"
    ),
    Assertion("S13-two-at-once", _S, "two who send at once mix nothing up"),
    # text
    Assertion("T14-hostile", _B, "text from outside can't break out, nor add a reader"),
    Assertion("T15-long", _S, "a long message arrives, or says that it was cut"),
    Assertion("T16-urgent", _S, "what is urgent can be told from what is not"),
    Assertion("T17-files", _S, "a file arrives or is named: it is never just left out"),
    # afterwards
    Assertion(
        "W18-withdraw",
        _S,
        "standing down reaches its own page alone, and can be repeated",
        Ability.WITHDRAW,
    ),
    Assertion(
        "R19-receipts",
        _S,
        "what the provider says later comes once, with our key or handle",
        Ability.RECEIPTS,
    ),
    Assertion("U20-undeclared", _B, "what is not declared says that it can't"),
    # failure
    Assertion("I21-limits", _B, "`Retry` with the far end's own time after a limit of any form"),
    Assertion(
        "I22-classified", _B, "every failure is the plugin error that fits, and says what next"
    ),
    Assertion(
        "I23-revoked", _B, "refused credentials are `Auth`, and nothing is tried over and over"
    ),
    Assertion("I24-recovers", _S, "it sends again once the far end is back"),
    # budget
    Assertion(
        "L25-calls", _G, "a sending, a withdrawal and an idle reading keep within their calls"
    ),
    Assertion("L26-stop", _G, "`close` lets go of everything, also twice, also after a failure"),
    Assertion("L27-many", _G, "a hundred messages all arrive, in the order of sending"),
)

CONVERSATION: Final = (
    *NOTIFIER,
    Assertion("M28-once", _B, "every message comes, and comes once"),
    Assertion("M29-bad-cursor", _B, "a cursor from the future or broken loses nothing"),
    Assertion("M30-same-instant", _B, "a message at the cursor's own instant comes"),
    Assertion("M31-proof", _B, "a sender is verified only where that is proven"),
    Assertion(
        "M32-nature", _S, "bounces, automatic answers and lists are told from what people write"
    ),
    Assertion("M33-ours", _S, "what we sent ourselves is not taken for somebody else's"),
    Assertion("M34-thread", _B, "an answer to ours names what it answers"),
    Assertion("M35-text", _S, "text of any charset comes as text"),
    Assertion("M36-files", _S, "a file comes byte by byte, whatever its name"),
    Assertion(
        "M37-rubbish", _S, "what can't be read is handed over as `Refused`; the rest goes on"
    ),
    Assertion("M38-cut", _S, "a connection cut in the middle loses nothing"),
    Assertion("M39-raw", _S, "the message is kept as it came"),
    Assertion("M40-wait", _S, "a wait ends when there is something, and in time", Ability.WAIT),
    Assertion("M41-again", _B, "a page that could not be stored is read again"),
)
