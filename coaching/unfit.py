"""What no card may hold, whatever the business's material says. Pure.

Links and addresses, requests for secrets, insults, markup, long runs of digits, other scripts, and words of the prompt.
"""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

RUN_WORDS = 6
"""So many words in a row that stand in the prompt and nowhere in the material are a quotation of the prompt."""

_HIDDEN = ("Cf", "Cc", "Co", "Cn")
LAST_LATIN = 0x24F
_LINK = re.compile(
    r"https?:|www\.|\w@\w|\b\w[\w-]*\.(?:com|net|org|io|co|ru|info|biz|xyz|app|dev|ly|link|site|top|me|de|uk|eu|ai)\b|"
    r"\b\w+ dot (?:com|net|org|io|co|ru|info|biz)\b|\b(?:bit ?ly|tinyurl)\b",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"(?P<refusal>\b(?:don't|do not|never|not|no|without)\b(?: \w+){0,4} )?\b(?:(?:credit|debit|payment|bank)? ?card (?:number|details|data)|credit card|debit card|"
    r"cvv|cvc|security code|expiry date|expiration date|pass ?words?|pass ?codes?|one[- ]time code|social security|ssn|iban|account number|sort code|routing number|"
    r"bank details|bank account|pin (?:number|code)|passport number|date of birth|mother's maiden|digits on the (?:back|front))\b",
    re.IGNORECASE,
)
_RUDE = re.compile(
    r"\b(?:idiots?|idiotic|stupid\w*|morons?|moronic|dumb\w*|fools?|foolish|liars?|losers?|shut up|ugly|pathetic|clueless|incompetent|"
    r"scum\w*|trash|garbage|crap\w*|damn\w*|hell|fuck\w*|shit\w*|bitch\w*|bastards?|ass|assholes?|screw you|hate you|imbeciles?|clowns?|ridiculous|worthless)\b",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"system prompt|\b(?:my|your|the|these|all|previous|prior) (?:system )?(?:instructions|prompt)\b|source_?key|should_?show|</?\w+>|\bas an ai\b|\bdeveloper mode\b|\bjailbreak\w*|"
    r"\bignore (?:all|any|previous|prior|your|my|the)\b|\bi am (?:an ai|a language model|dan)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[{}<>\[\]\\|`#*=_~^]|\\u[0-9a-f]{4}|&\w+;|&#")
_DIGITS = re.compile(r"\d(?:[ .\-/]?\d){6,}")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[a-zA-Z])\w{14,}|\b[A-Za-z0-9+/]{24,}=*|(?:\b\w\b[ .-]){6,}")


class Unfit:
    """Ready for one call. `allowed` is the business's own material, `prompt` what only the model may read."""

    def __init__(self, *, allowed: Iterable[str], prompt: Iterable[str]) -> None:
        own = " ".join(allowed)
        self._scripts = frozenset(char for char in own if _is_foreign(char))
        held = frozenset(_runs(own))
        self._prompt = frozenset(run for text in prompt for run in _runs(text)) - held

    def reason(self, text: str) -> str:
        """Why a text may not be shown, in one word, or an empty string."""
        found = {
            "hidden": any(unicodedata.category(char) in _HIDDEN for char in text if char not in "\n\t"),
            "script": any(_is_foreign(char) and char not in self._scripts for char in text),
            "link": _LINK.search(text),
            "code": _MARKUP.search(text) or _CODE.search(text) or _DIGITS.search(text),
            "secret": any(match["refusal"] is None for match in _SECRET.finditer(text)),
            "rude": _RUDE.search(text),
            "prompt": _PROMPT.search(text) or not self._prompt.isdisjoint(_runs(text)),
        }
        return next((reason for reason, is_found in found.items() if is_found), "")


def _is_foreign(char: str) -> bool:
    return ord(char) > LAST_LATIN and char.isalpha()


def _runs(text: str) -> Iterable[tuple[str, ...]]:
    tokens = re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))
    return (tuple(tokens[start : start + RUN_WORDS]) for start in range(len(tokens) - RUN_WORDS + 1))
