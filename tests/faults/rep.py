"""One rep in one call: speaks, keeps what is not acknowledged, reads the screen, hangs up, sends the rest, settles."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import httpx
import psycopg

from tests.faults import ledger, sound
from tests.faults.door import Door
from tests.faults.house import FOLDERS, House
from tests.faults.ledger import Account
from tests.faults.proof import Proof
from tests.faults.screen import Screen, Seen
from tests.faults.sound import FRAME_MS, FRAME_SAMPLES, FRAMES_OF_UTTERANCE, REP
from tests.faults.uplink import Uplink, quietly

STARTED_WITHIN_S = 60.0
ENDED_WITHIN_S = 120.0
LAST_ACKS_S = 2.0
PATIENCE = 30
STARTS_WITHIN_FRAMES = 2
"""How long a browser's recogniser takes to hear, in frames of the microphone."""
LOG = "SELECT seq, kind, payload FROM calls_callevent WHERE call_id = %s ORDER BY seq"
GAPS = "SELECT count(*) FROM calls_gap WHERE call_id = %s AND repaired_at IS NULL"
SETTLED = """
SELECT report_state IN ('ready', 'failed') AND NOT EXISTS (
    SELECT FROM calls_gap WHERE call_id = call.id AND repaired_at IS NULL
) FROM calls_call AS call WHERE id = %s
"""


class Rep:
    """`await Rep.calls(house)` rings; then `captured` grows with the clock until `hang_up`."""

    def __init__(self, house: House, door: Door, call_id: str, number: int) -> None:
        self.house = house
        self.door = door
        self.call_id = call_id
        self.number = number
        self._clock = asyncio.get_running_loop().time
        self.began = self._clock()
        self.ready_s: list[tuple[float, float]] = []
        """Each return to the house: when, and how long it took from the handshake."""
        self.acked_at = 0.0
        self.rungs: list[tuple[float, str]] = []
        self.proof = Proof(house, call_id, number)
        self._wants_browser_from: int | None = None
        self.uplink = Uplink(
            door,
            call_id,
            number,
            on_ack=self._acked,
            on_state=self._state,
            on_ready=self._came_back,
            on_silent=self._doubt,
        )
        self.screen = Screen(door, call_id, chance=number, on_state=self._state)
        self._tasks = {
            name: asyncio.create_task(run(), name=f"{name} {number}")
            for name, run in (
                ("capture", self._capture), ("uplink", self.uplink.run), ("screen", self.screen.run),
                ("proof", self.proof.run), ("browser", self._recognise),
            )
        }  # fmt: skip

    @classmethod
    async def calls(cls, house: House) -> Rep:
        door = Door(house)
        await door.open()
        door.at = (number := house.new_number()) % len(door.links)
        answer = await _insist(door, "POST", "/api/calls", STARTED_WITHIN_S, json={"channels": 2})
        return cls(house, door, str(answer.json()["id"]), number)

    @property
    def seen(self) -> Seen:
        return self.screen.seen

    @property
    def frames(self) -> int:
        """Captured so far."""
        return self.uplink.outbox.captured // FRAME_SAMPLES

    @property
    def is_at(self) -> str:
        """The web process that its audio goes to."""
        return ("web 1", "web 2")[self.door.at]

    def revive(self) -> None:
        """The browser is told that the network is back."""
        self.uplink.revive()
        self.screen.revive()

    def _doubt(self) -> None:
        self.screen.revive()

    async def _capture(self) -> None:
        """The microphone does not stop, whatever else does."""
        while True:
            self.uplink.outbox.capture(int((self._clock() - self.began) * 1_000 / FRAME_MS))
            await asyncio.sleep(FRAME_MS / 2_000)

    def _acked(self, samples: int) -> None:
        self.acked_at = self._clock()
        self.proof.put(samples)

    def _came_back(self, seconds: float) -> None:
        self.ready_s.append((self._clock(), seconds))

    # --- the browser's own recognition ----------------------------------------------------------
    def _state(self, state: dict[str, Any]) -> None:
        self.rungs.append((self._clock(), str(state["rung"])))
        if not state.get("wants_browser_speech"):
            self._wants_browser_from = None
        elif self._wants_browser_from is None:
            self._wants_browser_from = self.frames

    async def _recognise(self) -> None:
        """While the house asks for it the browser hears its own rep, from then on: each utterance once it is over."""
        told = -1
        while True:
            await asyncio.sleep(FRAME_MS / 1_000)
            number = self.frames // FRAMES_OF_UTTERANCE - 1
            first = number * FRAMES_OF_UTTERANCE
            wanted = self._wants_browser_from
            if wanted is None or number <= told or sound.speaker(first) != REP:
                continue
            told = number
            heard = range(max(first, wanted + STARTS_WITHIN_FRAMES), first + FRAMES_OF_UTTERANCE)
            if frames := [index for index in heard if sound.sounds(index)]:
                await self._tell_line(number, frames)

    async def _tell_line(self, number: int, frames: list[int]) -> None:
        line = {
            "channel": "rep", "text": " ".join(sound.word(sound.Frame(self.number, index)) for index in frames),
            "start_ms": frames[0] * FRAME_MS, "end_ms": (frames[-1] + 1) * FRAME_MS,
            "confidence": 0.9, "is_final": True, "utterance": number,
        }  # fmt: skip
        try:
            await self.door.request("POST", f"/api/calls/{self.call_id}/lines", timeout_s=5.0, json={"lines": [line]})
        except httpx.HTTPError:
            return

    # --- the end --------------------------------------------------------------------------------
    async def hang_up(self) -> None:
        """Returns once the call is over, all audio is acknowledged and its report is written. Raises `TimeoutError`."""
        await quietly(self._tasks["capture"])
        await self._wait(lambda: not self.uplink.outbox.unacked, LAST_ACKS_S)
        await quietly(self._tasks["browser"])
        await quietly(self._tasks["uplink"])
        await _insist(self.door, "POST", f"/api/calls/{self.call_id}/end", ENDED_WITHIN_S, json={})
        async with asyncio.timeout(ENDED_WITHIN_S):
            await self.uplink.deliver()
            await self._tasks["screen"]
            await self.proof.aclose()

    async def _wait(self, condition: Any, within_s: float) -> bool:
        until = self._clock() + within_s
        while not condition():
            if self._clock() > until:
                return False
            await asyncio.sleep(0.02)
        return True

    async def settle(self, within_s: float = ENDED_WITHIN_S) -> Account:
        """The account, once the report is written and nothing waits for its transcript, or time is over."""
        until = self._clock() + within_s
        while not await self._is_settled() and self._clock() < until:  # noqa: ASYNC110 - the worker decides
            await asyncio.sleep(0.5)
        account = await self._account_when_possible()
        if account.faults:
            await asyncio.to_thread(self._keep_evidence, account)
        return account

    async def _account_when_possible(self) -> Account:
        """Somebody may have stopped the database just now: it is asked again for a while."""
        for _ in range(PATIENCE):
            try:
                return await asyncio.to_thread(self.account)
            except psycopg.Error:
                await asyncio.sleep(1.0)
        return await asyncio.to_thread(self.account)

    def _keep_evidence(self, account: Account) -> None:
        """The log and the gaps of a call that is not whole, beside the house, which goes away."""
        folder = FOLDERS / "broken"
        folder.mkdir(parents=True, exist_ok=True)
        evidence = {
            "faults": account.faults,
            "log": self.house.rows(LOG, self._id),
            "gaps": self.house.rows("SELECT * FROM calls_gap WHERE call_id = %s ORDER BY start_ms", self._id),
            "rungs": self.rungs, "returns": self.ready_s, "began": self.began,
        }  # fmt: skip
        (folder / f"{self.call_id}.json").write_text(json.dumps(evidence, default=str, indent=1) + "\n")

    async def _is_settled(self) -> bool:
        try:
            [(is_settled,)] = await asyncio.to_thread(self.house.rows, SETTLED, self._id)
        except (psycopg.Error, ValueError):
            return False
        return bool(is_settled)

    @property
    def _id(self) -> uuid.UUID:
        return uuid.UUID(self.call_id)

    def account(self) -> Account:
        """Reads disk and database; synchronous."""
        log = [(seq, kind, payload) for seq, kind, payload in self.house.rows(LOG, self._id)]
        recording = self.proof.recording.read_bytes() if self.proof.recording.exists() else b""
        lines = [payload for _, kind, payload in log if kind == "line"]
        words = ledger.words_of(lines, call=self.number, frames=self.frames)
        kept = ledger.sound_of(recording, call=self.number, frames=self.frames, told=words.told)
        [(gaps,)] = self.house.rows(GAPS, self._id)
        return Account(
            captured_samples=self.uplink.outbox.captured,
            lost_samples=kept.lost,
            wrong_samples=kept.wrong,
            only_words_samples=kept.only_words,
            missing_words=words.missing,
            doubled_words=words.doubled,
            misplaced_words=words.misplaced,
            event_breaches=(*self.seen.breaches, *ledger.numbering(log, self.seen.events)),
            ack_breaches=tuple(self.proof.breaches),
            open_gaps=int(gaps),
            where=ledger.spans_of(words.unlike),
        )

    async def aclose(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.door.aclose()


async def _insist(door: Door, method: str, path: str, within_s: float, **content: Any) -> httpx.Response:
    """Asks until it is answered well. Raises `TimeoutError`."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                answer = await door.request(method, path, **content)
                if answer.is_success:
                    return answer
                door.next()
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.5)
