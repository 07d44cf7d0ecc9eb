"""The ladder of degraded service: which rung each part of a call stands on, and what people are told. Pure.

The rungs are those of DESIGN.md section 5. A call's rung is the lowest of its parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from calls.live.door import Opening


class Rung(StrEnum):
    """From best to worst for the rep: the order decides which part speaks for the call."""

    FULL = "full"
    LOCAL_FANOUT = "local_fanout"
    TIPS = "tips"
    POLLING = "polling"
    BROWSER_SPEECH = "browser_speech"
    RECORDING = "recording"
    SAVING_LATE = "saving_late"
    OFFLINE = "offline"


class Part(StrEnum):
    SPEECH = "speech"
    COACH = "coach"
    LINK = "link"
    SAVING = "saving"
    STORAGE = "storage"
    FANOUT = "fanout"


class AudioFate(StrEnum):
    """What happens to the audio, in the words of the state light."""

    TRANSCRIBED = "Heard and transcribed."
    TRANSCRIBED_AND_KEPT = "Heard, transcribed and kept."
    TRANSCRIBED_NOT_KEPT = "Heard and transcribed; the recording can not be written."
    KEPT_HERE = "Kept on the server and transcribed later."
    KEPT_IN_BROWSER = "Kept in your browser until it is saved."
    NOT_HEARD = "Not heard and not kept: the customer has not agreed."
    REP_ONLY = "Only your own side is heard: the customer said no."


WORDS = {
    Rung.FULL: "Everything works.",
    Rung.LOCAL_FANOUT: "Your own screen is live; your manager's may lag a few seconds.",
    Rung.TIPS: "Cards come from your playbook while the model is away.",
    Rung.POLLING: "The live connection is blocked: updates come every few seconds.",
    Rung.BROWSER_SPEECH: "The main speech service is away: another engine is listening.",
    Rung.RECORDING: "Nobody can transcribe right now: talk meters go on, the transcript follows later.",
    Rung.SAVING_LATE: "Saving is late: coaching goes on, keep this page open.",
    Rung.OFFLINE: "No connection: your browser keeps the audio and sends it when it is back.",
}
SECOND_ENGINE_WORDS = "The engine on our own server is listening."
BROWSER_WORDS = "Your browser recognises the speech itself."
DOUBT_WORDS = "The speech service is slow to answer."
_NO_SLOT = "All speech slots are in use: "
NO_SLOT_WORDS = f"{_NO_SLOT}there is no live transcript until one is free."
_ORDER = {rung: place for place, rung in enumerate(Rung)}


@dataclass(frozen=True, slots=True)
class LadderState:
    """One state of the ladder, ready for the wire (`calls.events.state`)."""

    rung: Rung
    parts: dict[str, str]
    since: dict[str, int]
    audio: str
    words: str


@dataclass(slots=True)
class Ladder:
    """The rungs of one call's parts. `put` tells whether anything a person sees has changed.

    `hears`: whose audio the door lets in; it decides what is said about the audio, whatever the rung.
    """

    is_recorded: bool
    rungs: dict[Part, Rung] = field(default_factory=lambda: dict.fromkeys(Part, Rung.FULL))
    words: dict[Part, str] = field(default_factory=dict)
    hears: Opening = Opening.ALL
    clock: Callable[[], float] = time.time
    since: dict[Part, int] = field(default_factory=dict)
    """When each part came to its rung, UTC milliseconds since 1970."""

    def __post_init__(self) -> None:
        self.since = dict.fromkeys(Part, self._now_ms())

    @property
    def rung(self) -> Rung:
        return self._lowest()[1]

    def put(self, part: Part, rung: Rung, words: str = "") -> bool:
        """Moves `part` to `rung`; `words` say more than the rung's own sentence. True when that is news."""
        if self.rungs[part] is rung and self.words.get(part, "") == words:
            return False
        if self.rungs[part] is not rung:
            self.since[part] = self._now_ms()
        self.rungs[part] = rung
        self.words[part] = words
        return True

    def state(self) -> LadderState:
        part, rung = self._lowest()
        return LadderState(
            rung=rung,
            parts={name.value: value.value for name, value in self.rungs.items()},
            since={name.value: since for name, since in self.since.items()},
            audio=self._audio().value,
            words=self.words.get(part) or WORDS[rung],
        )

    def _lowest(self) -> tuple[Part, Rung]:
        return max(self.rungs.items(), key=lambda item: _ORDER[item[1]])

    def _now_ms(self) -> int:
        return int(self.clock() * 1_000)

    @property
    def _is_kept(self) -> bool:
        """Whether the server's own copy is being written."""
        return self.is_recorded and self.rungs[Part.STORAGE] is Rung.FULL

    def _audio(self) -> AudioFate:
        if self.hears is not Opening.ALL:
            return AudioFate.REP_ONLY if self.hears is Opening.REP else AudioFate.NOT_HEARD
        if self.rungs[Part.LINK] is Rung.OFFLINE or (self.rungs[Part.SAVING] is not Rung.FULL and not self._is_kept):
            return AudioFate.KEPT_IN_BROWSER
        if self.rungs[Part.SPEECH] is Rung.RECORDING:
            return AudioFate.KEPT_HERE if self._is_kept else AudioFate.KEPT_IN_BROWSER
        if not self.is_recorded:
            return AudioFate.TRANSCRIBED
        return AudioFate.TRANSCRIBED_AND_KEPT if self._is_kept else AudioFate.TRANSCRIBED_NOT_KEPT


def for_want_of_a_slot(words: str) -> str:
    """`words`, a sentence, with its reason."""
    return f"{_NO_SLOT}{words[0].lower()}{words[1:]}"
