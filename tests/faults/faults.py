"""Everything that is broken, as data: how, for how long, how it is mended, and what is promised meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Iterator

from tests.faults.house import WEBS, House
from tests.faults.scene import Act, Fault, Promise, Scene
from tests.faults.speech import Trouble
from tests.vendors.openai import Fault as ModelFault

AT_ONCE = Promise(help_s=3.0, again_s=3.0)
"""Somebody else hears until it is back: another connection, another engine, the browser."""
BACK_SOON = Promise(again_s=5.0)
"""Nothing can be said meanwhile; afterwards it goes on."""
GOES_ON = Promise(help_s=3.0, again_s=3.0, takeover_s=None)
"""Coaching does not depend on it."""


async def nothing(_: Scene) -> None:
    """It is over by itself."""


def own(name: str, strike: Act, mend: Act = nothing, *, lasts_s: float = 0.0, promise: Promise) -> Fault:
    return Fault(name, strike, mend, lasts_s, promise)


def shared(name: str, strike: Act, mend: Act = nothing, *, lasts_s: float = 0.0, promise: Promise) -> Fault:
    return Fault(name, strike, mend, lasts_s, promise, is_shared=True)


# --- the speech vendor ----------------------------------------------------------------------------
def vendor(name: str, trouble: Trouble, *, lasts_s: float, promise: Promise) -> Fault:
    async def strike(scene: Scene) -> None:
        scene.house.speech.trouble(scene.call, trouble)

    async def mend(scene: Scene) -> None:
        scene.house.speech.fine(scene.call)

    return own(name, strike, mend, lasts_s=lasts_s, promise=promise)


def closed(name: str, code: int, reason: str, promise: Promise) -> Fault:
    async def strike(scene: Scene) -> None:
        await scene.house.speech.end(scene.call, code=code, reason=reason)

    return own(name, strike, promise=promise)


async def drop(scene: Scene) -> None:
    scene.house.speech.drop(scene.call)


async def report_error(scene: Scene) -> None:
    await scene.house.speech.report_error(scene.call)


def speech_faults() -> Iterator[Fault]:
    yield own("speech: connection lost in mid-stream", drop, promise=AT_ONCE)
    yield own("speech: error message in mid-stream", report_error, promise=AT_ONCE)
    yield closed("speech: closed with 1011 in mid-stream", 1011, "NET-0000", AT_ONCE)
    yield closed("speech: closed with 1008 in mid-stream", 1008, "DATA-0000", AT_ONCE)
    for status in (429, 500, 503):
        yield vendor(f"speech: {status} for 15 s", Trouble("refuse", status), lasts_s=15.0, promise=AT_ONCE)
    for status in (401, 402, 403):
        yield vendor(f"speech: {status} for 5 s", Trouble("refuse", status), lasts_s=5.0, promise=AT_ONCE)
    yield vendor("speech: silent for 15 s", Trouble("mute"), lasts_s=15.0, promise=AT_ONCE)
    yield vendor("speech: answers nothing at all for 15 s", Trouble("stall"), lasts_s=15.0, promise=AT_ONCE)
    yield vendor("speech: garbage for 10 s", Trouble("garbage"), lasts_s=10.0, promise=AT_ONCE)
    yield vendor(
        "speech: each stream closed at its first audio for 10 s", Trouble("early"), lasts_s=10.0, promise=AT_ONCE
    )
    yield vendor("speech: answers 2 s late for 10 s", Trouble("late", seconds=2.0), lasts_s=10.0, promise=AT_ONCE)


# --- relays: of the rep, and of the services -------------------------------------------------------
def rep_link(name: str, verb: str, *arguments: float, lasts_s: float, promise: Promise) -> Fault:
    async def strike(scene: Scene) -> None:
        for link in scene.rep.door.links:
            if (done := getattr(link, verb)(*arguments)) is not None:
                await done

    async def mend(scene: Scene) -> None:
        for link in scene.rep.door.links:
            await link.mend()
        scene.rep.revive()

    return own(name, strike, mend, lasts_s=lasts_s, promise=promise)


def link_faults() -> Iterator[Fault]:
    for seconds in (10, 60):
        yield rep_link(f"rep's link: cut for {seconds} s", "cut", lasts_s=seconds, promise=BACK_SOON)
        yield rep_link(f"rep's link: packets vanish for {seconds} s", "vanish", lasts_s=seconds, promise=BACK_SOON)
    yield rep_link("rep's link: open connections lost for good", "lose", lasts_s=0, promise=Promise(again_s=10.0))
    yield rep_link("rep's link: each packet 0.4 s late for 15 s", "delay", 0.4, lasts_s=15, promise=BACK_SOON)
    yield rep_link("rep's link: 32 kB/s for 15 s", "throttle", 32_000, lasts_s=15, promise=BACK_SOON)


def service_link(which: str, name: str, verb: str, *arguments: float, lasts_s: float, promise: Promise) -> Fault:
    async def strike(scene: Scene) -> None:
        if (done := getattr(getattr(scene.house, which), verb)(*arguments)) is not None:
            await done

    async def mend(scene: Scene) -> None:
        await getattr(scene.house, which).mend()

    return shared(name, strike, mend, lasts_s=lasts_s, promise=promise)


def service_faults() -> Iterator[Fault]:
    for which, service, usual in (
        ("postgres_link", "Postgres", GOES_ON),
        ("valkey_link", "Valkey", GOES_ON),
        ("speech_link", "speech", AT_ONCE),
    ):
        lasts_s = 15.0
        yield service_link(which, f"{service}: link cut for 15 s", "cut", lasts_s=lasts_s, promise=usual)
        yield service_link(which, f"{service}: packets vanish for 15 s", "vanish", lasts_s=lasts_s, promise=usual)
        yield service_link(which, f"{service}: open connections lost for good", "lose", promise=usual, lasts_s=8)
        yield service_link(
            which, f"{service}: each packet 0.3 s late for 15 s", "delay", 0.3, promise=usual, lasts_s=15
        )
    yield service_link("postgres_link", "Postgres: 20 kB/s for 15 s", "throttle", 20_000, lasts_s=15, promise=GOES_ON)


# --- processes -------------------------------------------------------------------------------------
def signalled(name: str, who: str, number: int, *, lasts_s: float, promise: Promise) -> Fault:
    """`who`: a process, or `owner`, the web process of the rep's call. It is started, or goes on, after."""

    async def strike(scene: Scene) -> None:
        scene.spoiled["who"] = chosen = scene.rep.is_at if who == "owner" else who
        scene.house.processes[chosen].signal(number)

    async def mend(scene: Scene) -> None:
        process = scene.house.processes[str(scene.spoiled["who"])]
        if number == signal.SIGSTOP:
            process.signal(signal.SIGCONT)
            return
        await process.wait()
        process.start()
        await process.wait_until_ready()

    return shared(name, strike, mend, lasts_s=lasts_s, promise=promise)


async def kill_webs(scene: Scene) -> None:
    for name in WEBS:
        await scene.house.processes[name].kill()


async def start_webs(scene: Scene) -> None:
    for name in WEBS:
        scene.house.processes[name].start()
    for name in WEBS:
        await scene.house.processes[name].wait_until_ready()


async def deploy(scene: Scene) -> None:
    """One after the other, as a rolling deploy: TERM, away, started anew, ready."""
    for name in (*WEBS, "worker", "beat"):
        process = scene.house.processes[name]
        await process.stop()
        process.start()
        await process.wait_until_ready()


async def kill_postgres(scene: Scene) -> None:
    await scene.house.kill_postgres()


async def start_postgres(scene: Scene) -> None:
    await scene.house.start_postgres()


async def kill_valkey(scene: Scene) -> None:
    await scene.house.kill_valkey()


async def start_valkey(scene: Scene) -> None:
    await scene.house.start_valkey()


def stopped(name: str, signalled_by: Callable[[Scene, int], None], promise: Promise) -> Fault:
    async def strike(scene: Scene) -> None:
        signalled_by(scene, signal.SIGSTOP)

    async def mend(scene: Scene) -> None:
        signalled_by(scene, signal.SIGCONT)

    return shared(name, strike, mend, lasts_s=15.0, promise=promise)


async def kill_everything(scene: Scene) -> None:
    for process in scene.house.processes.values():
        process.signal(signal.SIGKILL)
    await asyncio.gather(scene.house.kill_postgres(), scene.house.kill_valkey())
    await asyncio.gather(*(process.wait() for process in scene.house.processes.values()))


async def start_everything(scene: Scene) -> None:
    await asyncio.gather(scene.house.start_postgres(), scene.house.start_valkey())
    for process in scene.house.processes.values():
        process.start()
    await asyncio.gather(*(process.wait_until_ready() for process in scene.house.processes.values()))


def process_faults() -> Iterator[Fault]:
    another = Promise(help_s=6.0, again_s=5.0)
    noticed = Promise(help_s=12.0, again_s=5.0)
    yield signalled("web: kill -9 of the call's owner", "owner", signal.SIGKILL, lasts_s=5, promise=another)
    yield signalled("web: SIGSTOP of the call's owner for 15 s", "owner", signal.SIGSTOP, lasts_s=15, promise=noticed)
    # Nobody tells the browser that they are back: by then it waits 4 s between two tries.
    yield shared("web: kill -9 of both for 5 s", kill_webs, start_webs, lasts_s=5, promise=Promise(again_s=8.0))
    yield shared("deploy: all processes, one after the other", deploy, promise=Promise(help_s=6.0, again_s=5.0))
    yield signalled("worker: kill -9 for 5 s", "worker", signal.SIGKILL, lasts_s=5, promise=GOES_ON)
    yield signalled("worker: SIGSTOP for 15 s", "worker", signal.SIGSTOP, lasts_s=15, promise=GOES_ON)
    yield signalled("beat: kill -9 for 5 s", "beat", signal.SIGKILL, lasts_s=5, promise=GOES_ON)
    yield shared("Postgres: kill -9 for 5 s", kill_postgres, start_postgres, lasts_s=5, promise=GOES_ON)
    yield stopped("Postgres: SIGSTOP for 15 s", lambda scene, number: scene.house.signal_postgres(number), GOES_ON)
    yield shared("Valkey: kill -9 for 5 s", kill_valkey, start_valkey, lasts_s=5, promise=GOES_ON)
    yield stopped("Valkey: SIGSTOP for 15 s", lambda scene, number: scene.house.signal_valkey(number), GOES_ON)
    yield shared("everything: kill -9 at once for 5 s", kill_everything, start_everything, lasts_s=5, promise=BACK_SOON)


# --- the model vendor and the disk -----------------------------------------------------------------
def model(name: str, fault: ModelFault) -> Fault:
    async def strike(scene: Scene) -> None:
        scene.house.model.script.faults = deque([fault] * 1_000)

    async def mend(scene: Scene) -> None:
        scene.house.model.script.faults = deque()

    return shared(name, strike, mend, lasts_s=6.0, promise=GOES_ON)


async def fill_disk(scene: Scene) -> None:
    scene.house.disk.fill()


async def free_disk(scene: Scene) -> None:
    scene.house.disk.free()


async def fill_postgres(scene: Scene) -> None:
    await scene.house.fill_postgres()


async def free_postgres(scene: Scene) -> None:
    await scene.house.free_postgres()


async def fill_valkey(scene: Scene) -> None:
    await scene.house.fill_valkey()


async def free_valkey(scene: Scene) -> None:
    scene.house.valkey_disk.free()


async def crowd_valkey(scene: Scene) -> None:
    scene.house.crowd_valkey(1)


async def relieve_valkey(scene: Scene) -> None:
    scene.house.crowd_valkey(256)


def clock(name: str, ahead_s: int) -> Fault:
    async def strike(scene: Scene) -> None:
        scene.house.clock.jump(ahead_s)

    async def mend(scene: Scene) -> None:
        scene.house.clock.jump(0)

    return shared(name, strike, mend, lasts_s=15, promise=GOES_ON)


def other_faults() -> Iterator[Fault]:
    for status in (401, 402, 403, 429, 500, 503):
        yield model(f"model: {status} for 6 s", ModelFault("status", status=status))
    for kind, words in (
        ("stall", "silent in mid-stream"), ("drop", "connection lost in mid-stream"),
        ("malformed", "garbage in mid-stream"), ("truncate", "ends too early"), ("inline", "error in mid-stream"),
    ):  # fmt: skip
        yield model(f"model: {words}, for 6 s", ModelFault(kind))
    yield clock("clock: an hour ahead for 15 s", 3_600)
    yield clock("clock: an hour back for 15 s", -3_600)
    yield shared("disk of the recordings: full for 10 s", fill_disk, free_disk, lasts_s=10, promise=GOES_ON)
    yield shared("Postgres: disk full for 15 s", fill_postgres, free_postgres, lasts_s=15, promise=GOES_ON)
    yield shared("Valkey: disk full for 15 s", fill_valkey, free_valkey, lasts_s=15, promise=GOES_ON)
    yield shared("Valkey: no memory left for 15 s", crowd_valkey, relieve_valkey, lasts_s=15, promise=GOES_ON)


def possible(house: House) -> list[Fault]:
    """What can be done on this machine: it takes a C compiler for the clock, and the right to mount for the disks."""
    kinds = {
        "disk of the recordings: full": house.disk.can_fill,
        "Postgres: disk full": house.postgres_disk.can_fill,
        "Valkey: disk full": house.valkey_disk.can_fill,
        "clock: ": house.clock.can_jump,
    }
    missing = tuple(kind for kind, can in kinds.items() if not can)
    return [fault for fault in all_faults() if not fault.name.startswith(missing)]


def all_faults() -> list[Fault]:
    return [*speech_faults(), *link_faults(), *service_faults(), *process_faults(), *other_faults()]


def named(name: str) -> Fault:
    """Raises `KeyError`."""
    return {fault.name: fault for fault in all_faults()}[name]
