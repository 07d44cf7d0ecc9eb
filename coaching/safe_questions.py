"""Questions that claim nothing, one for each kind of moment: what a card says where a claim has no ground. Pure."""

from __future__ import annotations

from coaching.types import SignalKind

QUESTIONS: dict[str, str] = {
    "price": "That's fair. What would you need to see for the price to feel right?",
    "timing": "I understand. What would have to change for this to be the right time?",
    "authority": "Makes sense. Who else should be part of this, and what matters most to them?",
    "need": "Fair enough. How are you handling this today, and what would you improve if you could?",
    "status_quo": "Good to know. What works best today, and what do you wish worked better?",
    "trust": "That's a fair concern. What would you need to see to feel comfortable?",
    "contract": "I hear you. Which part of the commitment worries you most?",
    "implementation": "Good point. Which part of getting started worries you most?",
    "security": "Important question. Which security requirements must we meet for you?",
    "brush_off": "Happy to. So that I send the right thing: what would be most useful to read?",
}
_FINER_QUESTIONS: dict[tuple[SignalKind, str], str] = {
    (
        SignalKind.PRICE,
        "question",
    ): "Happy to talk numbers. So that it's the right one: who would use it, and from when?",
    (
        SignalKind.PRICE,
        "discount",
    ): "Let's look at it. If the price worked, what else would have to be in place to go ahead?",
    (SignalKind.BUYING_SIGNAL, "ready"): "Great. What would you like to settle first: the start date or the paperwork?",
    (SignalKind.BUYING_SIGNAL, "timeline"): "Good. By when would you need it, and what has to happen before then?",
    (SignalKind.BUYING_SIGNAL, "fit"): "Good to hear. Which part would help you most, and who else should see it?",
    (SignalKind.BUYING_SIGNAL, "trial"): "Happy to. What would you need to see in it to say yes?",
    (SignalKind.NEXT_STEP, "proposal"): "Gladly. What must it say for you to be able to decide?",
    (
        SignalKind.QUESTION,
        "proof",
    ): "Good question. What would convince you: figures, or a talk with somebody like you?",
    (SignalKind.QUESTION, "price"): "Good question. What would you compare the price with?",
}
_KIND_QUESTIONS: dict[SignalKind, str] = {
    SignalKind.COMPETITOR: "What do you like most about them, and what do you wish was better?",
    SignalKind.BUYING_SIGNAL: "Glad to hear it. What would you need from me to move forward?",
    SignalKind.QUESTION: "Good question. What would the ideal answer look like for you?",
    SignalKind.PRICE: "So that I quote the right thing: what would you like to include?",
    SignalKind.NEXT_STEP: "Great. Which day works for you, and who should join?",
}


def question_for(kind: SignalKind, topic: str) -> str:
    """A safe question on a topic: what a card says when the model's claim has no ground, or no model helps."""
    return (
        _FINER_QUESTIONS.get((kind, topic))
        or QUESTIONS.get(topic)
        or _KIND_QUESTIONS.get(kind)
        or "What matters most to you here?"
    )
