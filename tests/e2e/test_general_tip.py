"""No play and a model that declines: the rep still gets a line, and the screen says whose it is not."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from coaching import playbook_versions
from coaching.models import Play
from tests.conftest import PASSWORD
from tests.e2e.browser import chromium
from tests.e2e.calls import Log, card_shown, hang_up, play_sample
from tests.e2e.conftest import Installation
from tests.e2e.house import House, in_business

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def publish_without_plays() -> None:
    Play.objects.all().delete()
    playbook_versions.publish(note="No plays")


async def test_a_general_line_is_not_passed_off_as_the_playbook_s(house: House, installation: Installation) -> None:
    await in_business(house.acme, publish_without_plays)
    installation.openai.script.declines = {"MATERIAL"}
    async with chromium(server=installation.server) as people:
        screen = await people.screen()
        await screen.sign_in(installation.base_url, house.rep, PASSWORD)
        log = Log(house.acme, await play_sample(screen, installation.base_url))
        assert (await card_shown(screen.page)).endswith("?")
        card = screen.page.locator("#primary-card")
        await expect(card.locator('[data-part="lane"]')).to_have_text("General tip")
        await expect(card.locator('[data-part="source"]')).to_have_text("")
        await screen.picture("general-tip")
        await screen.page.set_viewport_size({"width": 390, "height": 844})
        await screen.page.emulate_media(color_scheme="dark")
        await screen.picture("general-tip-phone-dark")
        await hang_up(screen.page)
        await expect(screen.page.locator("body")).to_contain_text("General tip")
        screen.check()
    await log.read()
    assert {card["title"] for card in log.payloads("card")} == {"General tip"}
