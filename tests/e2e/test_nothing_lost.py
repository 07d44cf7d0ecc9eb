"""A microphone call whose network goes away: whatever happens to the page, every sample reaches the recording."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from calls.live.audio import NEVER_ARRIVED
from calls.live.recording import read_samples, storage_root
from calls.models import Call, Gap, Recording
from calls.services import end_call
from tests.conftest import PASSWORD
from tests.e2e.browser import BrowserContexts, Screen, chromium
from tests.e2e.calls import REPORT_PAGE, Log, call_id, light_says
from tests.e2e.conftest import Installation
from tests.e2e.house import House, in_business, side_of_sample
from tests.e2e.test_ladder import NETWORK, Network

HALF_A_SECOND = 8_000

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

# Every frame that the page takes for worth keeping, as it keeps it, and every frame that it sends.
_TAP = """
const tell = (first, bytes) => window.tapped(first, btoa(String.fromCharCode(...bytes))).catch(() => {});
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (value, ...rest) {
  if (value.pcm) void tell(value.first, value.pcm);
  return put.call(this, value, ...rest);
};
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (data instanceof ArrayBuffer) void tell(Number(new DataView(data).getBigUint64(0, true)), new Uint8Array(data, 8));
  return send.call(this, data);
};
const { fetch } = window;
window.fetch = function (path, options) {
  const first = Number(/audio.first_sample=(\\d+)/.exec(path)?.[1]);
  for (let at = 0; first >= 0 && at < options.body.length; at += 3200) {
    void tell(first + at / 2, options.body.slice(at, at + 3200));
  }
  return fetch.call(this, path, options);
};
"""


class Tap:
    """What the page captured, by its first sample."""

    def __init__(self) -> None:
        self.frames: dict[int, bytes] = {}

    async def install(self, page: Page) -> None:
        await page.expose_function("tapped", self._take)
        await page.add_init_script(_TAP)

    def _take(self, first: int, data: str) -> None:
        self.frames[first] = base64.b64decode(data)

    @property
    def end(self) -> int:
        last = max(self.frames)
        return last + len(self.frames[last]) // 2


class MicrophoneCall:
    """One call of the rep by microphone alone, over a network that can be cut."""

    def __init__(self, screen: Screen, house: House, base_url: str) -> None:
        self.screen, self.page = screen, screen.page
        self.house, self.base_url = house, base_url
        self.network, self.tap = Network(), Tap()
        self.id = ""
        screen.allow(NETWORK)
        screen.page.on("dialog", lambda dialog: dialog.accept())

    async def begin(self) -> None:
        await self.network.install(self.page)
        await self.tap.install(self.page)
        await self.screen.sign_in(self.base_url, self.house.rep, PASSWORD)
        await self.page.goto(f"{self.base_url}/calls/new/")
        await expect(self.page.locator("#check-microphone")).to_have_attribute("data-result", "good")
        await self.page.get_by_role("button", name="Start the call").click()
        self.id = await call_id(self.page)
        await self.captured(32_000)

    async def captured(self, more: int) -> None:
        """Waits until so many samples more have been captured."""
        until = (self.tap.end if self.tap.frames else 0) + more
        while not self.tap.frames or self.tap.end < until:
            await self.page.wait_for_timeout(100)

    async def cut(self) -> None:
        await self.network.cut()
        await self.captured(6 * 16_000)

    async def hang_up(self) -> None:
        await self.page.get_by_role("button", name="Hang up", exact=True).click()

    async def end_by_silence(self) -> None:
        call_id = (await Log(self.house.acme, self.id).call()).pk
        await in_business(self.house.acme, lambda: end_call(call_id, reason="silent"))

    async def check(self, *, may_lack: int = 0) -> None:
        """The recording is what was captured, sample by sample, from the first to the last but `may_lack`."""
        recorded = await self.recording()
        end = max(self.tap.end - may_lack, 0)
        assert len(recorded) // 2 >= end
        assert sorted(self.tap.frames) == list(range(0, self.tap.end, 1_600))
        for first, pcm in ((first, pcm) for first, pcm in self.tap.frames.items() if first < end):
            assert recorded[first * 2 : first * 2 + len(pcm)] == pcm, f"sample {first}"
        assert any(recorded)

    async def recording(self) -> bytes:
        def read() -> bytes:
            row = Recording.objects.get(call_id=self.id)
            return read_samples(storage_root() / row.path, row.channels, 0, 1 << 24)

        return await in_business(self.house.acme, read)

    async def gaps(self) -> list[Any]:
        return await in_business(
            self.house.acme, lambda: list(Gap.objects.filter(call_id=self.id, reason=NEVER_ARRIVED))
        )


@pytest.fixture
async def people(installation: Installation, tmp_path: Path) -> AsyncIterator[BrowserContexts]:
    microphone = side_of_sample(tmp_path, 0, seconds=60)
    async with chromium(server=installation.server, microphone=microphone) as contexts:
        yield contexts


async def test_hung_up_without_a_network_the_rest_is_sent_before_the_page_is_left(
    house: House, installation: Installation, people: BrowserContexts
) -> None:
    call = MicrophoneCall(await people.screen(), house, installation.base_url)
    await call.begin()
    await call.cut()
    await light_says(call.page, "No connection")
    await call.hang_up()
    notice = call.page.locator("#notices")
    await expect(notice).to_contain_text("The call ends as soon as the connection is back.")
    await expect(notice).to_contain_text(re.compile(r"The last \d+ s of the recording wait in this browser\."))
    await call.screen.picture("hung-up-offline")
    # The call is told to end before its audio socket is back: all of the rest is late.
    await call.end_by_silence()
    call.network.mend()
    await call.page.wait_for_url(REPORT_PAGE, timeout=60_000)
    await call.check()
    assert not await call.gaps()
    await call.page.wait_for_function("indexedDB.databases().then((left) => left.length === 0)")
    call.screen.check()
    log = await Log(house.acme, call.id).read()
    assert log.is_whole
    assert "This audio arrived after the call." in [gap["reason"] for gap in log.payloads("gap")]


async def test_a_page_loaded_anew_without_a_network_sends_what_the_last_one_heard(
    house: House, installation: Installation, people: BrowserContexts
) -> None:
    call = MicrophoneCall(await people.screen(), house, installation.base_url)
    await call.begin()
    await call.cut()
    end = call.tap.end
    await call.page.reload()
    call.network.mend()
    await call.page.get_by_role("button", name="Connect my microphone").click()
    await light_says(call.page, "Everything works", within_s=60)
    await call.captured(2 * 16_000)
    await call.hang_up()
    await call.page.wait_for_url(REPORT_PAGE, timeout=60_000)
    assert call.tap.end > end
    await call.check()
    assert not await call.gaps()
    call.screen.check()


async def test_what_a_closed_window_left_goes_up_from_the_next_page_of_its_rep_alone(
    house: House, installation: Installation, people: BrowserContexts
) -> None:
    call = MicrophoneCall(await people.screen(), house, installation.base_url)
    await call.begin()
    await call.cut()
    context = call.page.context
    async with call.page.expect_event("close"):
        await call.page.close(run_before_unload=True)
    await call.end_by_silence()
    stored = len(await call.recording())
    # Somebody else at the same browser: nothing leaves it.
    await context.clear_cookies()
    other = people.watch(await context.new_page())
    other.allow(NETWORK)
    await other.sign_in(installation.base_url, house.colleague, PASSWORD)
    async with other.page.expect_response(re.compile(f"/api/calls/{call.id}$")) as refused:
        await other.page.goto(f"{installation.base_url}/calls/")
    assert (await refused.value).status == 403
    assert len(await call.recording()) == stored
    await context.clear_cookies()
    await other.sign_in(installation.base_url, house.rep, PASSWORD)
    await expect(other.page.locator("#left-over")).to_contain_text("safe now", timeout=60_000)
    await other.picture("left-over-sent")
    await other.page.wait_for_function("indexedDB.databases().then((left) => left.length === 0)")
    # A window that closes takes along what its database had not written yet.
    await call.check(may_lack=HALF_A_SECOND)
    other.check()


async def test_after_silence_ended_the_call_all_that_is_said_is_kept_until_hanging_up(
    house: House, installation: Installation, people: BrowserContexts
) -> None:
    call = MicrophoneCall(await people.screen(), house, installation.base_url)
    await call.begin()
    await call.cut()
    await call.end_by_silence()
    call.network.mend()
    await expect(call.page.locator("#notices")).to_contain_text("no live help any more", timeout=60_000)
    await expect(call.page.locator("#no-card")).to_have_text("No more cards on this call.")
    await call.screen.picture("late-mode")
    await call.captured(3 * 16_000)
    await call.hang_up()
    await call.page.wait_for_url(REPORT_PAGE, timeout=60_000)
    await call.check()
    row = await in_business(house.acme, lambda: Call.objects.get(pk=call.id))
    assert row.end_reason == "silent"
    call.screen.check()
