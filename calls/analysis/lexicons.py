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

LEADING = _words(
    "hello hi hey so and but okay ok well now um uh er right alright great yeah yes oh then also first just"
)
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

STOP_WORDS = _words(
    "a about after all also am an and any are as at be because been before but by can can't could did do does don't "
    "down else every for from get go got had has have he her here him his how i i'd i'll i'm i've if in into is it "
    "it's its just know let let's like make may me more most much my need no not now of off on one only or other our "
    "out over own please right say see she should so some such take tell than that that's the their them then there "
    "these they thing think this those through to too up us use very want was we we'd we'll we're we've well were "
    "what when where which while who why will with would yes you you'd you'll you're you've your"
)
"""Words that say nothing about a card's content."""
