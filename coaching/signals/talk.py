"""The remaining kinds: price talk, questions and compliance risks."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

from coaching.signals.rules import BOTH, CUSTOMER, REP, Rule
from coaching.types import SignalKind

PRICE_TALK = (
    Rule(
        SignalKind.PRICE,
        "question",
        0.9,
        CUSTOMER,
        (
            r"how much (?:is|are|does|do|would|will|for|it|that|this|am i|are we|money)(?: \w+)?",
            r"what (?:does|do|would|will) (?:it|this|that|they|something|one|the|your) {gap3}(?:cost|run|set us back|come to|run us|run me)",
            r"what (?:is|are|would be|was|about) (?:the |your |this |that )*(?:{gap2})(?:price|prices|pricing|cost|costs|rate|rates|fees?)",
            r"(?:cost|price|pricing) (?:per|for each|a) (?:user|seat|month|year|license|licence|panel|head|location)",
            r"what (?:kind of|sort of) (?:price|pricing|money|budget|investment|cost)",
            r"(?:ballpark|rough) (?:figure|number|price|cost|estimate|idea)",
            r"what (?:would|will) (?:we|i) (?:be paying|pay|end up paying|be looking at)",
            r"how (?:does|is|do) (?:the |your )*(?:pricing|it priced|price|billing) (?:work|structured|calculated|\w+)",
        ),
    ),
    Rule(
        SignalKind.PRICE,
        "discount",
        0.85,
        CUSTOMER,
        (
            r"(?:any|a|some|get|give|offer|bigger|better|volume|have|do) (?:us |me |you |an? |any |kind of |sort of |\w+ percent )*discounts?",
            r"(?:better|lower|best|special) (?:price|deal|rate|offer|pricing)",
            r"(?:wiggle room|room to negotiate|price match|negotiable|flexib\w+ on (?:the )?(?:price|pricing|cost))",
            r"(?:match|beat) (?:that|their|this|the) (?:price|quote|offer)",
            r"(?:lower|reduce|drop|bring down|come down on|knock) (?:the |your |that |\w+ )*(?:price|cost|rate|off|fee|percent)",
            r"do (?:any )?better (?:on|than) (?:the |that |this )?(?:price|that|cost)?",
        ),
    ),
    Rule(
        SignalKind.PRICE,
        "budget",
        0.8,
        CUSTOMER,
        (
            r"(?:our|my|the) (?:total |annual |monthly |yearly |whole )?budget (?:is|was|would be|for (?:this|it) is) (?:about |around |roughly |only |something like |up to |maybe )*{number}(?: \w+)?",
            r"(?:budgeted|set aside|allocated|put aside) (?:about |around |roughly |only |up to )*{number}(?: \w+)?",
        ),
    ),
    Rule(
        SignalKind.PRICE,
        "mention",
        0.75,
        BOTH,
        (
            r"(?:\d[\d.]*k?|{number}(?: {number})*) (?:dollars|euros|pounds|bucks|per (?:user|seat|month|year|license|licence)|a (?:month|year|seat|user)|percent off|each month)(?: \w+)?",
            r"(?:price|cost|pricing) (?:is|starts at|starts from|would be|comes to|will be) {gap2}{number}(?: \w+)?",
        ),
    ),
)

COMPLIANCE = (
    Rule(
        SignalKind.COMPLIANCE,
        "guarantee",
        0.85,
        REP,
        (
            r"(?:i|we) (?:can |will |do |absolutely |personally |fully )*(?:guarantee|promise) (?:you|that|it|this|your|a|results|savings|you will|the|at least|\d+)(?: \w+)?",
            r"guaranteed (?:results|savings|returns?|roi|profit|to (?:work|save|pay|make))",
            r"(?:completely|totally|absolutely|zero|no|hundred percent) ?risk(?: free)?",
            r"risk free",
            r"(?:never fails|can not fail|cannot lose|can not lose|will never go down|never go down|no way you (?:can )?lose)",
            r"you (?:will|are going to) definitely (?:save|make|get|earn|see)(?: \w+)?",
        ),
    ),
    Rule(
        SignalKind.COMPLIANCE,
        "pressure",
        0.8,
        REP,
        (
            r"(?:price|offer|deal|discount) (?:is |expires|ends|only good|only valid|is only good|is only valid|disappears|goes away|is gone)(?: \w+){0,2} (?:today|tonight|end of (?:the )?day|in an hour|when we hang up)",
            r"(?:have to|need to|must|got to) (?:sign|decide|commit|pay|buy) (?:right now|today|on this call|before we hang up|immediately|by tonight)",
            r"(?:last chance|once we hang up|only today|today only)",
        ),
    ),
    Rule(
        SignalKind.COMPLIANCE,
        "card_data",
        0.9,
        BOTH,
        (
            r"(?:read|give|tell|take|here is|it is) (?:me |you |out |us )*(?:your |my |the )*(?:credit |debit |bank )?card (?:number|details|info)",
            r"(?:my|the) (?:credit |debit )?card number is",
            r"(?:cvv|cvc|three digit code|security code on the back)",
            r"(?:card|number|it) {gap2}(?:is |ends? (?:in|with) )?(?:\d{4} ){3}\d{1,7}",
            r"(?:\d ){12,18}\d",
            r"\d{15,16}",
        ),
    ),
    Rule(
        SignalKind.COMPLIANCE,
        "recording",
        0.9,
        CUSTOMER,
        (
            r"(?:is|are|am) (?:this|the|i|you|we|it)(?: (?:call|conversation|line|guys))? (?:being |getting )?(?:recorded|recording|taped|taping)(?: \w+)?",
            r"(?:stop|turn off|switch off|without|did not consent to|did not agree to|not want) {gap4}(?:recording|recorded|being recorded)",
        ),
    ),
    Rule(
        SignalKind.COMPLIANCE,
        "do_not_call",
        0.9,
        CUSTOMER,
        (
            r"(?:do not|never|stop|quit) (?:call|calling|contact|contacting|email|emailing|phone|phoning|ring|ringing) (?:me|us|here|this number|my)(?: (?:again|anymore|any more))?",
            r"(?:remove|take|get|delete) (?:me|us|my number|my name|our number|my details|my data) (?:from|off|of) {gap2}(?:list|lists|database|system|records|file|files)",
            r"(?:do not call list|unsubscribe|delete (?:all )?my data)",
            r"(?:how|where) did you get (?:my|our|this) (?:number|details|name|email|information)",
        ),
        says_no=True,
    ),
)

# A question by its first words, for recognisers that write no question mark.
ASKS = (
    r"(?:and |so |but |okay |ok |well |now |just |then |yeah |also |because |out of curiosity )*"
    r"(?:what|how|when|where|which|who|why|can|could|do|does|did|is|are|will|would|should|have|has|may i|am i) "
    r"(?:you|your|it|this|that|the|we|i|there|they|many|much|long|does|do|is|are|would|will|about|kind|happens|sort|if|any|our|my|a|other|of|anyone|soon|can|could)(?= )"
)
SMALL_TALK = (
    r"how are you|how is it going|how are things|can you hear|are you there|what is your name|who is (?:this|calling|speaking)|"
    r"how can i help|is that (?:right|ok|okay|correct)|you know what|does that make sense|are you still there|"
    r"what time is it|can you repeat|could you repeat|say that again|how have you been|do you know what i mean|how is the weather|"
    r"how was your|where are you (?:calling )?from|where are you based|what is up|can i call you back|is this a good time|"
    r"what (?:did|was that|do) you (?:say|said)|can i help you|what (?:was|is) that(?= [?.])"
)
# Topics of a question, first match wins; the words stand for what the playbook and the knowledge answer.
QUESTION_TOPICS: tuple[tuple[str, str], ...] = (
    (
        "security",
        r"secur\w+|encrypt\w*|gdpr|hipaa|soc 2|iso|privacy|compliant|hosted|stored|backups?|two factor|sso|single sign on",
    ),
    (
        "integration",
        r"integrat\w+|api|connect|sync\w*|salesforce|hubspot|import|export|work with (?:our|my)|plug into|compatible|zapier|webhooks?",
    ),
    (
        "support",
        r"support|help ?desk|response time|sla|uptime|account manager|train(?:ing)?|maintenance|service|repair",
    ),
    (
        "proof",
        r"references?|case stud\w+|customers like|other customers|reviews?|who else|roi|results|clients|testimonials?",
    ),
    ("contract", r"contract|cancel\w*|commit\w*|notice period|renew\w*|refund|minimum term|terms"),
    ("implementation", r"set ?up|install\w*|implement\w*|onboard\w*|migrat\w+|rollout|roll out|go live"),
    ("warranty", r"warrant\w+|guarantee|lifespan|last|degrad\w+|break\w*"),
    ("price", r"price|pricing|cost\w*|much|fees?|discount|pay|budget"),
)
RULES = (*PRICE_TALK, *COMPLIANCE)
