"""When matching words do not mean it: negated, quoted from others, long ago, or only supposed. Pure."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re

from coaching.signals.text import Even
from coaching.types import SignalKind

_NEGATION = re.compile(
    r" (?:not|no|never|without|hardly|nor|neither|nothing|none|isn|ain|far from|anything but|less)(?: [\w']+){0,3} $"
)
# "Not only", "why not", "no, it is too expensive": words that look like a negation of what follows and are none.
_NO_NEGATION = re.compile(
    r" (?:not only|not just|not gonna lie|not going to lie|not to mention|why not|no doubt|i do not know|do not get me wrong|"
    r"not sure|no i (?:mean|think)|no (?:it|that|this|we|i|the|you|thanks|thank)|no no|no offense|not exactly sure|no question|"
    r"no matter what|no honestly|no sorry|no really|i will not lie|can not lie|do not think we can|nothing against you|no wonder|"
    r"no but|no because|"
    r"not lie)(?: [\w']+){0,3} $"
)
_SAID_BY_OTHERS = re.compile(
    r" (?:you|they|people|some|others|everyone|everybody|he|she|someone|customers|clients|folks|most|competitors?|reviews?)"
    r"(?: \w+)? (?:said|say|says|tell|told|think|thinks|thought|mentioned|complain|complained|complains|claim|claims|heard|worry|mean|meant)(?= )"
)
_SAID_BY_US = re.compile(
    r" (?:my|our) (?:\w+ )?(?:boss|wife|husband|partner|cfo|ceo|team|manager|board|director|finance \w+)"
)
_THOUGHT = re.compile(
    r" (?:i|we) (?:first |initially |originally |really |honestly |always )*(?:thought|assumed|expected|figured|was worried|were worried|was afraid|feared|used to think)(?= )"
)
_LONG_AGO = re.compile(
    r" (?:used to (?:be|have|think|say)|back then|years ago|at first|initially|originally|(?:old|previous|former|last|other|prior|earlier) "
    r"(?:\w+ )?(?:provider|vendor|system|tool|one|company|supplier|quote|software|crm|rep|solution|job|place|firm|guys|installer|platform|product|option)"
    r"(?: \w+)? (?:was|were|had|got|is|became|did|said|told))(?= )"
)
_SUPPOSED = re.compile(
    r" (?:if|unless|in case|even if|suppose|say|whether|as long as|provided|would you say|who says|when something is|when (?:it|they|things) (?:is|are|get|gets))(?= )"
)
_HARMLESS_IF = re.compile(
    r" if (?:i am|we are|you ask|i may|you do not mind|i can be|i have to|i had|i could|it is not (?:broke|broken)|i remember|anything|only)(?= )"
)
_OTHERS_AFTER = re.compile(
    r"^ (?:for (?:them|him|her|most|some|other|others|smaller|many)|but (?:it|this|that|now) (?:is|was|are) (?:not|worth|actually (?:not|fine|ok|okay))|"
    r"(?:is|was|were) (?:not|never) (?:a|an|the|our|my|really|what)|compared to yours|so we (?:left|switched|dropped|cancelled)|"
    r"(?:which|that) is why (?:we|i) (?:left|switched|dropped|called|am|are))(?= )"
)
_RESOLVED = re.compile(
    r" (?:that|it|this|price|money|budget|timing|cost|security) (?:is|was|would) (?:no longer|not (?:really |necessarily |actually |even )?(?:a |an |the |our |my )?)(?= )"
)

_GUARDED = frozenset({SignalKind.OBJECTION, SignalKind.BUYING_SIGNAL})
GUARDED_BY_NOT = _GUARDED | {SignalKind.NEXT_STEP, SignalKind.COMPLIANCE}


def is_negated(even: Even, start: int) -> bool:
    """Whether a "not" in the three words before character `start` of the even text turns the match around."""
    before = even.text[even.sentence_start(start) : start]
    if not before.startswith(" "):
        before = " " + before
    return bool(_NEGATION.search(before)) and not _NO_NEGATION.search(before)


def is_turned(even: Even, kind: SignalKind, start: int, end: int) -> bool:
    """Whether the sentence gives the match to someone else, to another time, or to a supposition."""
    if kind not in _GUARDED:
        return False
    before = even.text[even.sentence_start(start) : start]
    if not before.startswith(" "):
        before = " " + before
    if _SAID_BY_OTHERS.search(before) and not _SAID_BY_US.search(before):
        return True
    if _THOUGHT.search(before) or _LONG_AGO.search(before) or _RESOLVED.search(before):
        return True
    if _SUPPOSED.search(before) and not _HARMLESS_IF.search(before) and kind is SignalKind.OBJECTION:
        return True
    return kind is SignalKind.OBJECTION and bool(_OTHERS_AFTER.search(even.text[end:]))
