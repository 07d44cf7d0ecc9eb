"""Word lists of the analysis: small, readable, deterministic. English."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BACK_CHANNELS = _words(
    "mm mmm mhm mm-hmm mmhmm hmm hm uh-huh aha ah oh yeah yep yes yup right okay ok sure exactly absolutely indeed "
    "true good great nice wow cool gotcha got see understood course perfect alright really"
)

FILLERS = _words("um umm uh uhm er erm ehm ah eh hmm")
FILLER_PHRASES = (("you", "know"), ("i", "mean"), ("sort", "of"), ("kind", "of"))

LEADING = _words("so and but okay ok well now um uh er right alright great yeah yes oh then also first just")
"""Words that may stand before a question without being part of it."""

OPEN_STARTS = (
    ("what",),
    ("how",),
    ("why",),
    ("tell", "me"),
    ("walk", "me", "through"),
    ("help", "me", "understand"),
)

TAGS = frozenset(
    {
        *(("right",), ("okay",), ("ok",), ("yeah",), ("yes",), ("no",), ("correct",), ("huh",), ("eh",)),
        *(("you", "know"), ("you", "see"), ("isn't", "it"), ("isn't", "that", "right"), ("doesn't", "it")),
        *(("don't", "you"), ("aren't", "you"), ("won't", "it"), ("wasn't", "it"), ("is", "that", "right")),
        *(("am", "i", "right"), ("make", "sense"), ("fair", "enough")),
    }
)

POSITIVE = _words(
    "good great nice excellent perfect wonderful awesome amazing fantastic helpful happy glad love loved like liked "
    "appreciate appreciated thanks thank pleased interested interesting impressive impressed easy easier excited "
    "better best comfortable works fair reasonable useful valuable exactly absolutely definitely brilliant "
    "delighted relieved relief lovely cool sweet super fine enjoy enjoyed recommend"
)
NEGATIVE = _words(
    "bad terrible awful horrible poor worse worst expensive costly pricey problem problems issue issues trouble "
    "worried worry concerned concern concerns afraid unhappy angry upset annoyed annoying frustrated frustrating "
    "frustration disappointed disappointing difficult hard confusing confused slow broken fail failed fails failing "
    "wrong hate hated unfortunately unacceptable waste wasted lost lose missing stolen complaint complain cancel "
    "overpriced risky risk painful pain sick hurt hurts sorry baffled impossible struggle struggling nightmare"
)
NEGATIONS = _words(
    "not no never don't doesn't didn't isn't wasn't aren't can't cannot couldn't won't wouldn't without hardly"
)
NEGATION_REACH = 3
"""How many words after a negation change sides: "not very happy"."""
