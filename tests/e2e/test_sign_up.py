"""From the sign-up form to the first admin's dashboard, in a browser, with everything real in between."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from salespilot.quickstart import commands
from salespilot.quickstart.processes import wait_until
from tenants.selectors import hosts
from tests import owner
from tests.conftest import PASSWORD
from tests.e2e.browser import PHONE, BrowserContexts, chromium
from tests.server import Server

pytestmark = [pytest.mark.e2e]


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def server(committed_db: None, businesses: dict[str, Any], mails: Path) -> Iterator[Server]:
    server = Server(SPEECH_PROVIDER="none", SIGN_UP="open", MAIL_URL=f"file://{mails}")
    server.environment["LINK_PORT"] = str(server.port)
    with server:
        server.start_process("builder", commands.builder())
        yield server
    owner.remove_business("initech_gmbh")
    hosts.forget()


@pytest.fixture
async def people(server: Server) -> AsyncIterator[BrowserContexts]:
    async with chromium(server=server) as contexts:
        yield contexts


def link_in(mails: Path, number: int, pattern: str) -> str:
    """The link in the mail of this number, counted from one; waits for the mail."""
    assert wait_until(lambda: len(list(mails.glob("*.eml"))) >= number, seconds=60)
    newest = sorted(mails.glob("*.eml"))[number - 1]
    text = message_from_bytes(newest.read_bytes(), policy=policy.default).get_body(("plain",))
    assert text is not None
    found = re.search(pattern, text.get_content())
    assert found, text.get_content()
    return found[0]


@pytest.mark.timeout(240)
async def test_a_business_signs_up_and_its_first_admin_is_in(
    server: Server, people: BrowserContexts, mails: Path
) -> None:
    screen = await people.screen()
    page = screen.page
    await page.goto(server.base_url("localhost"))
    await page.get_by_role("link", name="Start with your business").click()
    await page.get_by_label("Business", exact=True).fill("Initech GmbH")
    address = page.get_by_label("Address")
    await expect(address).to_have_value("initech-gmbh")
    await expect(page.get_by_text("initech-gmbh.localhost is free.")).to_be_visible()
    await address.fill("acme")
    await expect(page.get_by_text("This address is taken.")).to_be_visible()
    await screen.picture("sign-up-taken")
    await address.fill("initech-gmbh")
    await page.get_by_label("What you sell").fill("business software")
    await page.get_by_label("Where you and your customers are").select_option(label="Germany")
    await page.get_by_label("Your name").fill("Ada Byron")
    await page.get_by_label("Your e-mail").fill("ada@initech.example")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()

    await page.goto(link_in(mails, 1, r"http://localhost:\d+/signup/\S+/"))
    await expect(page.get_by_text("initech-gmbh.localhost")).to_be_visible()
    await screen.picture("sign-up-confirm")
    await page.get_by_role("button", name="Set it up").click()
    await screen.picture("sign-up-building")
    await expect(page.get_by_role("heading", name="Initech GmbH is ready")).to_be_visible(timeout=60_000)
    await screen.picture("sign-up-ready")

    await page.goto(link_in(mails, 2, r"http://initech-gmbh\.localhost:\d+/\S+/"))
    await expect(page.get_by_label("Your name")).to_have_value("Ada Byron")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    await page.wait_for_url(server.base_url("initech-gmbh.localhost") + "/")
    await expect(page.get_by_role("heading").first).to_be_visible()
    await screen.picture("sign-up-dashboard")
    await page.goto(server.base_url("initech-gmbh.localhost") + "/admin/hosts/")
    await expect(page.get_by_role("heading", name="initech-gmbh.localhost")).to_be_visible()
    screen.check()


async def test_the_form_fits_a_phone_and_is_used_without_a_mouse(server: Server, people: BrowserContexts) -> None:
    screen = await people.screen(size=PHONE, is_dark=True)
    page = screen.page
    await page.goto(server.base_url("localhost") + "/signup/")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.get_by_label("Business", exact=True).focus()
    names = []
    for _ in range(7):
        names.append(await page.evaluate("document.activeElement.name || document.activeElement.type"))
        await page.keyboard.press("Tab")
    assert names == ["name", "slug", "trade", "place", "admin_name", "admin_email", "submit"]
    await screen.picture("sign-up-phone")
    screen.check()
