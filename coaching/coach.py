"""The coach of one call: hears lines, publishes signals, moments and cards. A thin shell around pure parts."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from coaching import metrics
from coaching.attention import Attention, Offer
from coaching.clocks import CallClock
from coaching.context import Transcript
from coaching.course import Course
from coaching.desk import Desk
from coaching.ears import Cue, Ears, Heard
from coaching.llm.base import CardModel, ModelError
from coaching.llm.tips import Rung, TipCache, general_card
from coaching.model_lane import LaneReport, ModelLane
from coaching.moments import Moments
from coaching.planner import WHOLE_TURN, Ask, Planner
from coaching.sink import CoachSink
from coaching.types import Card, CardAction, Channel, Lane, Line, Material, Moment, Play, Signal, Source
from tenants.members.help_modes import HelpMode

log = logging.getLogger(__name__)
SIGNALS_REMEMBERED = 64
GENERAL_PRIORITY = 30


class Coach:
    """One per live call, used from one event loop only. Everything but `warm_up` and `aclose` is synchronous.

    `clock` gives seconds and only ever grows. `is_mono` says that one channel carries both people: the
    speaker of a line is then unknown, and cards do not wait for the rep to stop speaking. `fired` is told of every
    play that fires, shown or not.
    """

    def __init__(
        self,
        *,
        call_id: str,
        material: Material,
        model: CardModel | None,
        sink: CoachSink,
        clock: Callable[[], float] = time.monotonic,
        is_mono: bool = False,
        help_mode: HelpMode = HelpMode.FULL,
        fired: Callable[[Cue], None] | None = None,
    ) -> None:
        self.call_id = call_id
        self._sink = sink
        self._playbook_version = material.playbook_version
        self._facts = {fact.key: fact for fact in material.knowledge}
        self._fired = fired or _nobody_asks
        self._ears = Ears(material, is_mono=is_mono, is_spent=self._is_spent)
        self._call_clock = CallClock(clock)
        self._moments = Moments()
        self._transcript = Transcript(is_mono=is_mono)
        self._planner = Planner(is_mono=is_mono)
        self._tips = TipCache()
        self._rung = Rung(sink.coaching_state)
        self._played: deque[str] = deque(maxlen=SIGNALS_REMEMBERED)
        self._desk = Desk(
            attention=Attention(material.settings, heeds_speech=not is_mono, help_mode=help_mode),
            sink=sink,
            call_clock=self._call_clock,
            clock=clock,
        )
        self._lane: ModelLane | None = None
        if model is not None:
            self._lane = ModelLane(
                call_id=call_id,
                material=material,
                model=model,
                sink=sink,
                desk=self._desk,
                call_clock=self._call_clock,
                clock=clock,
                still_fits=self._still_fits,
                done=self._lane_done,
                changed=self._rung.changed,
            )

    @property
    def model_outcomes(self) -> Counter[str]:
        """What became of this call's requests to the model: see `ModelLane.outcomes`. Empty without a model."""
        return Counter(self._lane.outcomes if self._lane is not None else ())

    @property
    def is_idle(self) -> bool:
        """No request to the model is under way."""
        return self._lane is None or not self._lane.is_busy

    def hear(self, line: Line) -> None:
        """Take an interim or a final of either channel. Typically below 1 ms. Recovered lines make no card.

        A line without text says that a turn ended.
        """
        if not line.text:
            self._end_turn(line)
            return
        if not line.recovered:
            self._call_clock.note(line.end_ms)
        heard = self._ears.hear(line)
        self._tell(heard)
        if not line.recovered:
            for cue in heard.cues:
                self._fired(cue)
            self._offer_play(heard)
            self._ask_model(heard, line)
            self._desk.settle()
        if line.is_final:
            self._transcript.add(line, [found.signal for found in heard.found])
            self._planner.note(line)
            for moment in self._moments.on_line(line):
                self._sink.moment(moment)
            self._end_turn(line)

    def note_speaking(self, channel: Channel, is_speaking: bool, now_ms: int) -> None:
        """Whether a channel speaks now, from its energy; call it on every change. Cards wait while the rep speaks."""
        self._call_clock.note(now_ms)
        if channel is Channel.REP:
            self._desk.note_speaking(is_speaking, now_ms)
        else:
            self._desk.settle()

    def tick(self, now_ms: int, heard_ms: Mapping[Channel, int]) -> None:
        """About every second of the call: plays that wait for time, or for something that was not said.

        `heard_ms` says for each channel that may be heard up to where all its words are known.
        """
        self._call_clock.note(now_ms)
        self._desk.settle()
        is_free = True
        for cue, is_new in self._ears.due(self._call_clock.now_ms(), heard_ms):
            if is_new:
                self._fired(cue)
            if is_free and self._desk.offer_now(self._play_card(cue), _play_offer(cue)):
                self._ears.course.done(cue.play.key)
                is_free = False
        self._ask_what_waits()

    def act(self, card_id: str, action: CardAction) -> None:
        """What the rep did with a card. Unknown cards are ignored."""
        self._desk.act(card_id, action)

    def set_help_mode(self, mode: HelpMode) -> None:
        """The rep wants more or less help from now on. What stands on the screen stays; what waits may go."""
        self._desk.attention.help_mode = mode
        self._desk.settle()

    def restore(
        self, lines: Sequence[Line], moments: Sequence[Moment], cards: Sequence[Card], course: Course | None = None
    ) -> None:
        """Take over a call that another process coached: its log so far, in order. Publishes nothing.

        `course` is what `coaching.ears.recalled` makes of it, away from the loop.
        """
        if course is not None:
            self._ears.course = course
        told = {moment.signal_id: moment for moment in moments}
        for line in lines:
            self._transcript.add(line, [_signal_of(moment) for moment in told.values() if _is_in(moment, line)])
            if not line.recovered:
                self._call_clock.note(line.end_ms)
        self._moments.restore(moments)
        for card in cards:
            if card.kind is not None and card.lane is not Lane.MANAGER:
                self._desk.attention.pushed(
                    Offer(_shown_key(card), card.kind, card.topic), card.id, card.trigger_end_ms
                )

    def hang_up(self) -> None:
        """The call is over: objections nobody answered become `open`. Call before `aclose`, not when moving."""
        for moment in self._moments.hang_up():
            self._sink.moment(moment)

    async def warm_up(self) -> None:
        """Open the model's connection and warm its prompt cache. Never raises; may be cancelled."""
        if self._lane is None:
            self._rung.no_model()
            return
        try:
            await self._lane.warm_up()
        except ModelError as error:
            metrics.model_errors.labels(error.reason).inc()
            self._rung.failed(error)
        except Exception:
            log.exception("warm-up of the model failed", extra={"call_id": self.call_id})
        else:
            self._rung.worked()

    async def aclose(self) -> None:
        """Cancel everything this coach started. May be called twice."""
        self._desk.aclose()
        if self._lane is not None:
            await self._lane.aclose()

    def _tell(self, heard: Heard) -> None:
        for found in heard.found:
            if found.is_new:
                self._sink.signal(found.signal)
            if found.is_confirmed:
                moment = self._moments.on_signal(found.signal)
                if moment is not None:
                    self._sink.moment(moment)

    def _offer_play(self, heard: Heard) -> None:
        self._played.extend(cue.signal.id for cue in heard.cues if cue.signal is not None)
        cue = heard.best
        if cue is not None:
            self._desk.offer(self._play_card(cue), _play_offer(cue))
            return
        if self._rung.is_tips:
            self._offer_tip(heard)

    def _offer_tip(self, heard: Heard) -> None:
        """The model is away and no play answers: what it said earlier on the same topic still may."""
        for found in heard.found:
            if not found.is_new:
                continue
            card = self._tips.card_for(found.signal)
            if card is not None:
                self._desk.offer(card, Offer(f"tip-{card.topic}", found.signal.kind, card.topic))
                return

    def _help_without_model(self, signal: Signal) -> None:
        """The model failed at a moment that deserves a card: unless a play answered it, the best line there is."""
        if signal.id in self._played or signal.topic == WHOLE_TURN:
            return
        card = self._tips.card_for(signal)
        if card is not None:
            self._desk.offer(card, Offer(f"tip-{card.topic}", signal.kind, signal.topic))
            return
        general = general_card(signal, self._playbook_version)
        self._desk.offer(general, Offer(_shown_key(general), signal.kind, signal.topic, GENERAL_PRIORITY))

    def _play_card(self, cue: Cue) -> Card:
        play = cue.play
        return Card(
            id=cue.card_id,
            lane=Lane.INSTANT,
            kind=play.kind,
            title=play.title,
            say=play.say,
            why=play.why,
            topic=cue.topic,
            trigger_end_ms=cue.at_ms if cue.signal is not None else self._call_clock.now_ms(),
            signal_id=cue.signal.id if cue.signal is not None else None,
            source=self._source(play),
            playbook_version=self._playbook_version,
            play=play.key,
            question=play.question,
        )

    def _source(self, play: Play) -> Source:
        """The fact that the play leans on, or itself in the business's own words."""
        fact = self._facts.get(play.source)
        if fact is not None:
            return Source(fact.key, fact.title, fact.source, fact.source_url)
        return Source(play.key, play.title, play.source)

    def _is_spent(self, play: Play) -> bool:
        return play.once_per_call and self._desk.attention.has_played(play.key)

    def _ask_model(self, heard: Heard, line: Line) -> None:
        if self._lane is None or not heard.found:
            return
        now_ms = self._call_clock.now_ms()
        self._ask(self._planner.plan(heard.found, line, now_ms, may_overtake=self._lane.gives_up_for))

    def _end_turn(self, line: Line) -> None:
        """The customer has finished: the rep needs the help now that could not be asked for before."""
        if self._lane is None or not line.ends_turn or line.recovered or line.channel is not Channel.CUSTOMER:
            return
        self._call_clock.note(line.end_ms)
        self._ask(self._planner.end_turn(self._call_clock.now_ms(), line.end_ms))

    def _ask_what_waits(self) -> None:
        if self._lane is None or self._lane.is_busy or self._desk.attention.is_rep_speaking(self._call_clock.now_ms()):
            return
        ask = self._planner.due(self._call_clock.now_ms())
        if ask is not None and not self._still_fits(ask):
            self._planner.dropped(ask)
            return
        self._ask(ask)

    def _ask(self, ask: Ask | None) -> None:
        """Ask the model if the card could be seen; what another request keeps from it waits."""
        if self._lane is None or ask is None:
            return
        now_ms = self._call_clock.now_ms()
        if not self._desk.has_room(ask.offer, ask.signal.id):
            self._planner.wait(ask)
            return
        if self._lane.is_spent:
            self._rung.failed(ModelError("all_asked", retryable=False))
            self._planner.asked(ask, now_ms)
            self._help_without_model(ask.signal)
            return
        if self._lane.ask(ask, self._transcript, self._moments.all):
            self._planner.asked(ask, now_ms)
        else:
            self._planner.wait(ask)

    def _still_fits(self, ask: Ask) -> bool:
        """Whether the words that were asked about still stand; of a whole turn: whether the rep has not answered it."""
        if ask.is_whole_turn:
            return self._transcript.turns[-1].channel is Channel.CUSTOMER
        signal = ask.signal
        return self._ears.tracker.still_says(signal.channel, ask.line.utterance, signal.kind, signal.topic)

    def _lane_done(self, report: LaneReport) -> None:
        ask = report.ask
        if report.error is not None:
            metrics.model_errors.labels(report.error.reason).inc()
            self._rung.failed(report.error)
            if self._still_fits(ask):
                self._help_without_model(ask.signal)
            else:
                self._planner.discarded(ask)
            return
        self._rung.worked()
        if report.card is None:
            self._planner.discarded(ask)
        elif not ask.is_whole_turn:
            self._tips.keep(report.card, ask.signal)


def _is_in(moment: Moment, line: Line) -> bool:
    return line.start_ms <= moment.end_ms <= line.end_ms and moment.quote in line.text


def _signal_of(moment: Moment) -> Signal:
    """The signal of a moment, as far as the ledger of facts needs it."""
    return Signal(
        moment.signal_id, moment.kind, moment.topic, Channel.CUSTOMER, 1.0, moment.quote, moment.start_ms, moment.end_ms
    )


def _nobody_asks(cue: Cue) -> None:
    """Only back-tests ask what fires without being shown."""


def _shown_key(card: Card) -> str:
    """By which key the attention budget knows a card that is in the log; a general line by what it is about."""
    if card.play:
        return card.play
    if card.source is not None:
        return card.source.key
    is_general = card.lane is Lane.INSTANT and card.prompt_version is None
    return f"general-{card.kind}-{card.topic}" if is_general else card.id


def _play_offer(cue: Cue) -> Offer:
    play = cue.play
    return Offer(play.key, cue.kind, cue.topic, play.priority, play.cooldown_s, is_once=play.once_per_call)
