"""What is left when something fails, on the rep's screen: forced for real, in calls that go on."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from calls.late import ARRIVED_LATE
from tests.conftest import PASSWORD
from tests.e2e.browser import BrowserContexts, chromium
from tests.e2e.calls import Log, card_shown, hang_up, light_says, play_sample
from tests.e2e.conftest import Installation
from tests.e2e.house import House
from tests.vendors.openai import Fault

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

NETWORK = "ERR_|WebSocket|Failed to fetch|Failed to load resource"


async def test_without_the_model_tips_go_on_and_without_deepgram_the_embedded_engine(
    house: House, installation: Installation
) -> None:
    installation.openai.script.faults.extend(Fault("status", status=500) for _ in range(100))
    async with chromium(server=installation.server) as people:
        screen = await people.screen()
        await screen.sign_in(installation.base_url, house.rep, PASSWORD)
        log = Log(house.acme, await play_sample(screen, installation.base_url))
        await light_says(screen.page, "Playbook cards", within_s=60)
        assert await card_shown(screen.page)
        await installation.deepgram.stop()
        await light_says(screen.page, "Other speech engine", within_s=30)
        await expect(screen.page.locator('#light [data-part="since"]')).to_have_text(re.compile(r"since \d"))
        await screen.picture("ladder-vendors-gone")
        await expect(screen.page.locator("#lines")).to_contain_text("already know", timeout=40_000)
        await hang_up(screen.page)
        screen.check()
    await log.read()
    assert log.is_whole
    lines = log.payloads("line")
    assert {line["provider"] for line in lines} == {"deepgram", "local"}
    assert "your price is too high" in log.said("customer").lower()
    assert {card["lane"] for card in log.payloads("card")} == {"instant"}


class Network:
    """The way between one page and the server, cut and mended at will; what is open is cut too."""

    def __init__(self) -> None:
        self.is_cut = False
        self._open: list[tuple[WebSocketRoute, WebSocketRoute]] = []

    async def install(self, page: Page) -> None:
        await page.route_web_socket("**/ws/**", self._socket)
        await page.route("**/api/**", self._request)

    async def _socket(self, route: WebSocketRoute) -> None:
        if self.is_cut:
            await route.close(code=3001, reason="cut")
            return
        self._open.append((route, route.connect_to_server()))

    async def _request(self, route: Route) -> None:
        await (route.abort("internetdisconnected") if self.is_cut else route.continue_())

    async def cut(self) -> None:
        self.is_cut = True
        for page_side, server_side in self._open:
            await page_side.close(code=3001, reason="cut")
            await server_side.close(code=3001, reason="cut")
        self._open.clear()

    def mend(self) -> None:
        self.is_cut = False


async def polling(people: BrowserContexts, house: House, base_url: str) -> Log:
    """A call whose sockets are blocked from the start."""
    screen = await people.screen()
    screen.allow(NETWORK)
    await screen.page.route_web_socket("**/ws/**", lambda route: route.close(code=3001, reason="blocked"))
    await screen.sign_in(base_url, house.rep, PASSWORD)
    log = Log(house.acme, await play_sample(screen, base_url))
    await light_says(screen.page, "Slower connection", within_s=60)
    assert await card_shown(screen.page, within_s=60)
    await screen.picture("ladder-polling")
    await hang_up(screen.page)
    screen.check()
    return log


async def offline(people: BrowserContexts, house: House, base_url: str) -> Log:
    """A call whose network goes away in the middle of a sentence, until seconds of audio wait in the browser."""
    screen = await people.screen()
    screen.allow(NETWORK)
    network = Network()
    await network.install(screen.page)
    await screen.sign_in(base_url, house.colleague, PASSWORD)
    log = Log(house.acme, await play_sample(screen, base_url))
    await expect(screen.page.locator("#lines")).to_contain_text("shared inbox", timeout=30_000)
    await network.cut()
    await screen.page.context.set_offline(offline=True)
    await light_says(screen.page, "No connection", within_s=15)
    await screen.picture("ladder-offline")
    await expect(screen.page.locator('#light [data-part="audio"]')).to_contain_text("wait in this browser")
    network.mend()
    await screen.page.context.set_offline(offline=False)
    assert await card_shown(screen.page, within_s=60)
    await expect(screen.page.locator("#lines")).to_contain_text("more than we had planned", timeout=60_000)
    await hang_up(screen.page)
    screen.check()
    return log


async def test_blocked_sockets_and_a_lost_network_lose_no_word(house: House, installation: Installation) -> None:
    """Two calls at once; each says in the end what was said while its connection was gone."""
    async with chromium(server=installation.server) as people:
        logs = await asyncio.gather(
            polling(people, house, installation.base_url), offline(people, house, installation.base_url)
        )
    for log in logs:
        await log.read()
        assert log.is_whole
        # Who hangs up while audio is delivered, by whatever way, waits for the last of it: its report needs no repair.
        assert ARRIVED_LATE not in [gap["reason"] for gap in log.payloads("gap")]
        for words in ("what happens when a request gets lost", "your price is too high"):
            assert words in (log.said("rep") + log.said("customer")).lower(), words
        report = await log.report()
        assert report.coverage is not None
        assert report.coverage >= 0.9
