"""A call as people have it: a microphone, a meeting in another tab, a manager who reads along, vendors that answer."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.conftest import PASSWORD
from tests.e2e.browser import PICTURES, chromium
from tests.e2e.calls import Log, call_id, card_shown, hang_up
from tests.e2e.conftest import Installation
from tests.e2e.house import ROOT, House, side_of_sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

MEETING = "http://meeting.localhost/"
TITLE = "The meeting"
NOTE = "Ask who signs the contract"
SECONDS = 45


async def open_meeting(context: BrowserContext, sound: Path) -> Page:
    """A tab like a meeting's: it plays the customer when told to."""

    page = await context.new_page()
    body = f'<!doctype html><html lang="en"><title>{TITLE}</title><audio src="/customer.wav"></audio></html>'
    await page.route(f"{MEETING}customer.wav", lambda route: route.fulfill(path=sound, content_type="audio/wav"))
    await page.route(MEETING, lambda route: route.fulfill(body=body, content_type="text/html"))
    await page.goto(MEETING)
    return page


async def test_a_card_comes_while_the_customer_speaks_and_a_report_after_hanging_up(
    house: House, installation: Installation, tmp_path: Path
) -> None:
    microphone, meeting_sound = (side_of_sample(tmp_path, side, seconds=SECONDS) for side in (0, 1))
    async with chromium(server=installation.server, microphone=microphone, tab_titled=TITLE) as people:
        context = await people.context()
        meeting = await open_meeting(context, meeting_sound)
        rep = people.watch(await context.new_page())
        await rep.sign_in(installation.base_url, house.rep, PASSWORD)
        page = rep.page
        await page.get_by_role("link", name="Start a call").first.click()
        await expect(page.locator("#check-microphone")).to_have_attribute("data-result", "good")
        await page.get_by_role("button", name="Share the meeting's tab").click()
        await expect(page.locator("#check-customer")).to_have_attribute("data-result", "good")
        await page.get_by_label("Customer").fill("Dana Whitfield")
        await page.get_by_role("button", name="Start the call").click()
        log = Log(house.acme, await call_id(page))
        await meeting.evaluate("document.querySelector('audio').play()")

        said = await card_shown(page)
        assert said
        await expect(page.locator("#lines .is-interim")).to_have_count(1, timeout=5_000)
        await rep.picture("call-page")
        keep_picture_for_readme()
        used = await page.locator("#primary-card").get_attribute("data-card-id")
        await page.keyboard.press("u")
        await expect(page.locator(f'#primary-card[data-card-id="{used}"]:visible')).to_have_count(0)

        manager = await people.screen()
        await manager.sign_in(installation.base_url, house.manager, PASSWORD)
        await manager.page.goto(f"{installation.base_url}/live/")
        await manager.page.get_by_role("link", name=re.compile("Rep Person")).click()
        await expect(manager.page.locator("#lines")).to_contain_text("shared inbox")
        await manager.page.get_by_label("Note to Rep").fill(NOTE)
        await manager.page.get_by_role("button", name="Send").click()
        await expect(page.locator("#primary-card, #collapsed-card").filter(has_text=NOTE)).to_be_visible()
        await manager.picture("watching")

        await hang_up(page)
        await rep.picture("report")
        rep.check()
        manager.check()
    await log.read()
    check_log(log)
    report = await log.report()
    assert report.origin == "model"
    assert installation.deepgram.sockets[0].channels == 2


def check_log(log: Log) -> None:
    assert log.is_whole
    assert "what made you look for a new support desk" in log.said("rep").lower()
    assert "your price is too high" in log.said("customer").lower()
    first = next(event for event in log.events if event.kind == "card" and event.payload["kind"])
    assert first.payload["topic"] == "price"
    # "too high" is heard in the middle of a turn of twelve seconds: the card is there before the turn's last words.
    turn_end_ms = 33_000
    later = [event.payload for event in log.events if event.kind == "line" and event.seq > first.seq]
    assert any(line["channel"] == "customer" and line["start_ms"] < turn_end_ms for line in later)
    claims = [card for card in log.payloads("card") if card["lane"] == "model" and "$" in card["say"]]
    assert all(card["source"] for card in claims), "a price in a card says which material it comes from"
    actions = log.payloads("card_action")
    assert "used" in {action["action"] for action in actions}
    painted = [action["latency_ms"] for action in actions if action["latency_ms"] is not None]
    print(f"card painted after {painted} ms")
    assert painted[0] < 3_000
    assert [note["text"] for note in log.payloads("note")] == [NOTE]
    assert {usage["component"] for usage in log.payloads("usage")} == {"speech", "model"}


def keep_picture_for_readme() -> None:
    """With UPDATE_SCREENSHOT=1 the README's picture is made anew."""
    if os.environ.get("UPDATE_SCREENSHOT") == "1":
        target = ROOT / "docs" / "img" / "call-page.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PICTURES / "call-page.png", target)
