"""The sample call on the call page, with nothing but what the repository brings: no key, no vendor."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.conftest import PASSWORD
from tests.e2e.browser import chromium
from tests.e2e.calls import REPORT_PAGE, Log, card_shown, play_sample
from tests.e2e.house import House
from tests.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SAMPLE_S = 100
# What the conversation holds; a recogniser may miss one, not more.
TOPICS = {"price", "brightdesk", "authority", "timing", "proposal", "meeting", "timeline", "integration"}


async def test_the_sample_call_is_heard_coached_and_reported_without_any_key(house: House) -> None:
    with Server(with_worker=True, SPEECH_PROVIDER="local") as server:
        base_url = server.base_url()
        async with chromium(server=server) as people:
            screen = await people.screen()
            page = screen.page
            await screen.sign_in(base_url, house.rep, PASSWORD)
            log = Log(house.acme, await play_sample(screen, base_url))
            assert await card_shown(page)
            await screen.picture("sample-call")
            over = page.get_by_role("button", name="Hang up and read the report")
            await expect(over).to_be_visible(timeout=(SAMPLE_S + 30) * 1_000)
            await over.click()
            await page.wait_for_url(REPORT_PAGE, timeout=60_000)
            await expect(page.get_by_role("heading", name="Summary")).to_be_visible(timeout=60_000)
            await screen.picture("sample-report")
            screen.check()
    await log.read()
    assert log.is_whole
    assert "what made you look for a new support desk" in log.said("rep").lower()
    assert "your price is too high" in log.said("customer").lower()
    topics = {signal["topic"] for signal in log.payloads("signal")}
    assert len(TOPICS & topics) >= len(TOPICS) - 1, topics
    cards = log.payloads("card")
    assert len(cards) >= 3
    assert {card["lane"] for card in cards} == {"instant"}
    assert all(card["say"] and card["signal_id"] for card in cards)
    painted = [action["latency_ms"] for action in log.payloads("card_action") if action["action"] == "painted"]
    assert len(painted) >= len(cards) - 1
    report = await log.report()
    assert report.origin == "extractive"
    assert report.coverage is not None
    assert report.coverage >= 0.95
