"""What a tracker is held to: 63 assertions, each with its grade."""

from __future__ import annotations

from typing import Final

from upheld.plugin import Ability
from upheld.testing.kit.grade import Assertion, Grade
from upheld.testing.kit.settings_list import SETTINGS

_B, _S, _G = Grade.BRONZE, Grade.SILVER, Grade.GOLD
_RECEIVE, _HIDE = Ability.RECEIVE, Ability.INTERNAL_COMMENTS

TRACKER: Final = (
    *SETTINGS,
    # creation
    Assertion("B6-create", _B, "a minimal and a full draft arrive as they were given"),
    Assertion("B7-lost-reply", _B, "after a lost reply there is one item"),
    Assertion("B8-crash", _B, "killed at any moment of a creation, there is one item"),
    Assertion("B9-two-at-once", _B, "two who create under one key at once make one item"),
    Assertion("B10-adopted", _B, "our own item that comes in before the reply is adopted"),
    Assertion(
        "B11-lookup-first", _B, "what may have happened is looked up before it is done again"
    ),
    Assertion("B12-renamed", _B, "an item whose key changed is still found by its id"),
    # fields
    Assertion("C13-round-trip", _B, "any text comes back as it was written, or is refused"),
    Assertion("C14-values", _B, "every value of the schema can be written; any other is refused"),
    Assertion("C15-unmapped", _B, "a value without a meaning here is kept, and never written back"),
    Assertion(
        "C16-instants", _B, "instants are aware, equal across zones and changes of the clock"
    ),
    Assertion("C17-partial", _B, "an update writes the fields that it was given and no other"),
    Assertion("C18-read-only", _B, "a field that can't be written is refused by its name"),
    # echo and quiescence
    Assertion("D19-quiet", _S, "two cycles after a change nothing is written any more"),
    Assertion("D20-quiet-all", _S, "so it is after a create, a comment, a file and a status"),
    Assertion("D21-normalised", _S, "text that the far end rewrites does not go back and forth"),
    Assertion("D22-notes", _S, "what the far end notes by itself is not mirrored back"),
    Assertion("D23-bots", _S, "an edit by another machine is taken in"),
    # conflicts
    Assertion("E24-disjoint", _G, "edits of different fields merge"),
    Assertion(
        "E25-same-field", _G, "edits of one field: the rule's winner, both values journalled"
    ),
    Assertion("E26-edit-end", _G, "an edit against a close, and against a removal, loses nothing"),
    Assertion("E27-skew", _G, "a clock that is ten minutes off loses nothing"),
    # cursor
    Assertion("F28-same-instant", _B, "a change at the cursor's own instant is seen"),
    Assertion("F29-zones", _S, "the zone of the account, -12 to +14, loses and doubles nothing"),
    Assertion("F30-while-paging", _S, "an item edited between two pages is neither lost nor stale"),
    Assertion("F31-pages", _B, "more items than a page all come; paging ends"),
    Assertion("F32-commit-fails", _S, "where a page could not be stored it is read again"),
    Assertion("F33-bad-cursor", _B, "a cursor from the future or broken loses nothing"),
    Assertion("F34-lag", _S, "an index that lags behind: ask again, never create"),
    Assertion("F35-backfill", _S, "a first reading can be broken off and goes on where it was"),
    # comments and files
    Assertion("G36-comments", _S, "order, author, edits and removals of comments come as declared"),
    Assertion("G37-internal", _S, "what is internal is never shown to a customer", _HIDE),
    Assertion("G38-unknown", _S, "a comment of unknown visibility is internal", _HIDE),
    Assertion(
        "G39-files", _S, "a file arrives byte by byte, once, whatever its name; or is refused"
    ),
    # status
    Assertion(
        "H40-statuses", _S, "every status of the schema is reached, or `check` tells why not"
    ),
    Assertion("H41-required", _S, "a move that requires a field says which"),
    Assertion("H42-bounded", _S, "a status that is several moves away costs a bounded number"),
    Assertion(
        "H43-unreachable", _S, "an unreachable status is an error of its own; fields still go"
    ),
    Assertion("H44-reopen", _S, "a closed item can be opened again, and its history tells both"),
    # failure
    Assertion("I45-limits", _B, "`Retry` with the far end's own time after a limit of any form"),
    Assertion(
        "I46-classified", _B, "every failure is the plugin error that fits, and says what next"
    ),
    Assertion(
        "I47-session", _S, "a session that ends costs one sign-in and one repeat, body intact"
    ),
    Assertion(
        "I48-revoked", _B, "refused credentials are `Auth`, and nothing is tried over and over"
    ),
    Assertion("I49-poison", _S, "one item that never works holds up no other, and is shown"),
    Assertion("I50-log-once", _S, "an outage is told once, and its end once"),
    Assertion("I51-breaker", _S, "a far end that is down is left alone, and found when it is back"),
    # webhooks
    Assertion("J52-signature", _S, "a webhook without a valid signature is refused", _RECEIVE),
    Assertion("J53-doubled", _S, "doubled, late and unknown webhooks change nothing", _RECEIVE),
    Assertion("J54-answers", _S, "a webhook is answered though the far end is down", _RECEIVE),
    Assertion("J55-lost", _S, "with every webhook lost the end is the same", _RECEIVE),
    # lifecycle
    Assertion("K56-shadow", _G, "in shadow nothing is written, and the plan tells all"),
    Assertion("K57-unlink", _G, "unlinking keeps both sides; connecting again doubles nothing"),
    Assertion("K58-gone", _G, "an item that is gone is told, and nothing of ours is closed"),
    Assertion("K59-empty", _G, "an empty or failed listing changes nothing"),
    Assertion("K60-upgrade", _G, "a cursor of an earlier version is taken or read from the start"),
    # budget
    Assertion("L61-calls", _G, "a create, a change and an idle cycle keep within their calls"),
    Assertion("L62-memory", _G, "ten thousand items are read in bounded memory"),
    Assertion("L63-stop", _G, "a wait ends in time, `close` lets go of everything, also twice"),
)
