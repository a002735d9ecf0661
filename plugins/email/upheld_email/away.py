"""What responders put before a subject to say that somebody is away. Pure.

Most of them mark their mail as automatic (RFC 3834), some do not. A subject alone proves nothing: it counts
only for what answers a mail of ours, and makes it a note.
"""

from __future__ import annotations

import re
from typing import Final

#: As Exchange, Gmail, GroupWise, Notes and large providers have them.
_WORDS: Final = (
    *("automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "out of office"),
    *("out of the office", "out-of-office", "vacation reply", "away from the office"),
    *("automatische antwort", "automatische abwesenheitsmeldung", "abwesenheitsnotiz", "abwesend"),
    *("réponse automatique", "absence du bureau", "message d'absence", "absent du bureau"),
    *("respuesta automática", "fuera de la oficina", "resposta automática", "fora do escritório"),
    *("risposta automatica", "fuori sede", "fuori ufficio", "automatisch antwoord", "afwezig"),
    *("automatiskt svar", "automatisk svar", "autosvar", "frånvaro", "fravær", "poissa"),
    *("automaattinen vastaus", "odpowiedź automatyczna", "autoodpowiedź", "nieobecność"),
    *("automatická odpověď", "automatická odpoveď", "automatikus válasz", "răspuns automat"),
    *("автоматический ответ", "автоответ", "автоматична відповідь", "αυτόματη απάντηση"),
    *(
        "otomatik yanıt",
        "自動応答",
        "自動返信",
        "自动答复",
        "自动回复",
        "自動回覆",
        "자동 회신",
        "자동응답",
    ),
)
_AWAY: Final = re.compile(rf"(?:{'|'.join(map(re.escape, _WORDS))})(?:\W|$)")


def says_away(subject: str) -> bool:
    """Whether a subject begins as a responder's does."""
    return _AWAY.match(subject.strip(" [(").casefold()) is not None
