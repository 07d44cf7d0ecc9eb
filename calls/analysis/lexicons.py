"""Word lists of the analysis: small, readable, deterministic. English."""

from __future__ import annotations

BACK_CHANNELS = frozenset(
    "mm mmm mhm mm-hmm mmhmm hmm hm uh-huh aha ah oh yeah yep yes yup right okay ok sure exactly absolutely indeed "
    "true good great nice wow cool gotcha got it i see understood of course perfect alright really".split()
) - {"it", "of", "i"}

FILLERS = frozenset("um umm uh uhm er erm ehm ah eh hmm".split())
FILLER_PHRASES = (("you", "know"), ("i", "mean"), ("sort", "of"), ("kind", "of"))

LEADING = frozenset("so and but okay ok well now um uh er right alright great yeah yes oh then also first just".split())
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

POSITIVE = frozenset(
    "good great nice excellent perfect wonderful awesome amazing fantastic helpful happy glad love loved like liked "
    "appreciate appreciated thanks thank pleased interested interesting impressive impressed easy easier excited "
    "better best comfortable works fair reasonable useful valuable exactly absolutely definitely brilliant "
    "delighted relieved relief lovely cool sweet super fine works sounds-good enjoy enjoyed recommend".split()
)
NEGATIVE = frozenset(
    "bad terrible awful horrible poor worse worst expensive costly pricey problem problems issue issues trouble "
    "worried worry concerned concern concerns afraid unhappy angry upset annoyed annoying frustrated frustrating "
    "frustration disappointed disappointing difficult hard confusing confused slow broken fail failed fails failing "
    "wrong hate hated unfortunately unacceptable waste wasted lost lose missing stolen complaint complain cancel "
    "overpriced risky risk painful pain sick hurt hurts sorry baffled impossible struggle struggling nightmare".split()
)
NEGATIONS = frozenset(
    "not no never don't doesn't didn't isn't wasn't aren't can't cannot couldn't won't wouldn't without hardly".split()
)
NEGATION_REACH = 3
"""How many words after a negation change sides: "not very happy"."""
