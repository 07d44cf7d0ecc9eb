"""What people say before, or after, a number that tells what kind of number it is. English. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """What the numbers that come are. `HARMLESS`: an order, a telephone, a quantity; `ACCOUNT`:
    with a bank, or with the business; `LAST_FOUR`: of a card."""

    CARD = "card"
    AFTER_CARD = "after_card"
    EXPIRY = "expiry"
    CODE = "code"
    BANK = "bank"
    ACCOUNT = "account"
    SOCIAL = "social"
    NATIONAL = "national"
    LAST_FOUR = "last_four"
    HARMLESS = "harmless"


SECRET = frozenset(Topic) - {Topic.LAST_FOUR, Topic.HARMLESS}


@dataclass(frozen=True, slots=True)
class Cue:
    """Characters [start, end) of the text in small letters."""

    topic: Topic
    start: int
    end: int


# The first that fits at a place wins: what is special stands before what is general.
_SAID = {
    Topic.LAST_FOUR: r"(?:card )?(?:ending|ends) (?:in|with)|card ending|last (?:four|4)(?: digits)?"
    r"(?! (?:digits )?of (?:your|my|the|his|her) (?:social|ssn))",
    Topic.SOCIAL: r"social security|ssn|s s n|the social (?:is|number|ends)|"
    r"(?:your|my|his|her|the full|of the) social\b"
    r"(?! (?:media|net|post|team|feed|channel|account|profile|selling|ads?\b))",
    Topic.NATIONAL: r"national insurance|ni number|social insurance|steuer[- ]?id\w*|steuerliche identifikations\w*|"
    r"(?:personal )?tax(?:payer)? id(?:entification)?(?: number)?|itin|national id(?:entity|entification)?(?: number)?",
    Topic.EXPIRY: r"expir(?:y|es|ation|ing)\w*|exp date|valid (?:thru|through|until)|good (?:thru|through)",
    Topic.CODE: r"cvv2?|cvc2?|c ?v ?[vc]|card verification \w+|security (?:code|digits)|"
    r"(?:three|four|six|3|4|6)[- ]digit (?:code|pin|number on)|(?:digits|numbers?|code) on the (?:back|front|reverse)|"
    r"(?:verification|access|login|log-in|authentication|two[- ]factor|authenticator|sms|unlock) code|"
    r"one[- ]time (?:pass ?(?:code|word)?|code|pin)|otp|pass ?code|pin(?: number| code)?"
    r"(?! (?:it|this|that|down|point|them|board|the|up|drop)\b)|"
    r"code (?:that )?(?:we|i|they) (?:(?:have|just) )*(?:sent|texted|emailed)|"
    r"code (?:that )?(?:you|i) (?:just )?(?:got|received)|code (?:in|from) the (?:text|sms|message|email|app)",
    Topic.BANK: r"routing(?: number)?|aba(?: number)?|sort code|iban|bank account|bank details|"
    r"(?:checking|savings|current) account(?: (?:number|no|num))?|account and routing|direct debit|"
    r"bankleitzahl|kontonummer",
    Topic.ACCOUNT: r"(?:account|acct|a\.?c\.?) (?:number|no|num|#)\.?|acct",
    Topic.CARD: r"card(?:'s)? (?:number|no|num|#|digits|details|info\w*)|"
    r"(?:numbers?|digits) (?:\w+ )?(?:on|off|of|from) (?:the |your |my |that |this )(?:\w+ ){0,2}card|"
    r"(?:credit|debit|payment|corporate|company|amex|visa|mastercard) card|master ?card|visa|amex|american express|"
    r"long number|(?:sixteen|16|fifteen|15)[- ]?digits?(?: number)?|"
    r"(?:read|give|gave|got|have|use|take|put|charge|get)(?: \w+){0,3} card\b(?! game| table)|"
    r"(?:it's|on|here's) (?:my|the) card",
    Topic.HARMLESS: r"(?:order|invoice|reference|ref|ticket|case|tracking|confirmation|booking|serial|imei|part|sku|"
    r"policy|flight|room|suite|apartment|model|vin|purchase order|quote|contract|customer|client|member(?:ship)?|"
    r"loyalty|isbn|version|item|product|meter|claim|project|building|street|extension|ext|employee|badge|license|"
    r"license plate|promo|promotion|discount|coupon|error|area|country|dress|zip|post|postal|qr|source|bar|building)"
    r"(?:'s)?(?: (?:number|code|id|no\.?))|"
    r"zip|postcode|extension|serial|invoice|(?:phone|telephone|mobile|cell|fax|office|direct|contact|toll[- ]free)"
    r"(?: (?:number|line))?|"
    r"(?:call|reach|text|ring|dial|whatsapp) (?:me|us|him|her|you|them|back|at|on)\b(?: back| at| on)?|"
    r"how (?:many|much|long|often|old)|(?:what|which) (?:year|time|day|month)|(?:born|founded|started|moved|since) in|"
    r"birth(?:day| ?date)?|date of birth|population|square f\w+|revenue|budget|price|"
    r"amount|total|balance|address|transfer(?: of)?|payment of",
}
_CUE = re.compile(r"\b(?:" + "|".join(f"(?P<{topic.value}>{form})" for topic, form in _SAID.items()) + r")(?!\w)")


def cues_of(text: str) -> list[Cue]:
    """In order of the text."""
    small = text.lower().replace("’", "'")
    return [Cue(Topic(match.lastgroup or ""), match.start(), match.end()) for match in _CUE.finditer(small)]
