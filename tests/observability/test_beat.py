"""Beat's schedule while the machine's clock is set back: the sweeper goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from salespilot.beat import SteadyScheduler
from salespilot.celery import app


@pytest.fixture
def scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SteadyScheduler]:
    steady = SteadyScheduler(app=app, schedule_filename=str(tmp_path / "beat"))
    monkeypatch.setattr(steady, "apply_entry", lambda *_, **__: None)
    yield steady
    steady.close()


def test_beat_runs_with_it() -> None:
    assert app.conf.beat_scheduler == "salespilot.beat:SteadyScheduler"


def test_a_clock_that_was_an_hour_ahead_stops_no_sweep(scheduler: SteadyScheduler) -> None:
    sweep = scheduler.schedule["sweep-calls"]
    for entry in scheduler.schedule.values():
        entry.last_run_at = app.now() + timedelta(hours=1)
    assert scheduler.tick() <= settings.SWEEP_SECONDS
    ran_at = sweep.last_run_at
    assert ran_at is not None
    assert ran_at <= app.now()
    # It is due as if it had run when the clock was set right.
    sweep.last_run_at = ran_at - timedelta(seconds=settings.SWEEP_SECONDS)
    scheduler._heap = None
    while scheduler.schedule["sweep-calls"].total_run_count == 0:
        assert scheduler.tick() == 0
