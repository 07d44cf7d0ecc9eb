"""Many schemas by several worker processes; one that dies costs its schema and no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import IO

from django.conf import settings

from tenants.upgrade.one import Outcome, Patience, upgrade_one
from tenants.upgrade.worker import READY

# So few are done sooner here than a worker has started.
FEW = 4

OnDone = Callable[[Outcome], None]


def upgrade_many(schemas: Sequence[str], *, workers: int, patience: Patience, on_done: OnDone) -> list[Outcome]:
    """An outcome for each schema, in the order in which they were done; `on_done` hears each, from any thread.

    On Ctrl-C the schemas in hand are finished, then KeyboardInterrupt is raised.
    """
    outcomes: list[Outcome] = []

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        on_done(outcome)

    if len(schemas) <= FEW:
        for schema in schemas:
            note(upgrade_one(schema, patience))
        return outcomes
    waiting: SimpleQueue[str] = SimpleQueue()
    for schema in schemas:
        waiting.put(schema)
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(_work, waiting, patience, note) for _ in range(workers)]
        try:
            for each in running:
                each.result()
        except KeyboardInterrupt:
            for _ in _taken(waiting):
                pass
            raise
    for schema in _taken(waiting):
        note(Outcome(schema, 0.0, "Not reached: no worker process could be started, see the lines above."))
    return outcomes


def _work(waiting: SimpleQueue[str], patience: Patience, note: OnDone) -> None:
    """Feeds one worker after the other until nothing waits, or a worker does not even start."""
    while not waiting.empty():
        with _worker(patience) as (said, heard):
            if heard.readline().strip() != READY:
                return
            for schema in _taken(waiting):
                outcome = _ask(said, heard, schema)
                note(outcome or Outcome(schema, 0.0, "Its worker process ended in the middle. Run it again."))
                if outcome is None:
                    break


def _taken(waiting: SimpleQueue[str]) -> Iterator[str]:
    while True:
        try:
            yield waiting.get_nowait()
        except Empty:
            return


def _ask(said: IO[str], heard: IO[str], schema: str) -> Outcome | None:
    """None when the worker is gone."""
    try:
        said.write(f"{schema}\n")
        said.flush()
    except OSError:
        return None
    answer = heard.readline()
    return Outcome(**json.loads(answer)) if answer.endswith("\n") else None


@contextmanager
def _worker(patience: Patience) -> Iterator[tuple[IO[str], IO[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tenants.upgrade.worker", str(patience.lock_timeout_s), str(patience.attempts)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("A pipe was asked for and not given.")
    try:
        yield process.stdin, process.stdout
    finally:
        with suppress(OSError):  # it may be gone, with what it has not read
            process.stdin.close()
        process.wait()
        process.stdout.close()
