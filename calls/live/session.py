"""One live call in the process that owns it: audio in, events out. The only writer of the call's log.

The event loop runs everything here; nothing on this path waits for the database, the disk or the channel
layer. A session outlives its sockets by half a minute (`housekeeping`), so that a reconnect finds everything as
it was; then it lets go, and whoever reconnects later rebuilds it from the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import orjson

from calls import metrics, refusals, services
from calls.events import Kind, Payload
from calls.live import recording
from calls.live.acks import Watermarks
from calls.live.audio import Frame, FrameError, ms, parse_frame
from calls.live.coach_desk import CoachDesk
from calls.live.door import ConsentState, Door, Opening
from calls.live.ending import Ending
from calls.live.feed import Feed
from calls.live.housekeeping import Housekeeping
from calls.live.intake import AudioCopy, Intake
from calls.live.known import Known
from calls.live.ladder import Ladder, Part, Rung
from calls.live.link_holder import LinkHolder
from calls.live.links import ENDED, MOVING, SUPERSEDED, AudioLink
from calls.live.listening import Listening
from calls.live.log import DurableState, EventLog, LogFullError
from calls.live.mailbox import Mailbox
from calls.live.messages import CONSENT_MAIL, MessageError, parse_client_message
from calls.live.opening import Mail, OpenedCall
from calls.live.outbox import Close
from calls.live.past import repair_the_past
from calls.live.people import People, Person
from calls.live.standing import Standing
from calls.live.store import Batch
from calls.live.tasks import Errands
from calls.live.threads import in_thread
from calls.live.writer import LogWriter
from calls.redaction import Redactor
from calls.speech.base import SpeechProvider, StreamSpec
from calls.speech.browser import BrowserLine
from coaching.coach import Coach
from coaching.llm.base import CardModel
from tenants.consent.rules import Answer, Mode
from tenants.context import Business, business_scope
from tenants.members.help_modes import HelpMode

MOVE_WITHIN_S = 2.0
DISK_TROUBLE = "The recording can not be written: keep this page open."

logger = logging.getLogger(__name__)


class LiveSession:
    """Made by `calls.live.registry`, from an `OpenedCall`. Implements `LogKeeper`.

    `on_over(session)` is called once, when the session no longer owns its call.
    """

    def __init__(
        self,
        *,
        business: Business,
        call: OpenedCall,
        feed: Feed,
        writer: LogWriter,
        provider: SpeechProvider | None,
        model: CardModel | None,
        on_over: Callable[[LiveSession], None],
    ) -> None:
        self.business = business
        self.call = call
        self._feed = feed
        self._writer = writer
        self._on_over = on_over
        self._is_over = False
        self._ending: asyncio.Task[None] | None = None
        self._link = LinkHolder()
        self._errands = Errands()
        self._mailbox = Mailbox(business, call, self._apply)
        self._marks = Watermarks(call.channels, settled=call.acked_samples, stored=call.stored_samples)
        self._door = Door(call.consent, call.channels)
        self._standing = Standing(
            Ladder(is_recorded=call.stored_samples is not None, hears=self._door.opening),
            epoch=call.epoch,
            append=self.append,
            show=self._link.state,
            wants_browser=self._wants_browser,
        )
        self._copy = AudioCopy(
            call, on_stored=self._stored, on_trouble=self._storage_trouble, on_superseded=self.superseded
        )
        self.log = EventLog(
            business=business,
            call_id=call.id,
            member_id=call.member_id,
            epoch=call.epoch,
            last_seq=call.last_seq,
            starts=call.starts,
            keeper=self,
            on_dirty=writer.mark,
        )
        self._to_the_end = Ending(log=self.log, writer=writer, copy=self._copy, on_superseded=self.superseded)
        self._desk = CoachDesk(append=self.append, fleeting=self.publish_fleeting, put_rung=self._standing.put)
        self._coach = Coach(
            call_id=str(call.id),
            material=call.material,
            model=model,
            sink=self._desk,
            is_mono=call.channels == 1,
            help_mode=call.help_mode,
        )
        redactor = Redactor(call.redact)
        redactor.restore(call.past.lines)
        self._listening = Listening(
            provider=provider,
            spec=StreamSpec(
                call_id=call.id.hex,
                business=business.schema_name,
                channels=call.channels,
                keyterms=call.material.keyterms,
                redact=call.redact,
            ),
            epoch=call.epoch,
            is_patient=call.is_replay,
            door=self._door,
            redactor=redactor,
            marks=self._marks,
            known=Known(call.past.lines, call.unheard),
            log=self.log,
            coach=self._coach,
            append=self.append,
            fleeting=self.publish_fleeting,
            put_rung=self._standing.put,
            read_audio=self._read_for_repair,
            note_refusal=lambda engine, reason: self._errands.run(self._tell_refusal(engine, reason), "speech-refusal"),
        )
        self._intake = Intake(
            call,
            door=self._door,
            copy=self._copy,
            listening=self._listening,
            coach=self._coach,
            append=self.append,
            fleeting=self.publish_fleeting,
        )
        self._housekeeping = Housekeeping(
            log=self.log,
            intake=self._intake,
            link=self._link,
            standing=self._standing,
            ticks={"listening": self._listening.tick, "coach": self._tick_coach},
            read_inbox=self.look_into_inbox,
            on_unattended=lambda: self._errands.run(self.let_go(), "session-unattended"),
        )
        self._people = People(
            append=self.append,
            coach=self._coach,
            desk=self._desk,
            now_ms=self._intake.now_ms,
            redact=call.redact,
            keep_help_mode=lambda mode: self._errands.run(self._keep_help_mode(mode), "help-mode"),
        )

    # Life ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to listen. What an earlier owner heard is remembered; what it kept but did not hear is repaired."""
        metrics.calls_live.inc()
        self._standing.begin()
        past = self.call.past
        self._coach.restore(past.lines, past.moments, past.cards, past.course)
        self._desk.lanes.update({card.id: card.lane.value for card in past.cards})
        self._feed.attach(self.log)
        # An owner that took over says so before anything else: its numbers begin here (`calls.live.epochs`).
        if self.call.epoch > 1 or self._door.opening is not Opening.ALL:
            self.append(Kind.STATE, self._standing.payload())
        self._listening.start()
        repair_the_past(
            self.call, self._listening, self._marks, next_sample=self.next_sample, is_shut=self._door.is_shut
        )
        self._errands.run(self._coach.warm_up(), "coach-warm-up")
        self._errands.run(self._housekeeping.run(), "session-housekeeping")
        if self._copy.recorder is not None:
            self._errands.run(recording.run_quietly(self._copy.recorder), "recorder")

    async def abandon(self) -> None:
        """After a start that failed: everything that had begun ends. The call stays open, for the next one to claim."""
        await self._stop()

    async def end(self, reason: str) -> None:
        """Hangs up: hears out, saves, marks the call ended, asks for the report. A second caller waits for the first.

        While the database is away this waits with it; cancelling the caller does not stop the hanging up.
        """
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(reason), name="session-end")
        await asyncio.shield(self._ending)

    async def let_go(self, close: Close = MOVING) -> None:
        """Stops owning the call without ending it: everything is saved as far as possible, sockets are told."""
        if self._is_over:
            return
        self._link.close(close)
        await self._listening.hear_out(self.next_sample, MOVE_WITHIN_S)
        await self._to_the_end.settle(MOVE_WITHIN_S)
        await self._stop()

    @property
    def is_over(self) -> bool:
        return self._is_over

    @property
    def next_sample(self) -> int:
        """Where the audio is to go on."""
        return self._intake.cursor.next_sample

    # Audio --------------------------------------------------------------------------------------------

    def attach(self, link: AudioLink, *, sends_backlog: bool = False) -> None:
        """A new audio socket: it takes over from an older one, which closes with 4409.

        `sends_backlog`: as `Intake.sends_backlog`.
        """
        self._intake.attended_at = time.monotonic()
        self._intake.sends_backlog = sends_backlog
        self._link.take(
            link,
            epoch=self.call.epoch,
            next_sample=self._intake.resume_at,
            ack=self._marks.ack,
            state=self._standing.payload(),
        )
        self._standing.put(Part.LINK, Rung.FULL)

    def detach(self, link: AudioLink) -> None:
        self._link.drop(link)

    def feed(self, data: bytes) -> None:
        """One binary message of the audio socket. Raises `FrameError`."""
        try:
            self.take(parse_frame(data, self.call.channels))
        except FrameError as error:
            metrics.frames_refused.labels(error.refusal.metric).inc()
            raise

    def take(self, frame: Frame) -> None:
        """Audio in any order. Raises `FrameError` when it comes too fast; dropped once the call hangs up."""
        if not self._is_over and self._ending is None:
            self._intake.take(frame)

    def take_over_http(self, frame: Frame) -> int:
        """Audio by HTTP: as `take`; returns the ack."""
        self.take(frame)
        if not self._link.is_open:
            self._standing.put(Part.LINK, Rung.POLLING)
        return self._marks.ack

    def take_browser_lines(self, lines: Sequence[BrowserLine]) -> int:
        """Lines the browser recognised. How many were looked at.

        None while the server itself hears this call, where the business allows no such lines, and before the
        customer has agreed.

        Raises `BrowserLineError`; lines before the bad one are taken.
        """
        self._intake.attended_at = time.monotonic()
        if not self.call.allow_browser_speech or self._door.is_shut:
            return 0
        if self._listening.is_hearing and self._link.is_open:
            return 0
        for line in lines:
            self._listening.take_browser_line(line, self._intake.now_ms())
        return len(lines)

    # People -------------------------------------------------------------------------------------------

    def put_consent(self, consent: ConsentState) -> None:
        """The customer's answer, once it is saved. It counts for the very next frame, and for what waits."""
        if self._is_over or not self._door.put(consent):
            return
        self._listening.door_changed()
        self._standing.put_door(self._door.opening)

    def act(self, message: dict[str, Any], person: Person) -> None:
        """A `ClientMessage`. Raises `MessageError`."""
        self._people.act(parse_client_message(message), person)

    async def read_inbox(self) -> None:
        """As `look_into_inbox`, done when this returns; what a database that is away keeps back is read later."""
        await self._mailbox.read()

    def look_into_inbox(self) -> None:
        self._errands.run(self._mailbox.read(), "session-inbox")

    def _apply(self, mail: Mail) -> None:
        self.log.note_answered(mail.id)
        if mail.message.get("type") == "end":
            self._errands.run(self.end("hung_up"), "session-end-by-mail")
            return
        if mail.message.get("type") == CONSENT_MAIL:
            payload = mail.message["payload"]
            self.append(Kind.CONSENT, payload)
            self.put_consent(ConsentState(Mode(payload["mode"]), Answer(payload["answer"])))
            return
        with suppress(MessageError):
            self.act(mail.message, Person(mail.member_name, mail.is_own_call))

    # Out ----------------------------------------------------------------------------------------------

    def append(self, kind: Kind, payload: Payload) -> None:
        """One more event. When the log can take no more the session moves on, nothing of it acknowledged."""
        try:
            self.log.append(kind, payload)
        except LogFullError:
            logger.error("A call could not be saved for too long", extra={"call": self.call.id.hex})  # noqa: TRY400
            self.superseded(MOVING)

    def publish_fleeting(self, message: dict[str, Any]) -> None:
        """Painted and forgotten: only for who watches from this process."""
        if self._feed.is_watched:
            self._feed.publish_fleeting(orjson.dumps(message).decode())

    def _wants_browser(self) -> bool:
        """As the policy and the customer's answer allow; a recording that is played has no browser that hears."""
        may_hear = self.call.allow_browser_speech and not self._door.is_shut and not self.call.is_replay
        return may_hear and self._listening.wants_browser

    # LogKeeper ----------------------------------------------------------------------------------------

    def durable_state(self) -> DurableState:
        heard = self._marks.transcribed(self.next_sample)
        return DurableState(heard, self._copy.stored, self._housekeeping.is_attended)

    def saved(self, batch: Batch) -> None:
        self._marks.commit(batch.acked_samples)
        self._send_ack()

    def saving_is_late(self, is_late: bool) -> None:
        self._standing.put(Part.SAVING, Rung.SAVING_LATE if is_late else Rung.FULL)

    def superseded(self, close: Close = SUPERSEDED) -> None:
        """Another process owns the call. Nothing more is saved from here."""
        if not self._is_over:
            self._link.close(close)
            self.log.is_over = True
            self._errands.run(self._stop(), "session-superseded")

    def note_fanout(self, *, is_up: bool) -> None:
        self._standing.put(Part.FANOUT, Rung.FULL if is_up else Rung.LOCAL_FANOUT)

    # Inside -------------------------------------------------------------------------------------------

    def _send_ack(self) -> None:
        ack = self._marks.ack
        lane = self._listening.lane
        if lane is not None and lane.keeps_order:
            # A recording is played as fast as acks allow: they follow the ears, not the disk.
            ack = min(ack, max(lane.sent_through, self._marks.transcribed(self.next_sample)))
        if self._link.ack(ack):
            self._copy.acknowledged(ack)

    def _stored(self, stored: int) -> None:
        self._marks.store(stored)
        self._send_ack()

    def _storage_trouble(self, is_in_trouble: bool) -> None:
        rung, words = (Rung.SAVING_LATE, DISK_TROUBLE) if is_in_trouble else (Rung.FULL, "")
        self._standing.put(Part.STORAGE, rung, words)

    async def _tell_refusal(self, engine: str, reason: str) -> None:
        """An empty reason: it hears again."""
        with business_scope(self.business):
            await (in_thread(refusals.tell)(engine, reason) if reason else in_thread(refusals.clear)(engine))

    async def _keep_help_mode(self, mode: HelpMode) -> None:
        """For later calls, and for whoever takes this one over. A database that is away costs that, not the mode."""
        with business_scope(self.business):
            await in_thread(services.keep_help_mode)(self.call.member_id, mode)

    async def _read_for_repair(self, start: int, end: int) -> bytes:
        """What was kept under an older answer goes through the door as it stands now."""
        pcm = await self._copy.read(start, end)
        return b"" if self._door.is_shut else self._door.mask(pcm)

    def _tick_coach(self) -> None:
        self._coach.tick(ms(self.next_sample), self._listening.heard_ms(self.next_sample))

    async def _end(self, reason: str) -> None:
        await self._listening.finish(self.next_sample)
        self._coach.hang_up()
        await self._to_the_end.close_log(reason, lambda: ms(self.next_sample) or None)
        self._link.close(ENDED)
        await self._stop()

    async def _stop(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        metrics.calls_live.dec()
        self._standing.leave()
        self.log.close()
        self._desk.close()
        self._feed.detach()
        self._on_over(self)
        await self._listening.aclose()
        await self._coach.aclose()
        await self._errands.stop()
