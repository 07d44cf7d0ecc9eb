"""One fault met by calls: breathe, break, wait, mend, look; what it cost, against what is promised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.faults import ledger
from tests.faults.house import House
from tests.faults.ledger import Account
from tests.faults.rep import Rep
from tests.faults.sound import FRAMES_OF_UTTERANCE

BREATHE_S = 5.0
LOOK_S = 1.0
CYCLE = 2 * FRAMES_OF_UTTERANCE
IN_A_SENTENCE = 3
"""The customer is in the middle of a sentence when it strikes."""


@dataclass(slots=True)
class Scene:
    """What a fault may lay hands on: the house, and the rep whose call it is about."""

    house: House
    rep: Rep
    spoiled: dict[str, object] = field(default_factory=dict)
    """What has to be remembered until the mending."""

    @property
    def call(self) -> str:
        """As the vendor knows it."""
        return self.rep.call_id.replace("-", "")


Act = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Promise:
    """Seconds; None where nothing is promised. Nothing lost, no hole, no double, no early ack is promised always.

    `help_s`: from the strike to the next live line or card about what was said after it. `again_s`: the same from the
    mend. `whole_s`: from the mend to a transcript on the screen without a hole up to it. `takeover_s`: from the
    client's return to `ready`.
    """

    help_s: float | None = None
    again_s: float | None = None
    whole_s: float | None = 10.0
    takeover_s: float | None = 3.0


@dataclass(frozen=True, slots=True)
class Fault:
    """`is_shared`: it meets every call of the house; else only its own, and many can be tried beside each other."""

    name: str
    strike: Act
    mend: Act
    lasts_s: float
    promise: Promise
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds, None where it never came or nothing was to be measured."""

    fault: str
    lasted_s: float
    account: Account
    help_s: float | None
    again_s: float | None
    whole_s: float | None
    takeover_s: float | None
    rungs: tuple[str, ...]
    breaches: tuple[str, ...]

    @classmethod
    def failed(cls, fault: Fault, why: str) -> Result:
        """It could not be played to its end."""
        return cls(fault.name, 0.0, Account(0, 0, 0, 0, 0, 0, (), ()), None, None, None, None, (), (why,))

    @property
    def is_kept(self) -> bool:
        return not self.breaches


async def play(house: House, fault: Fault, *, bystanders: int = 0) -> list[Result]:
    """One call (and bystanders) meets the fault. The fault is mended whatever happens."""
    reps = [await Rep.calls(house) for _ in range(1 + bystanders)]
    try:
        return await _play(house, fault, reps)
    finally:
        for rep in reps:
            await rep.aclose()


async def _play(house: House, fault: Fault, reps: Sequence[Rep]) -> list[Result]:
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(BREATHE_S)
    scene = Scene(house, reps[0])
    while reps[0].frames % CYCLE != IN_A_SENTENCE:  # noqa: ASYNC110 - the clock is the condition
        await asyncio.sleep(0.01)
    struck, frames = clock(), [rep.frames for rep in reps]
    try:
        await fault.strike(scene)
        await asyncio.sleep(max(0.0, fault.lasts_s - (clock() - struck)))
    finally:
        await fault.mend(scene)
    mended, until = clock(), [rep.frames for rep in reps]
    await asyncio.gather(
        *(_recover(rep, fault, frames=count, since=mended) for rep, count in zip(reps, until, strict=True))
    )
    await asyncio.gather(*(rep.hang_up() for rep in reps))
    accounts = [await rep.settle() for rep in reps]
    return [
        _judge(fault, rep, account, struck=struck, frames=before, mended=mended, until=after)
        for rep, account, before, after in zip(reps, accounts, frames, until, strict=True)
    ]


async def _recover(rep: Rep, fault: Fault, *, frames: int, since: float) -> None:
    """Speaks on until it is helped again and its transcript is whole, or until both are overdue."""
    clock = asyncio.get_running_loop().time
    overdue = since + max(10.0, fault.promise.whole_s or 0.0, fault.promise.again_s or 0.0) + 2.0
    while clock() < overdue:
        has_help = ledger.helped_at(rep.seen.help_at, after=since, frames=frames) is not None
        if has_help and ledger.complete_at(rep.seen.words_at, frames=frames) is not None:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(LOOK_S)


def _judge(
    fault: Fault, rep: Rep, account: Account, *, struck: float, frames: int, mended: float, until: int
) -> Result:
    helped = ledger.helped_at(rep.seen.help_at, after=struck, frames=frames)
    again = ledger.helped_at(rep.seen.help_at, after=mended, frames=until)
    whole = ledger.complete_at(rep.seen.words_at, frames=until)
    # A handshake that was under way when the way was mended could not be faster than that.
    returns = [at - mended if at - took < mended < at else took for at, took in rep.ready_s if at > struck]
    times = {
        "help": (_since(struck, helped), fault.promise.help_s),
        "help again": (_since(mended, again), fault.promise.again_s),
        "a whole transcript": (_since(mended, whole), fault.promise.whole_s),
        "the take-over": (max(returns) if returns else 0.0, fault.promise.takeover_s),
    }
    breaches = [
        f"{what} {'never came' if took is None else f'took {took:.1f} s'}, promised within {most:g} s"
        for what, (took, most) in times.items()
        if most is not None and (took is None or took > most)
    ]
    return Result(
        fault=fault.name,
        lasted_s=mended - struck,
        account=account,
        help_s=times["help"][0],
        again_s=times["help again"][0],
        whole_s=times["a whole transcript"][0],
        takeover_s=max(returns) if returns else None,
        rungs=tuple(dict.fromkeys(rung for at, rung in rep.rungs if at > struck)),
        breaches=(*account.faults, *breaches, *(f"{name} has died of it" for name in rep.house.dead())),
    )


def _since(start: float, at: float | None) -> float | None:
    return None if at is None else max(0.0, at - start)
