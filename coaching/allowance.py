"""What may stand without a source: the customer's own amounts and words, a time to meet, advice to the rep. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coaching import claim_words, claims, evidence
from coaching.claims import Clause, Does
from coaching.evidence import Entry, strong_in
from coaching.measures import Measure, holds, measures, names
from coaching.stems import listed, stem

SMALL_COUNT = 5
MEETING_MINUTES = 60
_TIMES = frozenset({"minutes", "months", "clock", "date", "ordinal"})
_COUNTED = frozenset(
    stem(word) for word in listed("question thing point option way part answer priority reason worry us side step them")
)
_THEIRS = re.compile(
    r"\b(?:they|he|she|you|(?:the )?customer|buyer)\b(?: \w+){0,2}? (?:ask|said|say|mention|pay|paid|want|need|fear|"
    r"worr|told|tell|lose|spend|have|has|name|quote|doubt|compare|hope|look)\w*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Of one business: `facts` are all its facts as one entry, `known` the stems of all its material, `names` those
    that speak of it, `rivals` those of its competitors.
    """

    facts: Entry
    known: frozenset[str]
    names: frozenset[str]
    rivals: frozenset[str]

    def reason(self, clause: Clause, heard: Entry) -> str:
        """Why a clause may not stand without a source, in one word; empty when it may."""
        amounts = measures(clause.text)
        strong = strong_in(clause.text)
        if clause.does is Does.CLAIMS:
            return "number" if amounts and not all(holds(one, self.facts.amounts) for one in amounts) else "source"
        if not all(self._may_name(one, clause, heard) for one in amounts):
            return "number"
        if strong and not self._may_ask(strong, clause, heard):
            return "claim"
        if clause.does is Does.OFFERS:
            known = self.known | claim_words.PROCESS_NOUNS | claim_words.INQUIRING | claim_words.GIVING
            if clause.verb and clause.verb not in claim_words.GIVING:
                known |= heard.stems
            return "" if evidence.covers(known, clause.content) else "source"
        if clause.does is Does.TELLS:
            return "" if self._is_told(clause, heard) else "source"
        return ""

    def _is_told(self, clause: Clause, heard: Entry) -> bool:
        """Whether a clause says of the customer what the customer said, or is no more than sympathy.

        What somebody said in the call may not come back as a statement about anything else.
        """
        if claims.is_of_them(clause.text) or self._begins_with_theirs(clause, heard):
            return evidence.covers(heard.stems | claim_words.EMPATHY, clause.content)
        if evidence.words_in(clause.text) & claim_words.NEGATIONS:
            return False
        named = heard.stems & (self.rivals | claim_words.PERIODS)
        return set(clause.content) <= claim_words.EMPATHY | named

    def _begins_with_theirs(self, clause: Clause, heard: Entry) -> bool:
        """ "Four hours per proposal adds up": an amount that the customer named, and no word of us."""
        amounts = measures(" ".join(clause.text.split()[:3]))
        if not amounts or claims.speaks_of_us(clause.text, self.names) or claim_words.PRODUCT_VERB.search(clause.text):
            return False
        first = amounts[0]
        is_price = first.is_money or first.is_share
        return not is_price and names(first, heard.amounts)

    def _may_name(self, measure: Measure, clause: Clause, heard: Entry) -> bool:
        """An amount outside of a claim: the customer's own, a time to meet, a small count, or one of our facts."""
        if clause.does in (Does.ASKS, Does.GOES_ALONG, Does.TELLS):
            said = names(measure, heard.amounts)
            is_ours = claims.speaks_of_us(clause.text, self.names)
            if said and (clause.is_told or not (measure.is_money or measure.is_share or is_ours)):
                return True
            if clause.does is Does.ASKS and measure.unit in _TIMES and clause.is_open and not is_ours:
                return True
        if measure.unit in _TIMES and claim_words.MEETING.search(clause.text):
            return measure.unit != "minutes" or 0 < measure.value <= MEETING_MINUTES
        if not measure.unit and not measure.per and measure.value <= SMALL_COUNT:
            return not measure.nouns or measure.nouns[0] in _COUNTED
        return clause.does is Does.ASKS and holds(measure, self.facts.amounts)

    def _may_ask(self, strong: frozenset[str], clause: Clause, heard: Entry) -> bool:
        """A claim word outside of a claim: of a fact, or the customer's own in an open question or a repetition."""
        if clause.does is Does.ASKS and strong <= self.facts.strong:
            return True
        if not heard.says(strong):
            return False
        return clause.is_open or clause.is_told or (clause.is_aside and strong <= claim_words.TOPICS)

    def remark_reason(self, clause: Clause, entry: Entry, heard: Entry, *, is_title: bool) -> str:
        """A remark to the rep: advice needs no source, but it holds no amount, claim word or praise of ours without."""
        is_theirs = bool(_THEIRS.search(clause.text)) and not claim_words.PRODUCT_VERB.search(clause.text)
        for measure in measures(clause.text):
            said = is_theirs or (is_title and not (measure.is_money or measure.is_share))
            said = said and names(measure, heard.amounts)
            if not said and not holds(measure, entry.amounts) and not _is_small(measure):
                return "number"
        unheld = strong_in(clause.text) - entry.strong - entry.own_strong
        is_topic = is_title and unheld <= claim_words.TOPICS
        if unheld and not ((is_theirs or is_topic) and heard.says(unheld)):
            return "claim"
        says_more = len(clause.content) > 1 and claim_words.PRODUCT_VERB.search(clause.text)
        is_ours = claims.speaks_of_us(clause.text, self.names, is_aside=True) or says_more
        if is_ours or claim_words.SOCIAL.match(clause.text):
            held = entry.stems | (heard.stems if is_theirs else frozenset()) | self.names
            return "" if evidence.covers(held, clause.content) else "source"
        return ""


def _is_small(measure: Measure) -> bool:
    return not measure.unit and not measure.per and measure.value <= SMALL_COUNT
