"""The attention budget: whether a card may be pushed now. Pure; time is the call's own clock in milliseconds.

One pushed card per `seconds_between_cards`, `cards_per_10_minutes` at most, none while the rep speaks, none
on a dismissed topic, none that the rep's help mode leaves out, none on a subject that another card, of either
lane, spoke on just before. Compliance cards pass all of it but their own cool-down. The screen keeps the card
before as the one collapsed card.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from coaching.types import CardAction, SignalKind
from tenants.members.help_modes import HelpMode

HOLD_MS = 3_000
SNOOZE_MS = 300_000
WINDOW_MS = 600_000
STARTED_MS = 300
CARDS_REMEMBERED = 64
DEFAULT_SECONDS_BETWEEN = 20
DEFAULT_PER_WINDOW = 6
KEY_KINDS = frozenset({SignalKind.OBJECTION, SignalKind.BUYING_SIGNAL, SignalKind.COMPETITOR})
"""What help on key moments only is about."""


class Verdict(StrEnum):
    """Push it, keep it for up to `HOLD_MS`, or forget it."""

    SHOW = "show"
    HOLD = "hold"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Offer:
    """A card that would like to be seen. `key` is the play's, or the topic's for a model card.

    `is_once`: not again in this call.
    """

    key: str
    kind: SignalKind
    topic: str
    priority: int = 50
    cooldown_s: int = 60
    is_once: bool = False

    @property
    def is_compliance(self) -> bool:
        return self.kind is SignalKind.COMPLIANCE

    @property
    def subject(self) -> tuple[SignalKind, str]:
        return (self.kind, self.topic)


class Attention:
    """The budget of one call. `settings` are `seconds_between_cards` and `cards_per_10_minutes`."""

    def __init__(
        self, settings: Mapping[str, int], *, heeds_speech: bool = True, help_mode: HelpMode = HelpMode.FULL
    ) -> None:
        self._gap_ms = 1_000 * settings.get("seconds_between_cards", DEFAULT_SECONDS_BETWEEN)
        self._per_window = settings.get("cards_per_10_minutes", DEFAULT_PER_WINDOW)
        self._heeds_speech = heeds_speech
        self.help_mode = help_mode
        self._pushed: deque[int] = deque()
        self._played: dict[str, int] = {}
        self._spoken_on: dict[tuple[SignalKind, str], int] = {}
        self._dismissed: set[tuple[SignalKind, str]] = set()
        self._snoozed: dict[tuple[SignalKind, str], int] = {}
        self._offers: dict[str, Offer] = {}
        self._speaking_since: int | None = None

    def judge(self, offer: Offer, now_ms: int) -> tuple[Verdict, str]:
        """What to do with a card, and why in one word: `speaking`, `spacing`, `budget`, `cooldown`, `once`, `away`."""
        played = self._played.get(offer.key)
        if played is not None and offer.is_once:
            return Verdict.DROP, "once"
        if played is not None and now_ms - played < 1_000 * offer.cooldown_s:
            return Verdict.DROP, "cooldown"
        if offer.is_compliance:
            return Verdict.SHOW, ""
        return self._within_budget(offer, now_ms)

    def _within_budget(self, offer: Offer, now_ms: int) -> tuple[Verdict, str]:
        rests = self._rests(offer, now_ms)
        if rests:
            return Verdict.DROP, rests
        while self._pushed and now_ms - self._pushed[0] >= WINDOW_MS:
            self._pushed.popleft()
        if len(self._pushed) >= self._per_window:
            return Verdict.DROP, "budget"
        left_ms = self._pushed[-1] + self._gap_ms - now_ms if self._pushed else 0
        if left_ms > HOLD_MS:
            return Verdict.DROP, "spacing"
        if left_ms > 0:
            return Verdict.HOLD, "spacing"
        if self.is_rep_speaking(now_ms):
            return Verdict.HOLD, "speaking"
        return Verdict.SHOW, ""

    def _rests(self, offer: Offer, now_ms: int) -> str:
        """Why nothing may be said on this subject now, or an empty string."""
        if self.is_away(offer, now_ms):
            return "away"
        spoken_ms = self._spoken_on.get(offer.subject)
        is_fresh = spoken_ms is not None and now_ms - spoken_ms < 1_000 * offer.cooldown_s
        return "cooldown" if is_fresh else ""

    def pushed(self, offer: Offer, card_id: str, now_ms: int) -> None:
        """Count a card that was pushed. A replacement of a visible card is not pushed: call `replaced`."""
        self._played[offer.key] = now_ms
        if not offer.is_compliance:
            self._pushed.append(now_ms)
            if offer.topic:
                self._spoken_on[offer.subject] = now_ms
        self.replaced(offer, card_id)

    def replaced(self, offer: Offer, card_id: str) -> None:
        """Remember a card's topic for what the rep does with it; the oldest of 64 is forgotten."""
        self._offers[card_id] = offer
        while len(self._offers) > CARDS_REMEMBERED:
            del self._offers[next(iter(self._offers))]

    def has_played(self, key: str) -> bool:
        """Whether a card of this key was pushed in this call."""
        return key in self._played

    def note_speaking(self, is_speaking: bool, now_ms: int) -> None:
        """The rep starts or stops speaking. The first 300 ms count as a sound, not as speech."""
        if not is_speaking:
            self._speaking_since = None
        elif self._speaking_since is None:
            self._speaking_since = now_ms

    def is_rep_speaking(self, now_ms: int) -> bool:
        if not self._heeds_speech or self._speaking_since is None:
            return False
        return now_ms - self._speaking_since >= STARTED_MS

    def is_away(self, offer: Offer, now_ms: int) -> bool:
        """Whether the rep sent this topic away, for the call or for five minutes, or wants no such help at all."""
        if not offer.is_compliance and not self._is_wanted(offer.kind):
            return True
        return offer.subject in self._dismissed or self._snoozed.get(offer.subject, -1) > now_ms

    def _is_wanted(self, kind: SignalKind) -> bool:
        if self.help_mode is HelpMode.KEY_MOMENTS:
            return kind in KEY_KINDS
        return self.help_mode is not HelpMode.SILENT

    def act(self, card_id: str, action: CardAction, now_ms: int) -> None:
        """A dismissed topic stays away for the call, a snoozed one for five minutes."""
        offer = self._offers.get(card_id)
        if offer is None:
            return
        if action is CardAction.DISMISSED:
            self._dismissed.add(offer.subject)
        elif action is CardAction.SNOOZED:
            self._snoozed[offer.subject] = now_ms + SNOOZE_MS
