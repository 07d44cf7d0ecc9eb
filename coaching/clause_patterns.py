"""How clauses begin and end that ask, offer, promise, assent or speak of the customer. English; data only."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re

from coaching.stems import listed

SENTENCE = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+|\s*;\s*|\s*[—–]\s*|:\s+|\s-\s")
ENDS = re.compile(r"[?!.…][\"')\]]*$")
JOINT = re.compile(
    r"\s*,\s*(?:and |but |or |so |yet |then )?|\s+(?:and|but|or|so|yet)\s+(?!(?:hour|day|week|month|year)\b)(?=[a-z'’]+\b)|\s+(?=(?:because|since|although|whereas|given that|given|seeing that|"
    r"considering|now that|knowing|which means|even though|provided|as (?:we|our|it|you get|you'll|the))\b)",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"^(?:(?:so|and|but|or|then|well|okay|ok|now|also|just|maybe|great|good|fair|sure|yes|right|honestly|actually|perhaps|out of curiosity|"
    r"in that case|before (?:that|we)\b[^,]*|besides you|at the end|first|quick question|if i may)\b[\s,]*)+",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"^(?:(?:by|in|on|at|for|from|with|to|of|until|since|compared (?:with|to)|about|under|as)\s+)?(?:what|what's|which|who|who's|whom|whose|when|where|why|how|how's)\b"
    r"|^(?:would|could|can|may|might|shall|should|will|do|does|did|is|are|was|were|has|have|had|am)\b"
    r"|^.*\b(?:with|to|than|by|for)\s+(?:what|whom|which|who)$"
    r"|^(?:if|when|once|assuming)\b(?!.*\b(?:we|our|i|us|it)\b)"
    r"|^(?:tell me|help me understand|walk me through|mind if|any chance|anything|what else)\b",
    re.IGNORECASE,
)
WH = re.compile(
    r"^(?:\w+\s+){0,2}?(?:what|what's|which|who|who's|whom|whose|when|where|why|how|how's)\b", re.IGNORECASE
)
RHETORICAL = re.compile(
    r"^(?:is|are|do|does|did|would|wo|was|were|has|have|can|could)n['’]t\b(?! (?:it|that) help| it be (?:easier|better|useful) (?:to|if))",
    re.IGNORECASE,
)
TELLING = re.compile(
    r"^.{0,40}?\b(?:know|knew|realise|realize|realised|realized|aware|heard|hear|believe|surprised?|notice|noticed|remember|remind you|tell you|told|"
    r"told you|mention|mentioned|imagine|think about|guess|happy that|glad that|love that|like that|what if|sign (?:today|now)? ?if|if i told you)\b[,:]?\s*"
    r"(?=(?:that|our|we|it|the|this|these|all|most|every|there|they|i|you)\b)(?:that\s+)?(?!(?:is|was|are|you|your)\b)",
    re.IGNORECASE,
)
BACKING = re.compile(
    r"^(?:because|since|although|whereas|given that|given|seeing that|considering|now that|knowing|which means|even though|provided|"
    r"as (?=we|our|it|you))\b\s*",
    re.IGNORECASE,
)
US = re.compile(r"\b(?:we|we're|we've|we'll|we'd|our|ours|i|i'm|i've|i'll|i'd|my|us)\b", re.IGNORECASE)
OURS = re.compile(r"\b(?:we|we're|we've|we'll|our|ours|us)\b", re.IGNORECASE)
YOU = re.compile(r"\b(?:you|your|yours|you're|you've|you'd|yourself)\b", re.IGNORECASE)
PROMISE = re.compile(
    r"\b(?:you (?:will|'ll|get|can|could|receive|save|earn|won't|never|would (?:get|save|have))|you'll|yours (?:for|today)|you are (?:getting|guaranteed|covered|protected|entitled|eligible)|"
    r"you're (?:getting|guaranteed|covered|protected|entitled|eligible)|you(?: do|')?(?: not|n't)? (?:pay|have to pay|need to pay) nothing|(?:will|would|could|can|'ll) (?:get|give|save|cost|make|help|let) you|you qualify|for you)\b",
    re.IGNORECASE,
)
OFFER = re.compile(
    r"^(?:(?:let's|let us|let me|i'll|i will|i'd|i would|i can|i could|i want to|i'd rather|we want to|we'd like to|i'd like to|we'll|we will|we can|we could|we should|shall we|please|"
    r"happy to|glad to|gladly|then let's|then i'll|why don't we)\b\s*)(?P<rest>.*)$",
    re.IGNORECASE,
)
OF_THEM = re.compile(
    r"^(?:(?:i (?:understand|hear|see|get|know|gather)|it sounds like|sounds like|it seems|if i understand|as)\b\s*(?:that )?)?"
    r"(?:you|your|you're|you've|you'd|with|besides|about|for|regarding|as for|at|in|on)\b(?! (?:us|our)\b)",
    re.IGNORECASE,
)
ASKED_OFFER = re.compile(
    r"^what if (?=(?:you|your|it|the)\b)|^(?:how|what) about (?=(?:we|i|our|it|this|the)\b)|^(?:can|could|may|shall|should|would|will|do|what if|if)\s+(?:i|we)\s+"
    r"(?=(?:offer|give|promise|guarantee|throw|knock|cut|drop|reduce|lower|include|add|cover|pay|match|waive|install|grant|refund|get you)\b)",
    re.IGNORECASE,
)
PURPOSE = re.compile(r"^so that\b", re.IGNORECASE)
TOLD = re.compile(
    r"\b(?:said|mentioned|told|asked|pay|paying|spend|spending|spent|lose|losing|budget|quoted|offered|described|named)\b",
    re.IGNORECASE,
)
ASSENT = re.compile(
    r"^(?:(?:yes|sure|absolutely|of course|definitely|great|ok|okay|certainly)\b[\s,]*)*(?:we (?:can|do|will|could|have|did|are|offer)|it (?:does|will|is|can|works)|you (?:can|will|got it|have it|get it|get that)|you'll get it|"
    r"i (?:can|will|do|agree|accept)|i'll|we'll|agreed|deal|done|accepted|approved|consider it done|no problem|you've got it|it's a deal)(?: (?:do|have|make|offer|that|it|this|to|for|you|happen|work|give|get))*$"
    r"|^(?:yes|deal|agreed|done|accepted)$",
    re.IGNORECASE,
)
SUBJECT = re.compile(r"(?:we|our|i have|i offer|it|this|these|they|there)\b(?!'s)")
PLAIN = re.compile(r"(?:it|that|this)(?:'s| is| sounds| seems| looks| feels)\b")
OWN = re.compile(r"(?:we|our|ours)\b|(?:it|this|they)\s+(?:does|works?|will|can|has|have|do|gets?)\b")
YES = re.compile(
    r"^(?:yes|(?:yes )?(?:it|that) (?:does|is)|(?:yes )?(?:we|they) (?:do|are)|(?:yes )?you can|there (?:is|are))$",
    re.IGNORECASE,
)
LETTERS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
BEFORE_US = frozenset(
    listed(
        "can could shall should must do does did would will may might have has had are is were was am if when what "
        "than from with of for to as on about in by at see use using try like need want expect compare into"
    )
)
NUMBERS = frozenset(
    listed(
        "zero three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million percent "
        "dollars dollar euros euro pounds"
    )
)
