"""How customers say that they are coming closer: readiness, timelines, terms, fit. Same form as objections."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

from coaching.signals.rules import BOTH, CUSTOMER, Rule
from coaching.types import SignalKind


def _buys(topic: str, *patterns: str, confidence: float = 0.9) -> Rule:
    return Rule(SignalKind.BUYING_SIGNAL, topic, confidence, CUSTOMER, patterns)


def _steps(topic: str, *patterns: str, confidence: float = 0.85) -> Rule:
    return Rule(SignalKind.NEXT_STEP, topic, confidence, BOTH, patterns)


BUYING = (
    _buys(
        "timeline",
        r"(?:how soon|how quickly|how fast|how early) (?:can|could|would|will|do) {gap4}(?:start|started|live|running|switch|install|installed|set up|begin|up|in place|implement|implemented|delivered|deliver|ready|onboard|onboarded|roll|have it|get it|get this|take)",
        r"when (?:can|could|would|do|will|should) (?:we|i|you|it|this) {gap3}(?:start|started|live|running|install|installed|set up|begin|be up|in place|implement|deliver|onboard|roll)",
        r"(?:what is|what would be|what does) (?:the|your) (?:timeline|lead time|turnaround|timeframe|earliest|start date)(?: \w+)?",
        r"how long (?:does|would|will|until|before|is) {gap4}(?:setup|set up|implementation|installation|install|onboarding|take to (?:get|set|install|implement|go)|live|running|rollout|roll out|started|delivery|we can|we could)",
        r"(?:what does|what would|how does|how would|walk me through|tell me about) {gap2}(?:onboarding|implementation|the setup|the rollout|the installation|the next steps|getting started)(?: \w+)?",
        r"(?:want|need|like|hoping|love|looking) {gap3}(?:start|live|running|in place|installed|up and running|this done|it done) (?:by|before|this|next|in|as soon|within|right away|asap)",
    ),
    _buys(
        "ready",
        r"let us (?:do it|do this|do that|go ahead|move forward|get started|go for it|make it happen|proceed|sign|get going|get it done|get this done|start with|go with|get this going)",
        r"sign (?:me|us) up",
        r"(?:where|what|when) (?:do|can|should) (?:i|we) (?:need to )?sign",
        r"(?:ready|happy|prepared|excited|willing|want|like|love|inclined) to (?:go ahead|move forward|get started|proceed|sign|buy|order|commit|start|pull the trigger|go with you|do this|make a decision|book the installation)",
        r"(?:i am|we are) (?:sold|on board|convinced)",
        r"(?:i am|we are) in(?= (?:\.|let us|$))",
        r"count (?:me|us) in",
        r"(?:how|where) (?:do|can|would) (?:we|i) (?:get started|start|sign up|buy|move forward|proceed|go ahead)",
        r"(?:what is|what are|what would be) the next steps?",
        r"what (?:do you need|would you need|information do you need) from (?:me|us)(?: to \w+)?",
        r"what happens (?:next|after (?:we|i) sign|once (?:we|i) sign|after that|from here)",
        r"(?:send|email|shoot|get) (?:me|us|over|it|that|the|along)(?: \w+){0,3} (?:contract|agreement|paperwork|order form|docusign|purchase order|invoice)",
        r"(?:i|we) (?:will|would|can|could) take (?:it|two|three|one|\d+|the|ten|five|a dozen)",
        r"who (?:would|will) be (?:our|my) (?:contact|account manager|point of contact|rep|csm|project manager)",
        r"(?:got|have|has|secured|set aside) (?:the |a )?(?:budget|money|funding|approval) (?:for (?:this|it)|approved|set aside|ready|allocated)",
        r"budget (?:is|has been|was) (?:already |just )?approved",
        r"(?:let us|can we|could we|we could|i would) put (?:in|down) (?:an order|a deposit)",
        r"(?:what credit cards?|do you take (?:credit cards?|card|amex|visa))",
    ),
    _buys(
        "fit",
        r"(?:that|this|it|which) (?:is|would be|sounds|sounds like|seems|looks|looks like) {gap3}(?:exactly|precisely|just) what (?:we|i)(?: \w+){1,4}",
        r"exactly what (?:we|i) (?:need|want|are looking|am looking|have been looking|were looking|was looking)(?: for)?",
        r"(?:that|this|it|which|they|you guys) (?:would|could|will|can) (?:really |definitely |actually |certainly |probably )*(?:save|solve|help|free up|cut) (?:us|me|our|my)(?: \w+)?",
        r"(?:would|could) be (?:a |an )?(?:huge|big|massive|great|perfect|real|enormous|total) (?:help|win|fit|improvement|time saver|game changer|relief|difference|for us)",
        r"(?:perfect|great|ideal|good|strong) fit(?: for (?:us|me|our|my))?",
        r"game changer",
        r"(?:team|everyone|everybody|they|people|kids|family) (?:really |all |already )?loves? (?:it|this|that)",
        r"(?:i|we|my team|the team) (?:really |would |just |actually |do )*(?:like|love) (?:that(?= (?:\.|$))|it|what i see|what we see|what i am|what you|how (?:it|this|that|you|easy)|the (?:idea|sound|look|dashboard|demo|product|features?|fact|way|design|reporting))",
        r"(?:that|this|it) (?:is|looks|sounds|seems) {gap1}(?:impressive|amazing|fantastic|awesome|incredible|very useful|really useful|super useful|really interesting|very interesting|very promising|really promising|promising|brilliant)",
        r"(?:could|can) (?:see|imagine) (?:us|myself|ourselves|my team|our team|the team) (?:using|working|with)",
        r"(?:just|really|exactly) (?:what|the thing) (?:we|i) (?:needed|need|have been missing)",
        r"this could (?:really |actually )?work(?: for (?:us|me))?",
    ),
    _buys(
        "trial",
        r"(?:can|could|may|would|do you|is there|offer|have|possible|like|want|let us|start with|set up|try) {gap6}(?:free trial|trial|pilot|proof of concept|test drive|sandbox)",
        r"(?:can|could|may) (?:we|i) (?:try|test|start with|begin with)(?: \w+)?",
    ),
    _buys(
        "scope",
        r"(?:can|could|would|does|will|if) (?:we|i|you|it|the price|that|this) (?:also )?(?:add|include|cover|throw in|bundle|upgrade|expand|extend)(?: \w+){1,3}",
        r"(?:does|would|is) (?:that|the price|this|it|the package|the plan) (?:include|included|come with|cover)(?: \w+)?",
        r"(?:what|how much) (?:if|would it be if|for) (?:we|i) (?:want|wanted|need|needed|have|had|added|add|go|went|buy|bought|take|took|order|ordered) {gap2}(?:{number}|more|both|two)",
        confidence=0.75,
    ),
    _buys(
        "terms",
        r"(?:what are|what is|tell me about|how about) (?:the|your) (?:payment terms|payment options|payment plans?|financing|financing options|terms|warranty|guarantee period|guarantee)",
        r"(?:can|could|is it possible|would|do) (?:we|i|to|you) {gap3}(?:pay|finance|spread|split) {gap3}(?:monthly|annually|quarterly|upfront|up front|installments|instalments|it|over|by invoice|by card|payments?|later)",
        r"(?:do you (?:offer|have|do)|is there|are there) {gap2}(?:financing|payment plans?|installments?|instalments?|monthly payments?|a warranty|warranty)",
    ),
)

NEXT_STEPS = (
    _steps(
        "meeting",
        r"(?:schedule|set up|book|arrange|organise|organize|put in|plan|find|get|grab|do) (?:a |an |another |some |the |that |our |in )*(?:{gap2})(?:call|meeting|demo|demonstration|time|session|visit|appointment|slot|site visit|survey|walkthrough|workshop|follow up) (?:for|on|with|next|tomorrow|this|at|to|in|later|{day})",
        r"(?:schedule|book|set up|arrange) (?:a |an |another |the |our )(?:{gap2})(?:call|meeting|demo|demonstration|session|visit|appointment|site visit|survey|walkthrough|workshop)",
        r"(?:calendar invite|calendar invitation|meeting invite|send (?:me |you |us |over )*(?:an |the |a )*(?:invite|invitation|calendar))",
        r"(?:does|would|how about|how is|what about|is) (?:{day}|the \w+)(?: (?:morning|afternoon|at \w+|or \w+))? (?:work|suit|good|okay|ok|better|free|fine|at|for you|morning|afternoon)(?: for \w+)?",
        r"(?:talk|speak|meet|reconnect|reconvene|touch base|catch up|follow up|get together|connect|regroup|check in|call you|call you back|see you|chat)(?: (?:again|with you|to you|back|up|and \w+))* (?:on |at |by )?{day}",
        r"{day}(?: (?:at \w+(?: \w+)?|morning|afternoon|noon))? (?:is|works|would be|sounds|suits)(?: (?:good|fine|great|perfect|okay|ok|better|best|me|us))",
        r"(?:let us|we should|we could|can we|shall we|i would like to|would like to|could we|happy to|want to) (?:schedule|reconnect|reconvene|meet again|talk again|speak again|set up|regroup|book|get something on the calendar|put something on the calendar)(?: \w+)?",
        r"(?:show|bring|present|demo) (?:this|it|that) (?:to|for|in to) (?:my|our|the) (?:team|boss|board|manager|partner|wife|husband|colleagues)",
        r"follow up (?:call|meeting|session|demo)",
        r"(?:next|follow up) (?:call|meeting) (?:is|on|will be|for|with)",
    ),
    _steps(
        "proposal",
        r"(?:send|email|get|shoot|prepare|put together|draft|write up|have|mail|forward)(?: (?:me|us|you|over|it|that|together|up|along|through))* (?:a |an |the |your |that |this |our |some |my |over )*(?:formal |written |detailed |updated |revised |final |new |firm )*(?:proposal|quote|quotation|estimate|pricing|price list|breakdown|offer|statement of work|business case|roi calculation|summary of this)(?: \w+)?",
    ),
    _steps(
        "trial",
        r"(?:set (?:you|us|me) up with|get (?:you|us|me) (?:started with|on)|start|kick off|begin|activate) (?:a |the |an |your |our )(?:free |short |two week |\w+ day )*(?:trial|pilot|proof of concept)",
    ),
    _steps(
        "commitment",
        r"(?:i|we) (?:will|am going to|are going to|can) (?:send|email|get|share|forward|have) (?:you |me |us |it |that |this |over |them |back )*{gap4}(?:to you |over )?(?:by|before|on|tomorrow|today|later today|end of) ?(?:{day}|the end of|end of|noon|close|day|tonight|then|monday)?",
        r"(?:next steps? (?:is|are|will be|would be|for us))",
        confidence=0.75,
    ),
)

RULES = (*BUYING, *NEXT_STEPS)
