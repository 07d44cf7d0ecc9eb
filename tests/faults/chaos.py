"""`python -m tests.faults.chaos --seconds N --seed S`: calls come and go while things break at random.

The last line is the verdict, and the exit status is true to it: 0 for CLEAN, 1 for BROKEN. The seed decides which
faults come, when, for how long and for whom; what the machine makes of the same moments it does not decide.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.faults import possible
from tests.faults.house import House
from tests.faults.ledger import Account
from tests.faults.rep import Rep
from tests.faults.scene import Fault, Scene

CALLS = 4
CALL_S = (20.0, 90.0)
PAUSE_S = (0.5, 6.0)
LONGEST_FAULT_S = 20.0
AT_ONCE_MOST = 2
"""Single faults lose nothing; of two at a time the same is asked."""
SETTLED_WITHIN_S = 180.0
SHOWN_LINES = 60


@dataclass(slots=True)
class Tally:
    """What came of it. `told` is the time line, of which the end is shown with a failure."""

    seed: int
    began: float = field(default_factory=time.monotonic)
    calls: int = 0
    faults: int = 0
    lost_samples: int = 0
    captured_samples: int = 0
    event_breaches: int = 0
    word_breaches: int = 0
    ack_breaches: int = 0
    troubles: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def say(self, what: str) -> None:
        line = f"{time.monotonic() - self.began:7.1f}  {what}"
        self.told.append(line)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def trouble(self, what: str) -> None:
        self.troubles.append(what)
        self.say(f"!! {what}")

    def add(self, name: str, account: Account) -> None:
        self.calls += 1
        self.captured_samples += account.captured_samples
        self.lost_samples += account.lost_samples + account.wrong_samples
        self.word_breaches += account.missing_words + account.doubled_words + account.misplaced_words
        self.event_breaches += len(account.event_breaches)
        self.ack_breaches += len(account.ack_breaches)
        if account.faults:
            self.trouble(f"{name}: {'; '.join(account.faults)}")

    def verdict(self) -> str:
        figures = (
            f"{self.calls} calls, {self.faults} faults, {self.captured_samples / 16_000:.0f} s of audio, "
            f"{self.lost_samples} samples lost, {self.word_breaches} words missing, doubled or misplaced, "
            f"{self.event_breaches} events missing or doubled, {self.ack_breaches} acks too early"
        )
        return f"{'BROKEN' if self.troubles or not self.calls else 'CLEAN'}: {figures} (seed {self.seed})"


class Chaos:
    """One run in one house."""

    def __init__(self, house: House, tally: Tally, *, seconds: float) -> None:
        self._house = house
        self._tally = tally
        self._chance = random.Random(tally.seed)
        self._until = asyncio.get_running_loop().time() + seconds
        self._reps: list[Rep] = []
        self._on: set[str] = set()
        self._all_up = asyncio.Event()
        self._all_up.set()

    async def run(self) -> None:
        # Each has a chance of its own: what one does does not depend on how long another took.
        callers = [self._call_again(random.Random(self._chance.random())) for _ in range(CALLS)]
        breakers = [self._break_on(random.Random(self._chance.random())) for _ in range(AT_ONCE_MOST)]
        breaking = [asyncio.create_task(each) for each in breakers]
        calling = [asyncio.create_task(each) for each in callers]
        await asyncio.gather(*breaking)
        for name in self._house.dead():
            self._tally.trouble(f"{name} has died of what happened to others")
        self._tally.say("everything is mended; the last calls hang up")
        await asyncio.gather(*calling)

    @property
    def _is_over(self) -> bool:
        return asyncio.get_running_loop().time() >= self._until

    async def _call_again(self, chance: random.Random) -> None:
        while not self._is_over:
            try:
                await self._call(chance)
            except Exception as error:
                self._tally.trouble(f"a call was not brought to its end: {type(error).__name__} {error}")
                logging.getLogger(__name__).exception("call")

    async def _call(self, chance: random.Random) -> None:
        rep = await Rep.calls(self._house)
        name = f"call {rep.number}"
        self._reps.append(rep)
        try:
            length_s = chance.uniform(*CALL_S)
            self._tally.say(f"{name} begins, for {length_s:.0f} s")
            loop = asyncio.get_running_loop()
            await asyncio.sleep(min(length_s, max(0.0, self._until - loop.time())))
            self._reps.remove(rep)
            await rep.hang_up()
            account = await rep.settle(SETTLED_WITHIN_S)
            self._tally.add(f"{name} ({rep.call_id}, during: {', '.join(sorted(self._on)) or 'nothing'})", account)
            self._tally.say(f"{name} is accounted for: {account.captured_samples / 16_000:.0f} s")
        finally:
            if rep in self._reps:
                self._reps.remove(rep)
            await rep.aclose()

    async def _break_on(self, chance: random.Random) -> None:
        faults = possible(self._house)
        while not self._is_over:
            await asyncio.sleep(chance.uniform(*PAUSE_S))
            fault, lasts_s, who = chance.choice(faults), chance.uniform(0.5, 1.0), chance.random()
            if self._reps and not self._is_over and not self._overlaps(fault):
                await self._break(fault, min(fault.lasts_s, LONGEST_FAULT_S) * lasts_s, who)

    def _overlaps(self, fault: Fault) -> bool:
        """Two breakers must not have their hands on the same thing: mending one would mend the other."""
        part = fault.name.split(":")[0]
        broad = {"everything", "deploy"}
        on = {name.split(":")[0] for name in self._on}
        return part in on or bool(on & broad) or (part in broad and bool(on))

    async def _break(self, fault: Fault, lasts_s: float, who: float) -> None:
        rep = self._reps[int(who * len(self._reps))]
        self._on.add(fault.name)
        about = "" if fault.is_shared else f" of call {rep.number}"
        self._tally.say(f"-- {fault.name}{about}, for {lasts_s:.1f} s")
        self._tally.faults += 1
        scene = Scene(self._house, rep)
        try:
            await fault.strike(scene)
            await asyncio.sleep(lasts_s)
        finally:
            await fault.mend(scene)
            self._on.discard(fault.name)
            self._tally.say(f"   {fault.name.split(':')[0]} is mended")


async def chaos(*, seconds: float, seed: int) -> Tally:
    async with House() as house:
        tally = Tally(seed)
        try:
            await Chaos(house, tally, seconds=seconds).run()
        except Exception as error:
            logging.getLogger(__name__).exception("chaos")
            tally.trouble(f"the run broke off: {type(error).__name__} {error}")
        if tally.troubles:
            house.keep_logs(f"chaos-{seed}")
        return tally


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Break things at random while calls come and go.")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=None, help="decides what breaks; a random one when left out")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    tally = asyncio.run(chaos(seconds=options.seconds, seed=seed))
    if tally.troubles:
        sys.stdout.write("\n".join(["", "What went wrong:", *tally.troubles, "", "The end of the time line:"]) + "\n")
        sys.stdout.write("\n".join(tally.told[-SHOWN_LINES:]) + "\n")
    verdict = tally.verdict()
    sys.stdout.write(f"{verdict}\n")
    return 0 if verdict.startswith("CLEAN") else 1


if __name__ == "__main__":
    sys.exit(main())
