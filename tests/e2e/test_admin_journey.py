"""A tenant admin who has never seen the product: brand, a new rep, a play, its back-test, and out it goes.

Everything is found by following links with visible names from the page after sign-in; no address is typed.
"""

from __future__ import annotations

import email
import os
import re
from collections.abc import AsyncIterator
from email.policy import default
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from calls.demo import dialogues
from calls.demo.finished import finish_calls
from coaching.models import Play
from salespilot.quickstart.processes import wait_until
from tenants.members.models import Member
from tests.conftest import PASSWORD
from tests.e2e.browser import DESKTOP, BrowserContexts, Screen, chromium
from tests.e2e.calls import Log, call_id
from tests.e2e.conftest import Installation
from tests.e2e.house import House, in_business
from tests.e2e.test_rebrand import BRAND, logo, save

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PHONE = (390, 844)
NEW_PASSWORD = "eleven-green-bottles"
COLOUR = "#be123c"
SAY = "What does one lost request cost you?"


@pytest.fixture
async def people(installation: Installation) -> AsyncIterator[BrowserContexts]:
    async with chromium(server=installation.server) as contexts:
        yield contexts


async def picture(screen: Screen, name: str) -> None:
    """At a desk and on a phone, wherever the page stands scrolled to."""
    page = screen.page
    await page.wait_for_load_state("networkidle")
    await screen.picture(f"journey-{name}")
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await fits(page, name)
    await screen.picture(f"journey-{name}-phone")
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


# What sticks out on the right, the innermost first.
STICKS_OUT = """[...document.querySelectorAll('body *')].filter((each) => {
  const box = each.getBoundingClientRect();
  const isOut = box.width && box.right > document.documentElement.clientWidth + 1;
  return isOut && !each.closest('.bp-screens') && !each.querySelector('*');
}).slice(0, 5).map((each) => each.outerHTML.slice(0, 200))"""


async def fits(page: Page, name: str) -> None:
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px too wide on a phone: {await page.evaluate(STICKS_OUT)}"


def menu(page: Page, name: str) -> Locator:
    """An entry of the admin's own menu. Its icon is a word to programs that read pages aloud, before the name."""
    return page.locator("#nav-sidebar-inner").get_by_role("link").filter(has_text=re.compile(rf"\b{name}\s*$"))


async def test_an_admin_brands_invites_writes_tests_and_publishes_without_leaving_the_admin(
    house: House, installation: Installation, people: BrowserContexts
) -> None:
    await in_business(house.acme, lambda: finish_calls(dialogues.read("acme")))
    admin, stranger = await people.screen(), await people.screen()
    await stranger.sign_in(installation.server.base_url("globex.localhost"), house.stranger, PASSWORD)
    await admin.sign_in(installation.base_url, house.admin, PASSWORD)
    await picture(admin, "01-home")
    await admin.page.get_by_role("navigation", name="Main").get_by_role("link", name="Admin").click()
    await picture(admin, "02-admin")

    await brands_it(admin)
    rep = await invites_a_rep(admin, people, installation)
    assert await rep.page.evaluate(BRAND) == COLOUR
    await expect(rep.page.locator(".mark")).to_have_text("Rocket Coach")
    assert await rep.page.locator(".mark-logo").evaluate("image => image.naturalWidth") > 0

    await writes_a_play(admin)
    await backtests_it(admin)
    await publishes_it(admin)
    call = await sees_the_card(rep)
    log = await Log(house.acme, call).read()
    assert ("instant", "requests-get-lost") in {(card["lane"], card["play"]) for card in log.payloads("card")}

    await stranger.page.reload()
    assert "Rocket" not in await stranger.page.content()
    assert await stranger.page.evaluate(BRAND) == "#1d4ed8"
    plays = await in_business(house.globex, Play.objects.count)
    members = await in_business(house.globex, lambda: list(Member.objects.values_list("name", flat=True)))
    assert (plays, members) == (0, ["Stranger"])
    for screen in (admin, rep, stranger):
        screen.check()


async def brands_it(admin: Screen) -> None:
    page, preview = admin.page, admin.page.locator("#brand-preview")
    await menu(page, "Branding").click()
    await picture(admin, "03-brand")
    await page.get_by_label("Product name").fill("Rocket Coach")
    await page.locator("#id_colour").fill(COLOUR)
    await page.locator("#id_logo").set_input_files(logo(COLOUR))
    await expect(preview.locator('[data-scheme="light"] [data-part="name"]')).to_have_text("Rocket Coach")
    await expect(preview.locator('[data-scheme="light"] [data-part="logo"]')).to_be_visible()
    await preview.scroll_into_view_if_needed()
    await picture(admin, "04-brand-preview")
    await save(page)
    await picture(admin, "05-brand-saved")


async def invites_a_rep(admin: Screen, people: BrowserContexts, installation: Installation) -> Screen:
    """The new rep's screen, signed in by the mail's link."""
    page = admin.page
    await menu(page, "Invitations").click()
    await picture(admin, "06-invitations")
    await page.get_by_role("link", name="Invite somebody").first.click()
    await page.get_by_label("Email").fill("robin@acme.example")
    await page.get_by_label("Name", exact=True).fill("Robin Reyes")
    await picture(admin, "07-invite")
    await page.get_by_role("button", name="Send the invitation").click()
    await expect(page.get_by_text("The invitation is on its way to robin@acme.example.")).to_be_visible()
    await picture(admin, "08-invited")
    rep = await people.screen()
    # The mail's link is for a host behind a proxy; here the server has a port of its own.
    link = link_to("robin@acme.example").replace("http://acme.localhost", installation.base_url)
    await rep.page.goto(link)
    await picture(rep, "09-invitation")
    await rep.page.get_by_label("Password").fill(NEW_PASSWORD)
    await rep.page.get_by_role("button", name="Join").click()
    await expect(rep.page.get_by_role("heading", name="Hello Robin")).to_be_visible()
    await picture(rep, "10-rep")
    return rep


def link_to(address: str) -> str:
    """The link in the mail to `address`, as the server wrote it."""
    folder = Path(os.environ["SALESPILOT_VAR"]) / "mail"
    found: list[str] = []

    def has_come() -> bool:
        for file in folder.glob("*.eml"):
            mail = email.message_from_bytes(file.read_bytes(), policy=default)
            body = mail.get_body(("plain",))
            if address in str(mail["To"]) and body is not None:
                found.extend(re.findall(r"http://\S+/invitation/\S+", body.get_content()))
        return bool(found)

    wait_until(has_come, seconds=15, every=0.1)
    return found[0]


async def writes_a_play(admin: Screen) -> None:
    page = admin.page
    await menu(page, "Plays").click()
    await picture(admin, "11-plays")
    await page.get_by_role("link", name="Write a play").first.click()
    await page.get_by_label("Headline").fill("Requests get lost")
    await page.get_by_label("Say").fill(SAY)
    await page.get_by_label("Phrases").fill("shared inbox\nget lost\ntoo expensive")
    await page.get_by_label("Kind").select_option("objection")
    await page.get_by_label("Topic").fill("lost-requests")
    await page.get_by_label("Priority").fill("95")
    await picture(admin, "12-play")


async def backtests_it(admin: Screen) -> None:
    page = admin.page
    await page.get_by_role("button", name="Test it on stored calls").click()
    await expect(page.get_by_role("button", name="Right", exact=True).first).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("status")).to_have_count(0, timeout=30_000)
    await picture(admin, "13-test")
    samples = page.get_by_role("article")
    count = await samples.count()
    assert count >= 2
    await samples.nth(0).get_by_role("button", name="Right", exact=True).click()
    await samples.nth(1).get_by_role("button", name="Wrong", exact=True).click()
    await expect(page.get_by_text("50 % right: 1 of 2 marked")).to_be_visible()
    await picture(admin, "14-marked")


async def publishes_it(admin: Screen) -> None:
    page = admin.page
    await page.get_by_role("button", name="Save the play as tested").click()
    await expect(page.get_by_text("1 change not published yet.")).to_be_visible()
    await picture(admin, "15-saved")
    await page.get_by_role("link", name="Look at the changes and publish").click()
    await page.get_by_label("What changed and why").fill("Ask what a lost request costs")
    await picture(admin, "16-publish")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("in use for calls that start from now on")).to_be_visible()
    await picture(admin, "17-published")


async def sees_the_card(rep: Screen) -> str:
    """The rep's first call: the sample, in which the customer speaks of a shared inbox. Returns its id."""
    page = rep.page
    await page.get_by_role("link", name="Start a call").click()
    await picture(rep, "18-new-call")
    await page.get_by_role("button", name="Play the sample call").click()
    call = await call_id(page)
    await expect(page.locator('#primary-card [data-part="say"]')).to_have_text(SAY, timeout=60_000)
    await picture(rep, "19-card")
    await page.get_by_role("button", name="Hang up", exact=True).click()
    await expect(page.get_by_role("heading", name="Summary")).to_be_visible(timeout=30_000)
    await picture(rep, "20-report")
    return call
