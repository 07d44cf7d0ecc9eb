"""What a test wants to know of a call: its log as the database has it, and waiting for the screen."""

from __future__ import annotations

import re
import uuid
from typing import Any

from playwright.async_api import Page, expect

from calls.models import Call, CallEvent, Report
from tenants.context import Business
from tests.e2e.browser import Screen
from tests.e2e.house import in_business

CALL_PAGE = re.compile(r"/calls/([0-9a-f-]{36})/$")
REPORT_PAGE = re.compile(r"/calls/([0-9a-f-]{36})/report/$")


class Log:
    """The log of one call, read anew by each `read`."""

    def __init__(self, business: Business, call_id: str) -> None:
        self.business = business
        self.call_id = uuid.UUID(call_id)
        self.events: list[CallEvent] = []

    async def read(self) -> Log:
        self.events = await in_business(
            self.business, lambda: list(CallEvent.objects.filter(call_id=self.call_id).order_by("seq"))
        )
        return self

    def payloads(self, kind: str) -> list[dict[str, Any]]:
        return [event.payload for event in self.events if event.kind == kind]

    def said(self, channel: str) -> str:
        return " ".join(line["text"] for line in self.payloads("line") if line["channel"] == channel)

    @property
    def is_whole(self) -> bool:
        """Numbered from 1 without holes, begun and ended."""
        numbers = [event.seq for event in self.events]
        kinds = [event.kind for event in self.events]
        return (
            numbers == list(range(1, len(numbers) + 1))
            and kinds[0] == "call_started"
            and kinds.count("call_ended") == 1
        )

    async def call(self) -> Call:
        return await in_business(self.business, lambda: Call.objects.get(pk=self.call_id))

    async def report(self) -> Report:
        return await in_business(self.business, lambda: Report.objects.get(call_id=self.call_id))


async def play_sample(screen: Screen, base_url: str) -> str:
    """Starts the sample call on the call page; returns its id."""
    await screen.page.goto(f"{base_url}/calls/new/")
    await screen.page.get_by_role("button", name="Play the sample call").click()
    return await call_id(screen.page)


async def call_id(page: Page) -> str:
    """The id of the call whose page opens now."""
    await page.wait_for_url(CALL_PAGE)
    found = CALL_PAGE.search(page.url)
    assert found
    return found[1]


async def card_shown(page: Page, *, within_s: float = 60) -> str:
    """The sentence of the card that appears, at the latest after `within_s`, once it has stopped growing."""
    card = page.locator("#primary-card")
    await expect(card).to_be_visible(timeout=within_s * 1_000)
    await expect(card).to_have_attribute("aria-busy", "false")
    await expect(card).to_have_css("opacity", "1")
    return await card.locator('[data-part="say"]').inner_text()


async def light_says(page: Page, name: str, *, within_s: float = 30) -> None:
    await expect(page.locator('#light [data-part="name"]')).to_have_text(name, timeout=within_s * 1_000)


async def hang_up(page: Page) -> None:
    """Hangs up and waits until the report page shows the written report."""
    await page.get_by_role("button", name="Hang up", exact=True).click()
    await page.wait_for_url(REPORT_PAGE, timeout=60_000)
    await expect(page.get_by_role("heading", name="Summary")).to_be_visible(timeout=30_000)
