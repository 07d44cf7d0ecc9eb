"""Passkeys end to end: Chromium's virtual authenticator, our pages, a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.async_api import CDPSession, Page, expect

from tests.conftest import PASSWORD
from tests.e2e.browser import PHONE, BrowserContexts, chromium
from tests.e2e.house import House, in_business
from tests.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("committed_db")]


@pytest.fixture(scope="module")
def server(businesses: dict[str, Any]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture
async def people(house: House, server: Server) -> AsyncIterator[BrowserContexts]:
    async with chromium(server=server) as contexts:
        yield contexts


async def authenticator(page: Page) -> CDPSession:
    """A phone or laptop that opens its keys by finger or face, and always says yes."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


async def test_a_rep_adds_a_passkey_and_signs_in_with_it_alone(
    house: House, server: Server, people: BrowserContexts
) -> None:
    screen = await people.screen(has_microphone=False)
    page, url = screen.page, server.base_url()
    await authenticator(page)
    await screen.sign_in(url, house.rep, PASSWORD)
    await page.goto(f"{url}/account/")
    await screen.picture("account")
    await page.get_by_role("link", name="Add a passkey").click()
    await page.get_by_label("Its name").fill("Work laptop")
    await screen.picture("add-passkey")
    await page.get_by_role("button", name="Add the passkey").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await screen.picture("recovery-codes")
    await page.goto(f"{url}/account/")
    await expect(page.get_by_text("Work laptop")).to_be_visible()
    await page.context.clear_cookies()

    await page.goto(f"{url}/sign-in/")
    await screen.picture("sign-in")
    await page.get_by_role("button", name="Use a passkey").click()
    await page.wait_for_url(lambda address: "/sign-in/" not in address)
    await page.goto(f"{url}/account/")
    await expect(page.get_by_text("used 0 minutes ago")).to_be_visible()

    await page.get_by_role("link", name="Remove Work laptop").click()
    await page.get_by_role("button", name="Remove the passkey").click()
    await expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    assert await in_business(house.acme, Authenticator.objects.count) == 0
    screen.check()


async def test_a_passkey_of_one_business_is_nothing_in_another(
    house: House, server: Server, people: BrowserContexts
) -> None:
    screen = await people.screen(has_microphone=False, size=PHONE)
    page = screen.page
    await authenticator(page)
    await screen.sign_in(server.base_url(), house.rep, PASSWORD)
    await page.goto(f"{server.base_url()}/account/passkeys/add/")
    await page.get_by_role("button", name="Add the passkey").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await page.goto(f"{server.base_url('globex.localhost')}/sign-in/")
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing happened")
    assert "/sign-in/" in page.url
    await screen.picture("sign-in-phone")
