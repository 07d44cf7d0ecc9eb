"""Beat's schedule, on a clock that may be set back."""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler


class SteadyScheduler(PersistentScheduler):
    """What ran in the future ran now: else nothing would run again until the clock has come there a second time.

    A machine's clock is set back when it was wrong, and the sweeper must not rest for as long as it was.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds until the next look. Source: `celery.beat.Scheduler.tick`."""
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None
        return float(super().tick(*args, **kwargs))
