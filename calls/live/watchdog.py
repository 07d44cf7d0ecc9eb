"""Whether a speech stream still answers what is said into it. Pure, but for its clock.

Silence of the service is no proof while nobody speaks; after speech it is doubtful first and deaf later. A doubt costs
little (another ear beside it), so it comes early; the verdict costs the stream.
"""

from __future__ import annotations

from collections.abc import Callable

DOUBT_S = 1.25
"""Services tell interims about once a second of speech."""
DOUBT_MIN_SPEECH_MS = 500
DEAF_S = 4.0
DEAF_MIN_SPEECH_MS = 1_000
MAX_DEAF_S = 32.0


class Watchdog:
    """Of one lane, through all its streams. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None
        """When the first speech went in that is not answered yet."""
        self._unanswered_ms = 0
        self._is_doubted = False
        self._doubt_s = DOUBT_S
        self._patience_s = DEAF_S

    def begin(self) -> None:
        """A new stream: its first late answer is news again."""
        self.forget()
        self._doubt_s = DOUBT_S

    def forget(self) -> None:
        """Nothing waits for an answer: it was given up, or somebody else watches."""
        self._since, self._unanswered_ms, self._is_doubted = None, 0, False

    def sent(self, speech_ms: int) -> None:
        self._unanswered_ms += speech_ms
        if self._since is None:
            self._since = self._clock()

    def answered(self) -> bool:
        """True when a doubt was unfounded: the service is slow, and is doubted later from now on."""
        was_doubted = self._is_doubted
        if was_doubted:
            self._doubt_s = min(DEAF_S, self._doubt_s * 2)
        self._patience_s = DEAF_S
        self.forget()
        return was_doubted

    def begins_to_doubt(self) -> bool:
        """True once for each doubt."""
        if self._is_doubted or self._unanswered_ms < DOUBT_MIN_SPEECH_MS:
            return False
        self._is_doubted = self._waited_s >= self._doubt_s
        return self._is_doubted

    def finds_deaf(self) -> bool:
        return self._unanswered_ms >= DEAF_MIN_SPEECH_MS and self._waited_s >= self._patience_s

    def wait_longer(self) -> None:
        """A slow engine is not made faster by starting it over: each verdict takes longer than the one before."""
        self._patience_s = min(MAX_DEAF_S, self._patience_s * 2)

    @property
    def _waited_s(self) -> float:
        return 0.0 if self._since is None else self._clock() - self._since
