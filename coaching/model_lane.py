"""The model lane of one call: asks, listens to the growing card, shows it only while it still fits.

One request at a time, in one task that the lane owns; one that is worth less, or asks about words that no longer
stand, is given up for another as long as none of its words is visible. First words after the deadline, a text that
changed under the question, a claim without ground: the card is not shown and its tokens are metered as waste. Whether
it still fits is looked at when its first words come and again before the finished card takes its place.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from coaching import context, grounding, metrics, prompts, safe_questions
from coaching.attention import Offer, Verdict
from coaching.clocks import CallClock
from coaching.desk import Desk
from coaching.llm.base import CardModel, CardRequest, CardText, Changed, ModelError, Recovering, card_request, estimate
from coaching.planner import Ask
from coaching.sink import CoachSink
from coaching.types import Card, Lane, Material, Moment, SignalKind, Usage

log = logging.getLogger(__name__)
GRACE_S = 0.2
JOIN_S = 0.04
ASK_FIRST = "Ask first: our material holds nothing that says this."
_KINDS = {kind.value: kind for kind in SignalKind}


class NotShown(Exception):
    """The card will not be shown; `outcome` is one word for the metric."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(slots=True)
class _Answer:
    """One request in flight and what came of it."""

    ask: Ask
    request: CardRequest
    offer: Offer
    started_at: float
    heard: str
    said: str = ""
    last_shown_at: float = 0.0
    shown_text: str = ""
    is_held: bool = False
    is_published: bool = False
    replaces: str | None = None
    usage: list[Usage] = field(default_factory=list)

    @property
    def card_id(self) -> str:
        return f"model-{self.ask.signal.id}"


@dataclass(frozen=True, slots=True)
class LaneReport:
    """What the lane tells its coach when an ask is over. `error` is None unless the model failed."""

    ask: Ask
    card: Card | None
    error: ModelError | None


class ModelLane:
    """Use on the loop only. `still_fits(ask)` says whether the words that were asked about still stand.

    From its warm-up or first question to `aclose` it follows a model that may rest, so that this call's model is
    looked after in the background; `changed` is told when such a model begins to rest, and when it is well again.
    `outcomes` counts the requests of this call by what became of them (`shown`, `late`, `stale`, `ungrounded`, …), and
    among the cards shown those whose sentence became a safe question (`questioned`) and the titles and reasons left out
    (`cut`).
    """

    def __init__(
        self,
        *,
        call_id: str,
        material: Material,
        model: CardModel,
        sink: CoachSink,
        desk: Desk,
        call_clock: CallClock,
        clock: Callable[[], float],
        still_fits: Callable[[Ask], bool],
        done: Callable[[LaneReport], None],
        changed: Changed,
    ) -> None:
        self._call_id = call_id
        self._model = model
        self._sink = sink
        self._desk = desk
        self._call_clock = call_clock
        self._clock = clock
        self._still_fits = still_fits
        self._done = done
        self._changed = changed
        self._leave: Callable[[], None] | None = None
        self._ground = grounding.Ground(material)
        self._material = material
        self._prefix = prompts.live_prefix(material)
        self._requests_left = material.live_prompt.limits.max_requests
        self.outcomes: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._answer: _Answer | None = None
        self._given_up: set[asyncio.Task[None]] = set()

    @property
    def is_busy(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def is_spent(self) -> bool:
        """The prompt version allows this call no further request."""
        return self._requests_left <= 0

    def ask(self, ask: Ask, transcript: context.Transcript, moments: tuple[Moment, ...]) -> bool:
        """Start asking; False while a request is in flight that is not given up for this one, or when none is left.

        The context is read before this returns. The request begins once the one before it has let go of the vendor.
        """
        if self.is_spent or (self.is_busy and not self.gives_up_for(ask)):
            return False
        self._requests_left -= 1
        self._follow()
        signal = ask.signal
        messages = context.card_messages(self._prefix, transcript, moments, signal, ask.line)
        request = card_request(self._material.live_prompt, messages, cache_key=self._call_id)
        answer = _Answer(
            ask=ask,
            request=request,
            offer=ask.offer,
            started_at=self._clock(),
            heard=f"{transcript.recent_text()} {ask.line.text}",
        )
        self._ground.listen(answer.heard)
        before = self._give_up()
        self._answer = answer
        self._task = asyncio.get_running_loop().create_task(self._run_after(before, answer), name="model-card")
        return True

    def gives_up_for(self, ask: Ask) -> bool:
        """Whether the request in flight yields: nothing of it is visible, and it is worth less or asks about words
        that changed. At most one after the other for each step of worth, so requests stay few.
        """
        answer = self._answer
        if answer is None or not self.is_busy or answer.shown_text or answer.is_published:
            return False
        return ask.worth > answer.ask.worth or not self._still_fits(answer.ask)

    async def warm_up(self) -> None:
        """Connect, and let the vendor cache the fixed prefix by one throw-away request. Raises `ModelError`."""
        self._follow()
        await self._model.warm_up()
        async with aclosing(self._model.stream_card(self._warm_up_request())) as stream:
            async for item in stream:
                if isinstance(item, Usage):
                    self._sink.usage(replace(item, purpose="warm_up"))

    async def aclose(self) -> None:
        """Stop the request in flight and wait until it let go; the call needs its model no more."""
        self._unfollow()
        task, self._task = self._task, None
        ending = set(self._given_up)
        if task is not None and not task.done():
            task.cancel()
            ending.add(task)
        if ending:
            await asyncio.wait(ending)

    def _warm_up_request(self) -> CardRequest:
        messages = (("system", self._prefix), ("user", "The call has not begun. Set should_show to false."))
        return card_request(self._material.live_prompt, messages, cache_key=self._call_id)

    def _follow(self) -> None:
        if self._leave is None and isinstance(self._model, Recovering):
            self._leave = self._model.follow(self._warm_up_request(), usage=self._sink.usage, changed=self._changed)

    def _unfollow(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    def _give_up(self) -> asyncio.Task[None] | None:
        """End the request in flight; gives what is over once it let go."""
        task = self._task
        if task is None or task.done():
            return None
        metrics.cards.labels(Lane.MODEL.value, "overtaken").inc()
        task.cancel()
        self._given_up.add(task)
        task.add_done_callback(self._given_up.discard)
        return task

    async def _run_after(self, before: asyncio.Task[None] | None, answer: _Answer) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._run(answer)

    async def _run(self, answer: _Answer) -> None:
        card: Card | None = None
        error: ModelError | None = None
        outcome = "shown"
        try:
            card = await self._listen(answer)
        except NotShown as refusal:
            outcome = refusal.outcome
        except TimeoutError:
            outcome, error = "late", ModelError("slow", retryable=True)
        except ModelError as failure:
            outcome, error = ("late" if failure.reason == "slow" else "failed"), failure
        except Exception:
            log.exception("a model card broke", extra={"call_id": self._call_id})
            outcome, error = "failed", ModelError("internal", retryable=True)
        finally:
            self._meter(answer)
            if not answer.is_published:
                self._withdraw(answer)
        if error is not None and error.reason == "resting":
            self._requests_left += 1
        self.outcomes[outcome] += 1
        if outcome != "shown":
            metrics.cards.labels(Lane.MODEL.value, outcome).inc()
        self._done(LaneReport(answer.ask, card, error))
        if self.is_spent:
            self._unfollow()

    async def _listen(self, answer: _Answer) -> Card | None:
        card: Card | None = None
        is_judged = False
        request = answer.request
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with (
            asyncio.timeout_at(started + request.deadline_s + GRACE_S) as limit,
            aclosing(self._model.stream_card(request)) as stream,
        ):
            async for item in stream:
                if isinstance(item, Usage):
                    answer.usage.append(item)
                    continue
                if not is_judged and not self._still_fits(answer.ask):
                    raise NotShown("stale")
                if not answer.said and (item.say or item.is_complete):
                    limit.reschedule(started + request.total_s)
                    self._first_words(answer)
                answer.said = item.say
                if item.is_complete and not is_judged:
                    is_judged = True
                    metrics.model_seconds.labels("total").observe(self._clock() - answer.started_at)
                    card = self._finish(answer, item)
                elif not is_judged:
                    self._grow(answer)
        if not is_judged:
            raise ModelError("cut_short", retryable=True)
        return card

    def _first_words(self, answer: _Answer) -> None:
        metrics.model_seconds.labels("first_token").observe(self._clock() - answer.started_at)
        self._look(answer)

    def _look(self, answer: _Answer) -> None:
        """Decide whether this card may appear now: in its own right, in place of an instant card, or a little later."""
        now_ms = self._call_clock.now_ms()
        if self._desk.attention.is_away(answer.offer, now_ms):
            raise NotShown("away")
        answer.is_held = False
        answer.replaces = self._desk.shown_for(answer.ask.signal.id)
        if answer.replaces is not None:
            if self._desk.attention.is_rep_speaking(now_ms):
                raise NotShown("held_back")
            return
        verdict, reason = self._desk.attention.judge(answer.offer, now_ms)
        if verdict is Verdict.DROP:
            raise NotShown(reason)
        answer.is_held = verdict is Verdict.HOLD

    def _grow(self, answer: _Answer) -> None:
        """Show more of the text: whole words only, only as far as it is grounded, joined within 40 ms."""
        now = self._clock()
        text = grounding.safe_part(answer.said)
        if answer.is_held or answer.ask.is_whole_turn or len(text.split()) < 2 or text == answer.shown_text:
            return
        if answer.shown_text and now - answer.last_shown_at < JOIN_S:
            return
        if self._ground.violation(text, answer.heard):
            return
        if not answer.shown_text and answer.replaces is None:
            self._desk.drop_held(answer.ask.signal.id)
        answer.shown_text, answer.last_shown_at = text, now
        self._sink.card_text(answer.card_id, text)

    def _finish(self, answer: _Answer, said: CardText) -> Card | None:
        """Publish the finished card, or what stands in for it, or nothing."""
        if not said.should_show:
            raise NotShown("declined")
        self._look(answer)
        settled = self._ground.settle(said, answer.heard)
        said, verdict = settled.card, settled.verdict
        self._count(settled.cuts)
        if verdict.ruling is grounding.Ruling.UNGROUNDED:
            self._count((verdict,))
            if not answer.shown_text:
                raise NotShown("ungrounded")
            self.outcomes["questioned"] += 1
            question = safe_questions.question_for(answer.ask.signal.kind, answer.ask.signal.topic)
            said = replace(said, say=question, why=ASK_FIRST, title="", question="")
        card = self._card(answer, said, verdict)
        answer.is_published = True
        if answer.is_held:
            self._withdraw(answer)
            self._desk.drop_held(answer.ask.signal.id)
            answer.is_published = self._desk.offer(card, answer.offer) is not Verdict.DROP
            return card
        if not answer.shown_text and answer.replaces is None:
            self._desk.drop_held(answer.ask.signal.id)
        self._desk.publish_started(card, answer.offer, is_counted=answer.replaces is not None)
        return card

    def _count(self, verdicts: Iterable[grounding.Verdict]) -> None:
        """What had no ground, for the whole service by field and reason, and for this call."""
        for verdict in verdicts:
            metrics.ungrounded.labels(verdict.field, verdict.reason).inc()
            if verdict.field != "say":
                self.outcomes["cut"] += 1

    def _withdraw(self, answer: _Answer) -> None:
        if answer.shown_text:
            answer.shown_text = ""
            self._sink.card_text(answer.card_id, "")

    def _card(self, answer: _Answer, said: CardText, verdict: grounding.Verdict) -> Card:
        signal = answer.ask.signal
        kind = _KINDS.get(said.kind, signal.kind)
        return Card(
            id=answer.card_id,
            lane=Lane.MODEL,
            kind=kind,
            title=said.title.strip()[:60] or signal.topic.replace("_", " ").capitalize(),
            say=said.say.strip(),
            why=said.why.strip()[:160],
            topic=signal.topic,
            trigger_end_ms=answer.ask.at_ms,
            signal_id=None if answer.ask.is_whole_turn else signal.id,
            source=verdict.source,
            replaces=answer.replaces,
            prompt_version=self._material.live_prompt.number,
            playbook_version=self._material.playbook_version,
            question=said.question.strip(),
        )

    def _meter(self, answer: _Answer) -> None:
        usage = tuple(answer.usage) or estimate(self._model, answer.request, answer.said)
        for entry in usage:
            self._sink.usage(entry if answer.is_published else replace(entry, is_waste=True))
