"""Without a free slot at the speech vendor, as a rep meets it: before the call, in the call, and when one is free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from calls.live.threads import in_thread
from tenants.context import business_scope
from tenants.members.models import ApiKey, Member, Scope
from tests.calls.programs import Client, hello, speak
from tests.calls.talking import Caller, wait_until
from tests.conftest import PASSWORD
from tests.e2e.browser import DESKTOP, PHONE, Screen, chromium
from tests.e2e.house import SAMPLE_TURNS, House, side_of_sample
from tests.server import Server
from tests.vendors.deepgram import Emulator, Script

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

FULL = "All speech slots are in use"
NARROW = (390, 844)


async def program_of(house: House, member: Callable[..., Member]) -> Caller:
    def issue() -> str:
        with business_scope(house.acme):
            return ApiKey.issue(member=member("rep"), name="tests", scopes=tuple(Scope))[1]

    return Caller(house.acme, await in_thread(issue)())


async def pictures(screen: Screen, name: str) -> None:
    """Desktop, phone and the smallest width, in both colour schemes."""
    for scheme in ("light", "dark"):
        await screen.page.emulate_media(color_scheme=scheme)
        for size, suffix in ((PHONE, "small"), (NARROW, "phone"), (DESKTOP, "desktop")):
            await screen.page.set_viewport_size({"width": size[0], "height": size[1]})
            assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            await screen.picture(f"{name}-{suffix}-{scheme}")


async def test_a_rep_reads_before_the_call_that_no_slot_is_free_and_gets_one_as_soon_as_there_is(
    house: House, member: Callable[..., Member], tmp_path: Path
) -> None:
    program = await program_of(house, member)
    microphone = side_of_sample(tmp_path, 0, seconds=40)
    async with Emulator(script=Script.load(SAMPLE_TURNS), is_real_time=True) as deepgram:
        with Server(
            SPEECH_PROVIDER="deepgram", DEEPGRAM_API_KEY="test", DEEPGRAM_BASE_URL=deepgram.url, SPEECH_SLOTS_MAX="1"
        ) as server:
            other = Client(server, program)
            async with chromium(server=server, microphone=microphone) as people:
                rep = await people.screen()
                await rep.sign_in(server.base_url(), house.rep, PASSWORD)
                page = rep.page
                await page.goto(f"{server.base_url()}/calls/new/")
                said = page.locator("#speech-outlook")
                await expect(page.locator("#check-microphone")).to_have_attribute("data-result", "good")
                await expect(said).to_be_empty()
                taken = await other.start_call()
                async with other.audio(taken) as audio:
                    await hello(audio)
                    await speak(audio, 2)
                    await wait_until(lambda: len(deepgram.open_sockets) == 1)
                    await expect(said).to_contain_text(FULL)
                    await pictures(rep, "slots-before-call")
                    await page.get_by_role("button", name="Start the call").click()
                    await expect(page.locator("#light")).to_contain_text(FULL)
                    await pictures(rep, "slots-in-call")
                    await other.post(f"/api/calls/{taken}/end")
                await expect(page.locator("#light")).not_to_contain_text(FULL)
                await expect(page.locator("#lines li").first).to_be_visible(timeout=60_000)
                assert deepgram.refused == 0
                rep.check()


async def test_an_admin_enters_a_key_and_sees_its_end_only(house: House) -> None:
    async with Emulator() as deepgram:
        with Server(SPEECH_PROVIDER="none", DEEPGRAM_BASE_URL=deepgram.url) as server:
            async with chromium(server=server) as people:
                admin = await people.screen()
                await admin.sign_in(server.base_url(), house.admin, PASSWORD)
                page = admin.page
                await page.goto(f"{server.base_url()}/admin/house/vendorkeys/")
                await expect(page.get_by_text("The installation's key").first).to_be_visible()
                await page.locator("#id_speech_key").fill("a-key-of-our-own-2468")
                await page.get_by_role("button", name="Save", exact=True).click()
                await expect(page.get_by_text("which ends in 2468")).to_be_visible()
                assert "a-key-of-our-own" not in await page.content()
                await pictures(admin, "vendor-keys")
                deepgram.refused_keys.add("Token a-key-that-is-withdrawn")
                await page.locator("#id_speech_key").fill("a-key-that-is-withdrawn")
                await page.get_by_role("button", name="Save", exact=True).click()
                await expect(page.get_by_text("Deepgram refuses this key")).to_be_visible()
                await admin.picture("vendor-keys-refused")
                admin.check()
