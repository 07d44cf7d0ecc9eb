"""An admin who has never seen the product writes a play, tests it on stored calls and publishes it, in the admin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from calls.demo import dialogues
from calls.demo.finished import finish_calls
from calls.models import PlayTest
from calls.play_tests import running
from coaching import services
from coaching.models import Play, PlaybookVersion
from tests.conftest import PASSWORD
from tests.e2e.browser import PHONE, BrowserContexts, chromium
from tests.e2e.house import House, in_business
from tests.server import Server

pytestmark = [pytest.mark.e2e]

PLAYS = "/admin/coaching/play/"


@pytest.fixture(scope="module")
def server(businesses: dict[str, Any]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running_server:
        yield running_server


@pytest.fixture
async def people(house: House, server: Server) -> AsyncIterator[BrowserContexts]:
    async with chromium(server=server) as contexts:
        yield contexts


async def test_a_play_is_written_tested_and_published_without_leaving_the_admin(
    house: House, server: Server, people: BrowserContexts
) -> None:
    await in_business(house.acme, lambda: finish_calls(dialogues.read("acme")))
    screen = await people.screen()
    page = screen.page
    await screen.sign_in(server.base_url(), house.admin, PASSWORD)
    await page.goto(server.base_url() + PLAYS)
    await expect(page.get_by_text("Calls use this.")).to_be_visible()
    await screen.picture("playbook-list")
    await page.goto(server.base_url() + PLAYS + "add/")
    await page.get_by_label("Headline").fill("They compare us")
    await page.get_by_label("Say").fill("What matters most to you in that comparison?")
    await page.get_by_label("Phrases").fill("how much\nprice\nexpensive")
    await page.locator("#id_kind").select_option("price")
    await page.locator("#id_topic").fill("compare")
    await screen.picture("playbook-form")
    await page.get_by_role("button", name="Test it on stored calls").click()
    await expect(page.get_by_role("status")).to_contain_text("calls")
    test_id = int(page.url.rstrip("/").split("/")[-2])
    await in_business(house.acme, lambda: running.run(test_id))
    await expect(page.get_by_text("How often rightly:")).to_be_visible()
    await expect(page.get_by_role("button", name="Right").first).to_be_visible(timeout=15_000)
    await expect(page.get_by_role("status")).to_have_count(0, timeout=15_000)
    await page.get_by_role("button", name="Right").first.click()
    await expect(page.get_by_text("1 of 1 marked")).to_be_visible()
    await screen.picture("playbook-test")
    await page.get_by_role("button", name="Save the play as tested").click()
    await expect(page.get_by_text("1 change not published yet.")).to_be_visible()
    await page.get_by_role("link", name="Look at the changes and publish").click()
    await screen.picture("playbook-publish")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Playbook v2: in use for calls")).to_be_visible()
    titles = await in_business(house.acme, lambda: {play.title for play in services.load_material().plays})
    assert "They compare us" in titles
    strange = await in_business(house.globex, lambda: (PlayTest.objects.count(), PlaybookVersion.objects.count()))
    assert strange == (0, 0)
    screen.check()


async def test_it_works_on_a_phone(house: House, server: Server, people: BrowserContexts) -> None:
    screen = await people.screen(size=PHONE)
    page = screen.page
    await screen.sign_in(server.base_url(), house.admin, PASSWORD)
    play = await in_business(house.acme, lambda: Play.objects.order_by("key").first())
    assert play is not None
    for name, path in (
        ("list", PLAYS),
        ("form", f"{PLAYS}{play.pk}/change/"),
        ("try", f"{PLAYS}try/?sentence=That+is+too+expensive"),
        ("import", "/admin/coaching/playbookversion/import/"),
        ("history", "/admin/coaching/playbookversion/"),
    ):
        await page.goto(server.base_url() + path)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= await page.evaluate("window.innerWidth"), f"{name} is {width} wide"
        await screen.picture(f"playbook-phone-{name}")
    screen.check()
