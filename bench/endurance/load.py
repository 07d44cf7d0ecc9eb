"""The load: a process with everybody outside. `python -m bench.endurance.load CONFIG.json`; commands on its input.

`go` starts everybody, `rest` ends all calls and lets everybody leave; each is answered by `ready`. `stop` prints what
was done, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.endurance import audio, people
from bench.endurance.calls import Stage, calls_in_a_row
from bench.soak.canary import Watch
from bench.soak.house import House
from bench.soak.web import Person

READERS = 3
POLLERS = 2
RAMP_S = 15.0
LEAVE_WITHIN_S = 60.0


@dataclass(frozen=True)
class Config:
    port: int
    key: str
    calls: int
    seed: int
    business: str


class Load:
    def __init__(self, config: Config, recording: audio.Recording) -> None:
        self._config = config
        self._house = House(0, config.business, config.key)
        self._watch = Watch()
        self.stage = Stage(recording, random.Random(config.seed), asyncio.Event())
        self._people: list[Person] = []
        self._running: list[asyncio.Task[None]] = []

    async def go(self) -> None:
        self.stage.over.clear()
        manager = self._person(role="manager")
        await manager.sign_in()
        program = partial(self._person, key=self._config.key)
        work: list[Coroutine[Any, Any, None]] = []
        for number in range(self._config.calls):
            delay_s = RAMP_S * number / self._config.calls
            one = partial(calls_in_a_row, self.stage, program(), delay_s=delay_s)
            work.append(people.never_ends_alone(one, self.stage))
        visits = [partial(people.read_calls, self.stage, manager) for _ in range(READERS)]
        visits += [partial(people.poll, self.stage, program()) for _ in range(POLLERS)]
        visits.append(partial(people.look_at_board, self.stage, manager))
        visits.append(partial(people.sign_in_and_out, self.stage, partial(self._new, role="rep")))
        work += [people.never_ends_alone(visit, self.stage) for visit in visits]
        self._running = [asyncio.create_task(each) for each in work]

    async def rest(self) -> None:
        self.stage.over.set()
        _, late = await asyncio.wait(self._running, timeout=LEAVE_WITHIN_S)
        for task in late:
            self.stage.troubles["somebody did not leave"] += 1
            task.cancel()
        for person in self._people:
            await person.client.aclose()
        self._people.clear()

    def done(self) -> dict[str, Any]:
        counts = Counter(self.stage.counts)
        counts.update({name: count for name, count in self._watch.counts.items() if name in {"requests", "sign-ins"}})
        return {"counts": dict(counts), "troubles": dict(self.stage.troubles + self._watch.troubles)}

    def _person(self, **who: str) -> Person:
        person = self._new(**who)
        self._people.append(person)
        return person

    def _new(self, **who: str) -> Person:
        return Person(self._house, self._watch, self._config.port, **who)


async def main(config: Config) -> dict[str, Any]:
    load = Load(config, audio.load())
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    while (command := (await lines.readline()).decode().strip()) in {"go", "rest"}:
        if command == "go":
            await load.go()
        else:
            await load.rest()
        print("ready", flush=True)
    return load.done()


if __name__ == "__main__":
    print(
        json.dumps(asyncio.run(main(Config(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))), flush=True
    )
