"""How customers push back, by topic. Written for recognised speech: even text, no punctuation inside a sentence."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

from coaching.signals.rules import CUSTOMER, Rule
from coaching.types import SignalKind


def _says(topic: str, *patterns: str, confidence: float = 0.9, says_no: bool = False) -> Rule:
    return Rule(SignalKind.OBJECTION, topic, confidence, CUSTOMER, patterns, says_no)


PRICE = (
    _says(
        "price",
        r"too (?:expensive|pricey|costly|steep|dear)",
        r"(?:price|prices|pricing|cost|costs|rate|rates|quote|fee|fees|number|figure|it|that|this) {be} {very}too (?:high|rich|much)",
        r"too much (?:money|for (?:us|me|our|my|what|a|something|this|that)|to (?:pay|spend))",
        r"(?:costs?|costing|charging|charge|asking|asking for|pay|paying|spend|spending) {gap1}too much",
        r"{be} {very}(?:expensive|pricey|costly|steep|overpriced|unaffordable|prohibitive)(?! learning)",
        r"(?:bit|little|kind of|rather|so|very|really|pretty|quite|awfully) (?:expensive|pricey|costly|steep|overpriced)(?! learning)",
        r"(?:more|twice as|much more|way more) expensive than",
        r"(?:over|above|beyond|outside|outside of|out of|exceeds?|exceeding|blows?|not within|not in) {our} {gap1}(?:budget|price range)",
        r"over budget",
        r"out of (?:our |my )?(?:league|reach|price range)",
        r"budgets? (?:is|are|has been|have been|got|was|were) {gap2}(?:tight|gone|frozen|cut|spent|used up|limited|locked|slashed|maxed out|exhausted|allocated)",
        r"(?:money|cash|cash flow|funds) (?:is|are) {very}tight",
        r"tight budget",
        r"arm and a leg",
        r"cost(?:s|ing)? (?:us |me |you )?a fortune",
        r"sticker shock",
        r"rip off",
        r"(?:hard|tough|difficult|tricky) to justify",
        r"a lot (?:of|more) money",
        r"(?:that|it|this) is a lot (?:for|to (?:pay|spend)|higher|more)",
        r"more than (?:{we}) (?:wanted|want|planned|expected|were|was|had|can|budgeted|pay|thought|hoped|bargained|are|am|would)",
        r"(?:twice|double|triple|three times) (?:what|the price|as much|our budget|our current)",
        r"(?:price|cost|pricing|money) (?:is|was|remains|would be|might be|will be) (?!not |no |never ){gap2}(?:issue|problem|concern|sticking point|obstacle|deal breaker|dealbreaker|blocker|stretch)",
        r"(?:issue|problem|concern|thing|hesitation|hang up) (?:is|here is|for us is|for me is) {gap2}(?:price|cost|money|budget|pricing)",
        r"(?:worried|concerned|nervous|hesitant|concerns) about {gap2}(?:price|cost|costs|pricing|money|budget)",
        r"(?:struggling|having trouble|having a hard time) with {gap1}(?:price|cost|pricing|number)",
        r"price tag is",
        r"(?:price|prices|rate|rates) {gap2}(?:went|gone|going|jumped|go) up",
    ),
    _says(
        "price",
        r"(?:not expecting|not expect) (?:it|that|this) to be (?:so|that|this|quite so) (?:expensive|much|high|pricey)",
        r"(?:can|could|would) (?:not|never) {gap1}(?:afford|justify|swing|pay that|pay this|spend that)",
        r"(?:unable|not able) to (?:afford|justify)",
        r"not {gap1}(?:have|got) (?:the |a |any |enough |that kind of |much |that much |this kind of |that sort of |the kind of )*(?:budget|money|funds|funding|cash|capital)",
        r"(?:have|has|had|got|there is|there was|with|simply|literally) (?:no|zero) (?:more )?(?:budget|money|funds)(?: left)?",
        r"not in {our} {gap2}budget",
        r"(?:is|was) not budgeted",
        r"(?:do|does|did|will|would) (?:not|never) {gap1}pay (?:off|back|for itself|for themselves)",
        r"not worth (?:the|that|it|what|paying|spending|this)",
        r"not {gap1}(?:pay|paying|spend|spending|going to pay) (?:that|this|so|{number}|anywhere near|that kind)",
        says_no=True,
    ),
    _says(
        "price",
        r"(?:found|find|get|got|seen|saw|have|offered|quoted|offering|quote|there are) (?:[\w']+ ){0,8}(?:cheaper|for less|for half)",
        r"(?:someone|somebody|something|anything|anyone|everyone|elsewhere|others) {gap2}cheaper",
        r"cheaper (?:option|alternative|quote|elsewhere|offer|price|deal|than (?:you|this|yours|that)|version|solution|plan|somewhere)s?",
        r"lower quotes?",
        r"(?:they|it|that one|the other one|their (?:offer|quote|price)|(?:his|her) quote) (?:was|were|is|are) {gap1}cheaper",
        r"(?:for|at) half the (?:price|cost)",
        confidence=0.8,
    ),
)

TIMING = (
    _says(
        "timing",
        r"(?:bad|wrong|terrible|awkward|tough) (?:time|timing)",
        r"timing (?:is|just is|really is) {gap1}(?:bad|off|wrong|tough|not right|not good|not great)",
        r"(?:call|get|reach|come|check|circle|touch|contact|try|ping|catch|talk|speak|follow up|get back)(?: (?:me|us|out|back|base|again|to|with|in|up))* (?:back )?(?:in|next|after|around|at the start of|at the end of|later) (?:a |an |the |about |maybe |{number} )*(?:{period}|holidays?|new year|summer|later)",
        r"(?:call|come|circle|get|check) (?:me |us |to me |to us |in )*back (?:later|another time|some other time)",
        r"(?:maybe|perhaps|probably|possibly|rather|likely|look at (?:it|this|that)(?: again)?|revisit (?:it|this|that)?) {gap2}(?:next|later) (?:this )?(?:year|quarter|fiscal|month|spring|fall|summer|winter)",
        r"(?:wait|waiting|hold off|holding off|put (?:it|this|that) off|postpone|delay)(?: (?:it|this|that))? (?:until|till|for|to) {gap3}(?:{period}|holidays?|budget|funding|over|year)",
        r"(?:too|super|really|very|so|crazy|pretty) (?:busy|swamped|slammed)",
        r"busy (?:right now|at the moment|season|just now|time)",
        r"(?:swamped|slammed)",
        r"back burner",
        r"(?:put|putting|keep|everything is|projects are|projects|initiatives|it) {gap2}on (?:hold|ice)",
        r"(?:need|want|like|have|let me|let us|going|will|give me|got) {gap3}think (?:about (?:it|this|that)|it over|this over|it through|on it)",
        r"sleep on it",
        r"(?:need|want) (?:some|more|a little|a bit of|a bit more|a little more) (?:more )?time",
        r"hold off",
        r"down the (?:road|line)",
        r"next (?:year|quarter|fiscal year) budget",
        r"too (?:soon|early)(?: for us| for me| to)?",
        r"(?:in the )?middle of (?:a |an |another |our |the )?(?:{gap1})(?:project|migration|move|reorg|merger|audit|rollout|launch|renovation|busy season|hiring freeze)",
        r"maybe (?:later|another time|some other time|in the future|someday)",
        r"(?:hiring|spending|budget) freeze",
    ),
    _says(
        "timing",
        r"not {gap1}(?:a |the )?(?:good|right|best|great|ideal) (?:time|moment|timing)",
        r"not (?:right now|at the moment|at this time|this year|this quarter|just yet|today thank|for now)",
        r"(?:is|are|was) {gap1}not {gap2}(?:a )?(?:top |big |high |huge )?priority",
        r"not {gap1}(?:ready|prepared) (?:to|yet|for|right|at)",
        r"not {gap2}(?:have|got) (?:the |any |enough |much )*(?:time|bandwidth|capacity)(?: (?:for|to|right|this|at))?",
        r"no (?:time|bandwidth) (?:for|to|right|this|at)",
        r"(?:not in (?:a |any )?(?:rush|hurry)|no (?:rush|hurry) (?:to|for us|on our))",
        r"not {gap1}(?:looking|planning|going) {gap4}(?:until|till|before) (?:next|the|after|{period})",
        says_no=True,
    ),
)

AUTHORITY = (
    _says(
        "authority",
        r"(?:need|needs|have|has|got|want|going|like|gotta|better|should|must|let me|let us|will|would|wanted) {gap2}(?:ask|talk to|talk with|talk this over with|talk it over with|speak to|speak with|check with|check in with|run it by|run this by|run that by|run it past|run this past|run that past|run it through|consult|consult with|discuss it with|discuss this with|discuss with|discuss that with|clear it with|bring it to|bring this to|take it to|take this to|take this back to|take it back to|go back to|pitch it to|pass it by) {gap2}{person}",
        r"(?:need|needs|have|has|get|getting|requires?|without) {gap2}(?:approval|sign off|signoff|buy in|permission|green light|signature)(?: from| of| by)? {gap2}{person}",
        r"(?:need|needs|have to|has to|get|requires?|goes through|go through) {gap2}(?:board|budget|cfo|legal|finance|procurement|purchasing|committee|corporate|executive) {gap1}(?:approval|sign off|signoff|review|process)",
        r"(?:go|goes|going|run|runs) through {gap2}(?:procurement|purchasing|legal|finance|committee|the board|corporate)",
        r"{person} (?:would|will|has|have|needs?|must|is going) (?:to |need to |have to |want to |also )*(?:approve|decide|sign off|sign|agree|be involved|weigh in|be in the room|see (?:it|this)|look at (?:it|this)|review)",
        r"{person} (?:makes?|takes?|handles?|decides?|holds?|has|controls?) {gap2}(?:decisions?|final say|final word|call|budget|purse strings|purchasing|that stuff)",
        r"(?:someone|somebody) else (?:makes|decides|handles|is in charge)",
        r"above my pay ?grade",
        r"{person} (?:wants|needs|would like|would want) to (?:read|see|check|review|look|go over|approve)(?: \w+)?",
        r"{person} (?:decides|has the last word|calls the shots)",
        r"(?:final say|final decision|decision|call) (?:is|lies|rests|sits|comes down) {gap2}(?:with|to|by) {gap2}{person}",
    ),
    _says(
        "authority",
        r"not {gap2}(?:my|mine) (?:decision|call|area|department|budget|place)",
        r"(?:is|am|are) not (?:the |a |really the |actually the )*(?:decision maker|right person|one who decides|person who decides|one to decide|one who signs|one making)",
        r"not (?:really |entirely |just |only |all |solely )*up to (?:me|us)",
        r"not {gap2}(?:make|have|got) (?:the |that |those |any |final |this |purchasing |signing |these )*(?:decisions?|authority|final say|say in|power)",
        r"not {gap1}(?:decide|sign|commit|approve|agree|say yes)(?: (?:to|this|that|it|anything|on))* (?:on my own|by myself|alone|without|myself)",
        r"{person} (?:will|would|is|does|are) (?:not|never) (?:going to |be |likely to |want to )*(?:approve|agree|go for|like|happy|sign|want|allow|let)",
        says_no=True,
    ),
)

NEED = (
    _says(
        "need",
        r"waste of (?:time|money)",
        r"what is the (?:point|benefit)",
        r"why would (?:we|i) (?:need|want|switch|change|bother|pay)",
        r"(?:that is|it is|this is|seems like|sounds like|feels like|be) {gap1}overkill",
        r"more than {we} (?:need|would use|would ever use)",
        r"too (?:small|big) (?:of a company |a company |a team )?for {gap1}(?:this|that|something|you|us)",
        r"(?:could|can) live without",
        r"nice to have",
    ),
    _says(
        "need",
        r"(?:not|no longer) (?:really |that |all that |particularly |at all |very |actually |currently )*interested",
        r"(?:no|zero) (?:real )?interest",
        r"(?:do|does|did|would) not (?:really |actually |even |currently |honestly |think we |think i )*(?:need|want) (?:it|this|that|any|another|one|your|more|all|anything|something|a |an |to buy|these|those)",
        r"no (?:real )?need (?:for|to)",
        r"not (?:really |actively |currently )*(?:in the market|looking (?:for|to|at) (?:anything|a |any |something|buy|change|switch|new|another))",
        r"(?:do|does|did|can|could) not (?:really |quite |yet )*see (?:the|a|any|how|why|much|what) {gap3}(?:value|need|benefit|point|reason|fit|use|advantage|helps?|would|need|better|difference|problem)",
        r"not {gap1}(?:a |the |the right |a great |a good )*fit(?: for)?",
        r"not (?:really |quite )?(?:for us|for me|what we need|what i need|what we are looking for|something we need|something we are)",
        r"(?:would|will|do|does) (?:not|never) {gap1}use (?:it|this|that|half|most|any|all)",
        r"(?:do|does) not {gap1}have {gap2}(?:that |this |a )problem",
        r"(?:does|would|will) not (?:really |actually )?(?:apply to|solve anything for|make sense for) (?:us|me|our|my)",
        r"not (?:sure|convinced) {gap1}(?:we|i) (?:really |actually |even )?need",
        says_no=True,
    ),
)

STATUS_QUO = (
    _says(
        "status_quo",
        r"already (?:use|using|work with|working with|pay for|paying for|went with|signed with|signed up with|partnered with|committed to|bought|run|running|invested in|on|with|switched to) (?!it\b|that\b|time\b|the (?:phone|line|call)|your )[\w']+",
        r"already (?:have|got|have got) (?:a |an |our |another |our own |one |some )?{gap2}(?:vendor|provider|supplier|system|solution|tool|tools|crm|software|platform|installer|partner|agency|company|guy|product|someone|somebody|something|contract|setup|process|quote|quotes|panels|one|in place|covered)",
        r"(?:happy|satisfied|content|pleased|comfortable|fine|good|okay|ok|all good|doing well|set) with (?:what|our|the|my|how|where|who|them|it)(?: {gap3}(?:have|now|current|existing|got|are|provider|vendor|supplier|system|way|setup|using|today))",
        r"(?:happy|satisfied|content|pleased) with (?:our|the|my|them) (?!price|offer|answer|demo|progress|result)\w+",
        r"(?:works|working|doing|does|gets the job done|runs) {gap1}(?:fine|well|great|okay|ok|good enough|the job) (?:for us|for me|for now|as it is|right now|today|already|with what)",
        r"if it is not (?:broke|broken)",
        r"(?:do|doing|does|handle|handling|built|build|building|keep|manage) {gap4}in house",
        r"(?:stick|sticking|stay|staying) with {gap1}(?:what|our|the|my|them|who|how)",
        r"(?:switch|switching|changing|moving|change)(?: \w+){0,2} (?:is|would be|will be|seems|sounds|feels) {very}(?:hassle|pain|much|hard|risky|disruptive|work|nightmare|headache|difficult|trouble)",
        r"(?:used|attached) to (?:our|the) (?:current|existing|old|way|system)",
        r"(?:do|use|using|track|tracking|manage|managing|run|running|get by|keep) {gap4}(?:in|on|with|using) (?:excel|spreadsheets?|a spreadsheet|google sheets|pen and paper|paper)(?: (?:and|which|just|works|fine))",
        r"we are (?:all set|all good|good for now|fine as (?:we|it)|fine the way|set for now|covered)",
        r"(?:just|recently|only) (?:renewed|signed|switched|bought|invested|went live|replaced) {gap3}(?:with|our|a|from|last|to|in)",
        r"loyal to",
    ),
    _says(
        "status_quo",
        r"(?:do|would|will|did) not (?:really |actually )?(?:want|need|plan|see a reason|see any reason|see the point) (?:to|of|in) (?:switch|change|move|replace|rip|switching|changing|moving)(?: \w+)?",
        r"(?:no|not any|not a) {gap1}reason (?:for us |for me )?to (?:switch|change|move|replace)",
        r"not (?:looking|planning|going|interested in|ready) (?:to )?(?:switch|switching|change|changing|replace|replacing|move|moving)",
        says_no=True,
    ),
)

TRUST = (
    _says(
        "trust",
        r"how (?:do|can|would) (?:i|we) (?:know|trust|believe|be sure) (?:that )?(?:it|this|that|you|your|these|any of)(?: \w+)?",
        r"why should (?:i|we) (?:trust|believe|choose you|go with you|pick you)",
        r"too good to be true",
        r"(?:been|got|were|was) burn(?:ed|t)",
        r"(?:bad|terrible|horrible|awful|poor) (?:experiences?|reviews?|reputation|things)(?: (?:with|about|from|online|on))?",
        r"(?:skeptical|sceptical|(?:am|bit|little|very|sounds) suspicious|dubious)",
        r"(?:is this|sounds like|feels like|this is|is it|be) (?:a |some kind of a? ?|some sort of )?scam",
        r"(?:what if|what happens if|suppose) {gap3}(?:does not work|do not work|did not work|breaks|break|fails?|go (?:out of business|bust|under|bankrupt)|goes wrong|get acquired|are gone|is not working)",
        r"{be} {very}risky",
        r"(?:bit|little|kind|lot) of a (?:risk|gamble)",
        r"heard (?:that )?{gap4}(?:catch fire|break down|break|fail|leak|explode|stop working)",
        r"every (?:vendor|salesperson|company|sales rep|supplier|installer) (?:says|promises|tells)",
        r"(?:heard|seen) (?:that|this|it|promises like that) {gap1}before",
        r"(?:small|new|young|tiny) (?:company|startup|start up|business|player) (?:like|such)",
        r"prove (?:it|that)",
    ),
    _says(
        "trust",
        r"never heard of (?:you|your|this|sales|the company|it)",
        r"(?:do|can|did) not (?:really |quite |fully |just )*(?:trust|believe)(?: \w+)?",
        r"not {gap1}convinced",
        r"not {gap1}sure (?:you|this|that|it|your) {gap2}(?:can|will|would|really|actually|works?|deliver)",
        r"not (?:been )?around (?:that |very |for )?long",
        says_no=True,
    ),
)

CONTRACT = (
    _says(
        "contract",
        r"(?:locked|tied|locking|tying|lock)(?: (?:us|me|ourselves|myself))? (?:in|into|down|up)(?: (?:to|with|for|until|till|a|an|our|any|the|{number}|long))*",
        r"stuck with (?:it|this|that|them|you)(?: \w+)?",
        r"under contract(?: with| until| till| for)?",
        r"lock in",
        r"(?:contract|commitment|term|agreement)s? (?:is|are|seems|sounds|feels) {very}(?:long|restrictive|rigid|inflexible|lengthy)",
        r"(?:long|big|huge|lengthy|serious) (?:of a |a )?(?:contract|commitment|term)",
        r"(?:contract|deal|agreement|subscription) {gap3}(?:runs|ends|expires|is up|goes|renews|through|until) {gap4}(?:{period}|{number})",
        r"(?:what if|what happens if|in case) (?:we|i) (?:want|need|have|decide|would like) to (?:cancel|leave|get out|stop|quit|end)",
        r"(?:cancellation|termination|exit|early termination) (?:fee|fees|penalty|penalties|clause)",
        r"(?:notice period|contract|commitment|minimum term)(?: \w+){0,3} (?:is|be|as) (?:a |an |our |the )*(?:problem|issue|concern|deal breaker)",
        r"(?:auto ?renew\w*|automatic renewal)",
        r"(?:worried|concerned|nervous|hesitant|hesitate|concerns) (?:about|to) {gap3}(?:commit|committing|contract|commitment|sign|signing|terms)",
        r"(?:{number}) (?:year|years|month|months) {gap1}(?:is|seems|sounds|feels) {very}long",
        r"(?:afraid|scared) (?:of|to) {gap2}commit\w*",
    ),
    _says(
        "contract",
        r"not {gap2}(?:ready|willing|going|comfortable|able|want|wanting|like|prepared) {gap1}(?:to )?(?:commit|committing|sign|signing|be locked|be tied)(?: \w+)?",
        r"not {gap2}(?:sign|want|do|commit to|like|accept|agree to) (?:a |an |any |to a |these |those |long )*(?:{gap2})(?:contracts?|commitments?|agreements?)",
        says_no=True,
    ),
)

IMPLEMENTATION = (
    _says(
        "implementation",
        r"{be} {very}(?:complicated|complex|cumbersome|overwhelming|disruptive|time consuming|a lot of work|too much work)",
        r"(?:too|so|pretty|really|very) (?:complicated|complex|difficult|hard) (?:to|for) (?:\w+ )?(?:set up|use|learn|implement|install|roll out|integrate|us|me|our|my|migrate|understand)",
        r"(?:steep |long |big )?learning curve",
        r"(?:take|takes|taking|took) {gap3}(?:too long|forever|ages|months|a lot of time) (?:to|for us to) (?:implement|set up|setup|install|roll out|onboard|learn|train|get|migrate)",
        r"(?:implementation|migration|installation|rollout|integration|onboarding|setup|set up|switchover|training|the install) (?:is|was|would be|will be|sounds|seems|looks|took|takes|could be|can be|might be) {gap4}(?:nightmare|pain|painful|hard|headache|long|forever|hassle|problem|issue|messy|mess|disruptive|difficult|tough|months|concern|rough|disaster|challenge|expensive)",
        r"(?:worried|concerned|nervous|anxious|hesitant|concerns|concern) (?:about|is|around|with) {gap4}(?:implementation|migration|migrating|set up|setup|onboarding|training|downtime|integration|integrating|integrate|disruption|learning|adoption|rollout|installation|mess|roof|switchover|change)",
        r"(?:last|previous) (?:rollout|implementation|migration|install|system|tool|crm) {gap3}(?:nightmare|disaster|failed|mess|painful|months|never)",
        r"(?:nobody|no one|none of them|half of them) (?:will|would|is going to|ever|actually) {gap1}(?:use|uses|used|adopt|adopts|touch|learn)",
        r"(?:hard|difficult|tough|struggle|impossible|trouble) (?:to )?(?:get|getting|convince|convincing|train|training|move|moving) (?:my|the|our|all|everyone|people|them)",
        r"(?:lose|losing|afford) {gap2}(?:downtime|all our data|our data|our history)",
    ),
    _says(
        "implementation",
        r"not {gap1}have (?:the |any |enough |a )*(?:resources|people|developers|engineers|it team|it department|it staff|staff|anyone|technical people|manpower)(?: (?:to|for|who))?",
        r"(?:team|people|staff|reps|guys|crew|salespeople|employees|users) (?:will|would|are|do|does|is) (?:not|never) (?:going to |ever |really |actually |want to )*(?:use|adopt|like|learn|want|change|touch)",
        r"(?:does|do|will|would) not (?:integrate|work|sync|connect|talk|play nice) (?:with|to) (?:our|my|the|what)",
        says_no=True,
    ),
)

SECURITY = (
    _says(
        "security",
        r"(?:worried|concerned|concerns?|nervous|uneasy|uncomfortable|issues?|problem|hesitant|careful|worries) (?:about|with|around|over|regarding|is|are) {gap4}(?:security|data|privacy|gdpr|hipaa|compliance|breach|hacked|hackers|information leaking)",
        r"(?:security|legal|compliance|it|infosec) (?:team|department|people|guys|folks) (?:will|would|has|have|is|are|need|needs) (?:never |not |going |to |have |want |block |reject |probably |all over )+(?:\w+ )?(?:approve|sign off|allow|let|block|reject|review|agree|like|go for|issue|problem|kill)?",
        r"(?:had|been through|got|getting|after) {gap2}(?:breach|hacked|data leak|security incident|ransomware)",
        r"(?:data|customer data|patient data|information) (?:leaving|leave|leaves|in the cloud|on your servers|outside)",
    ),
    _says(
        "security",
        r"(?:can|could|do|will|would) not {gap2}(?:put|store|share|send|upload|hand over|give) {gap3}(?:data|records|information|recordings) {gap2}(?:cloud|servers|you|outside|third|abroad|us|anywhere)",
        r"not {gap1}(?:comfortable|happy|okay|allowed|keen) {gap4}(?:data|recording|recorded|cloud|records)",
        says_no=True,
    ),
)

BRUSH_OFF = (
    _says(
        "brush_off",
        r"(?:just |maybe |simply |why do you not |why do not you |can you |could you |please )+(?:send|email|shoot|mail|drop)(?: (?:me|us|over|it|that|along))* (?:an |a |some |your |the |more |something|through |over |quick |any )*(?:email|information|info|brochure|details|something|material|materials|literature|deck|pdf|flyer|website|link)",
        r"(?:send|email|shoot|mail|drop) (?:me|us|over) (?:an |some |your |a |more |something |a quick )*(?:email|information|info|brochure|material|materials|literature|flyer|something)",
        r"(?:leave|give) (?:me|us) (?:your|a) (?:number|card|name and number|contact)",
        r"(?:i|we) will (?:call|get back to|reach out to|contact|let) you (?:if|when|know if)",
        confidence=0.8,
    ),
    _says("brush_off", r"do not call us we", r"not {gap1}take (?:sales|cold) calls", says_no=True, confidence=0.8),
)

RULES = (
    *PRICE,
    *TIMING,
    *AUTHORITY,
    *NEED,
    *STATUS_QUO,
    *TRUST,
    *CONTRACT,
    *IMPLEMENTATION,
    *SECURITY,
    *BRUSH_OFF,
)
