"""The words by which a clause is told to be small talk, a question, an offer of the next step, or a claim. Data only."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re

from coaching.stems import listed, stem

STRONG = re.compile(
    r"\b(?:guarante\w*|certif\w*|accredit\w*|award\w*|patent\w*|proven|prove[sd]?|fastest|cheap\w*|the best|best (?:in|on|price|choice|product|tool|solution|deal)|number one|leading|leader|market leader|"
    r"unlimited|free|freebie|always|never fails?|complian\w*|comply|case stud\w+|risk[- ]free|refund\w*|money[- ]back|approv\w*|endors\w*|recommended by|"
    r"discount\w*|rebate\w*|bonus|waiv\w*|% off|percent off|\d\S* off|(?:dollars?|bucks|euros?|pounds?|price|bill) off|off your|off the (?:price|list)|take \S+ off|save[sd]?|saving|savings|lifetime|forever|"
    r"instant\w*|immediately|automatic\w*|itself|everything|anything|everyone|every customer|every system|all (?:systems|tools|customers|of them)|"
    r"insured|licensed|lawyers?|legal advice|tax|subsid\w*|grants?|hipaa|gdpr|iso|soc|fda|encrypt\w*|bulletproof|unhackable|zero risk|no risk|"
    r"increas\w*|boost\w*|faster|outperform\w*|superior|safest|safer|perfect\w*|flawless\w*|roi|"
    r"customers (?:like|such as|have|see|get|love)|clients (?:like|such as|have|see|get|love)|worldwide|"
    r"most popular|trusted by|used by|only (?:one|vendor|provider|today|this week)|exclusive\w*|limited time|last chance|expires?|price match|"
    r"(?:costs?|pays?|charged?|for) nothing|no (?:setup|cost|fee|fees|charge|contract|commitment|obligation|limit|limits)|without (?:any )?(?:cost|fee|fees|contract|commitment|limit|limits)|"
    r"included|complimentary|on the house|on us|cancel any ?time|any ?time)\b",
    re.IGNORECASE,
)
TOPICS = frozenset(
    stem(word)
    for word in listed("discount rebate cheap cheaper saving savings save tax subsidy grant gdpr soc iso hipaa")
)
"""Claim words that a title may name when the customer did: what the talk is about."""

NEGATIONS = frozenset({"no", "none", "never", "not", "nothing", "nobody", "without"})

STRETCHING = frozenset(
    listed(
        "most all every many only always same today tomorrow tonight overnight weekend immediately monday tuesday "
        "wednesday thursday friday saturday sunday"
    )
)
"""Words that stretch a statement or date it: a source must hold them too."""

_WEAK = listed(
    "a about above absolutely actually after again against ago ahead all alone along already also although always "
    "am among an and another any anyway appreciate are around as ask asked asking at away back be because been "
    "before behind being believe besides better between big bit both bring but by call came can careful care case "
    "certain certainly chance change clear close come comes coming comfortable compare compared concern concerned "
    "concerns consider conversation could course day deal decide decided decision deep definitely depend depends "
    "describe described did different discuss do does doing done down each easy either else end enough even ever "
    "every exactly example expect fair far feel feels few figure find fine first fit fits follow for forward "
    "found from front fully get gets getting give gives given giving glad gladly go goes going good got great had "
    "half happen happens happy hard has have having hear heard hello help helpful helping helps her here hesitate "
    "hi him his honest honestly hope how however i idea if important in indeed instead interest interested into "
    "is issue it item its just keep keeps kind know last later lead least less let like likely little long look "
    "looking looks lot lots love made make makes making many matter matters may maybe me mean means meant meet "
    "mention mentioned met might mind minute moment more most move much must my name need needed needs never new "
    "next nice no none normal not nothing now obviously of off often oh ok okay old on once one ones only open or "
    "other others our ours out over own page part per perhaps picture place plan please point possible precise "
    "precisely probably problem put question questions quick quickly quite rather ready real really reason "
    "reasonable rest right rush same saw say saying says second see seem seems seen sense serious set several "
    "shall share she should show side simple simply since situation small so some somebody someone something soon "
    "sort sound sounds speak special specific start step still story straight such suit suits sure switch take "
    "taken takes taking talk talked tell than thank thanks that the their them then there these they thing things "
    "think third this those though thought through time to today together told too topic total touch toward true "
    "try trying turn two under understand understandable understood unless until up upon us use used useful using "
    "usually valid very walk want wanted wants was way ways we welcome well went were what whatever when where "
    "whether which while who whole whom whose why will wish with without wonder wondering word words work worked "
    "working works worried worries worry worth would wrong yes yet you your yours"
)
WEAK = frozenset(stem(word) for word in _WEAK) | frozenset(_WEAK)
"""Words that carry no content of their own."""

EMPATHY = frozenset(
    stem(word)
    for word in listed(
        "purchase investment step commitment tight budget money tough painful pain lot busy team risk cautious price "
        "timing approval internal priority hesitant hesitation company business people home money expensive spend "
        "choice option options solution tool current system setup trust proof burned before experience pay spend lose "
        "mention switching"
    )
)
"""What an acknowledgement may name though the customer used other words for it."""

PERIODS = frozenset(
    stem(word)
    for word in listed(
        "minute hour day week month quarter year monday tuesday wednesday thursday friday saturday sunday"
    )
)

OWN_NOUNS = frozenset(
    stem(word)
    for word in listed(
        "offer proposal price pricing team call conversation talk meeting product solution platform software tool "
        "system service company agreement contract plan approach side people demo trial pilot website number list "
        "notes end business first next material documents documentation experts specialist colleagues"
    )
)
"""What "our …" may go before in a question without a source: what every business has."""

INQUIRING = frozenset(
    stem(word)
    for word in listed(
        "check ask look find understand see hear learn note talk discuss go walk compare plan calculate start explore "
        "figure clarify dig focus begin take say be make break confirm step review think separate set map work come "
        "address speak meet agree settle explain want love like know tell think put narrow pause keep"
    )
)
GIVING = frozenset(
    stem(word)
    for word in listed("send show share bring prepare book put write schedule invite introduce get give block draft")
)
PROCESS_NOUNS = frozenset(
    stem(word)
    for word in listed(
        "summary agenda invite calendar calendars email proposal quote offer agreement contract details information "
        "overview answer answers document documents page link time date slot meeting call demo colleague specialist "
        "expert team boss manager partner follow-up week tomorrow monday tuesday wednesday thursday friday afternoon "
        "morning minutes list notes numbers figures requirements example examples options recap both sides writing "
        "price numbers number bill schedule fifteen twenty thirty case questions reviewer review scope range estimate "
        "half hour day days"
    )
)
MEETING = re.compile(
    r"\b(?:call|meet\w*|talk\w*|calendar|demo|chat|go (?:through|over)|walk|session|together|home|catch up|speak|free|invite|slot|sit down|look at)\b",
    re.IGNORECASE,
)
SOCIAL = re.compile(
    r"^(?:most|many|other|our|all|some|several|lots of|a lot of|\d\S*|hundreds of|thousands of)?\s*(?:\w+\s)?"
    r"(?:customers|clients|users|companies|businesses|teams|hospitals|banks|owners|people|homeowners|firms|others|everyone)\b",
    re.IGNORECASE,
)
PRODUCT_VERB = re.compile(
    r"\b(?:connects?|integrates?|installs?|supports?|includes?|runs?|sav(?:es|ed|ing)|replaces?|imports?|syncs?|handles?|automates?|works? with|"
    r"pays? for|covers?|protects?|encrypts?|cuts?|reduces?|doubles?|improves?|delivers?|eliminates?|prevents?|cures?|qualif\w+|comes with)\b",
    re.IGNORECASE,
)
