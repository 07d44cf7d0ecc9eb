"""What a detection rule is, and the small words that many rules share. Pure."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re
from dataclasses import dataclass

from coaching.types import Channel, SignalKind

CUSTOMER = frozenset({Channel.CUSTOMER})
REP = frozenset({Channel.REP})
BOTH = frozenset({Channel.CUSTOMER, Channel.REP})

# Macros, written {like this} in patterns. `gap2` is up to two words that stay inside the sentence.
MACROS = {
    "be": r"(?:is|are|was|be|am|been|being|seems?|sounds?|looks?|feels?|feel|looking|sounding|comes? (?:out|in|across)(?: as)?)",
    "very": r"(?:(?:way|far|an?|bit|little|pretty|quite|really|very|just|so|kind|of|rather|still|much|honestly|somewhat|slightly|fairly|too|on|the|side|all|that|sort|extremely|awfully|a lot|simply|also|probably|definitely|maybe|over|more|such) )*",
    "our": r"(?:our|my|the|their|this|your|that|a|an|any)",
    "it": r"(?:it|this|that|these|those|them)",
    "we": r"(?:we|i|they|my team|our team|the team)",
    "gap1": r"(?:[\w']+ ){0,1}",
    "gap2": r"(?:[\w']+ ){0,2}",
    "gap3": r"(?:[\w']+ ){0,3}",
    "gap4": r"(?:[\w']+ ){0,4}",
    "gap6": r"(?:[\w']+ ){0,6}",
    "person": r"(?:boss|bosses|manager|managers|wife|husband|partner|partners|spouse|board|cfo|ceo|cto|coo|cio|vp|director|directors|finance|legal|procurement|purchasing|committee|co founder|cofounder|founder|colleagues?|supervisor|owner|landlord|accountant|lawyer|family|leadership|management|department|stakeholders|higher ups?|people upstairs|team|head of \w+|son|daughter|it department|it team|it people|our it)",
    "number": r"(?:\d+k?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|grand|million|few|couple|couple of|several)",
    "period": r"(?:days?|weeks?|months?|quarters?|years?|fiscal|q[1-4]|spring|summer|fall|autumn|winter|january|february|march|april|june|july|august|september|october|november|december|budget cycle)",
    "day": r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next week|this week|next month|later this week|this afternoon|tonight)",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind and topic, and the patterns that say it. Patterns see even text and match whole words.

    `says_no` rules carry their own negation, so a "not" before them does not turn them off.
    """

    kind: SignalKind
    topic: str
    confidence: float
    channels: frozenset[Channel]
    patterns: tuple[str, ...]
    says_no: bool = False


def compile_patterns(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression of all patterns, each between spaces, macros filled in."""
    filled = []
    for pattern in patterns:
        text = pattern
        for name, expression in MACROS.items():
            text = text.replace("{" + name + "}", expression)
        filled.append(text)
    return re.compile(r"(?<= )(?:" + "|".join(filled) + r")(?= )")
