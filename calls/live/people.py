"""What people do in a call: a rep with the cards, a manager with notes. Rights first, then the log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass

from calls import events, metrics
from calls.events import Kind, Payload
from calls.live.coach_desk import CoachDesk
from calls.live.messages import MAX_NOTE_CHARS, Action, ClientMessage, Help, MessageError, Note
from calls.typed import without_secrets
from coaching.coach import Coach
from coaching.types import Card, CardAction, Lane
from tenants.members.help_modes import HelpMode

_paint = metrics.stage_seconds.labels("paint")


class NotYoursError(MessageError):
    """Well said, but by the wrong person. The socket stays open."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts. `is_own_call`: the rep of this call; anyone else who may see it is a watcher."""

    name: str
    is_own_call: bool


def check_rights(message: ClientMessage, person: Person) -> None:
    """Raises `NotYoursError`: cards are the rep's, notes are for those who watch."""
    if isinstance(message, Note) and person.is_own_call:
        raise NotYoursError("Notes are for those who watch: this is your own call.")
    if isinstance(message, Action) and not person.is_own_call:
        raise NotYoursError("Only the person on the call can use or dismiss a card.")
    if isinstance(message, Help) and not person.is_own_call:
        raise NotYoursError("Only the person on the call decides how much help comes.")


class People:
    """Applies what people do to one live call, in its owner's process."""

    def __init__(
        self,
        *,
        append: Callable[[Kind, Payload], None],
        coach: Coach,
        desk: CoachDesk,
        now_ms: Callable[[], int],
        redact: Collection[str],
        keep_help_mode: Callable[[HelpMode], None],
    ) -> None:
        self._append = append
        self._coach = coach
        self._desk = desk
        self._now_ms = now_ms
        self._redact = redact
        self._keep_help_mode = keep_help_mode
        self._last: dict[tuple[str, bool], CardAction] = {}

    def act(self, message: ClientMessage, person: Person) -> None:
        """Raises `MessageError` for a card that this call never showed, `NotYoursError` without the right."""
        check_rights(message, person)
        if isinstance(message, Note):
            self._note(message, person)
        elif isinstance(message, Help):
            self._coach.set_help_mode(message.mode)
            self._keep_help_mode(message.mode)
        else:
            self._card_action(message, person)

    def _card_action(self, message: Action, person: Person) -> None:
        lane = self._desk.lanes.get(message.card_id)
        if lane is None:
            raise NotYoursError("There is no such card in this call.")
        if self._was_said(message):
            return
        if message.action is CardAction.PAINTED and message.latency_ms is not None:
            seconds = message.latency_ms / 1_000
            _paint.observe(seconds)
            metrics.stage_seconds.labels(f"card_{lane}").observe(seconds)
        payload = events.card_action(
            card_id=message.card_id, action=message.action, member=person.name, latency_ms=message.latency_ms
        )
        self._append(Kind.CARD_ACTION, payload)
        self._coach.act(message.card_id, message.action)

    def _was_said(self, message: Action) -> bool:
        """Said again, since the answer was lost on its way: no event. The first paint is the measure."""
        key = (message.card_id, message.action is CardAction.PAINTED)
        before, self._last[key] = self._last.get(key), message.action
        return before is message.action

    def _note(self, message: Note, person: Person) -> None:
        """A note is in the log as such, and on the rep's screen as the card nothing pushes aside."""
        words = without_secrets(message.text, self._redact, at_most=MAX_NOTE_CHARS)
        note_id = uuid.uuid4().hex[:12]
        self._append(Kind.NOTE, events.note(note_id=note_id, text=words, author=person.name))
        card = Card(
            id=f"note-{note_id}",
            lane=Lane.MANAGER,
            kind=None,
            title=f"From {person.name}",
            say=words,
            why="",
            topic="note",
            trigger_end_ms=self._now_ms(),
            author=person.name,
        )
        self._desk.card(card)
