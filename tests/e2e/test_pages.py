"""Every page for every role: on a phone, in the dark, by keyboard, in its colours, and for its own people only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from billing.services import call_costs
from calls.demo import dialogues
from calls.demo.finished import finish_calls
from calls.models import Call
from tenants.house.models import Branding
from tests.conftest import PASSWORD
from tests.e2e.browser import PHONE, BrowserContexts, Screen, chromium
from tests.e2e.house import House, in_business
from tests.server import Server

pytestmark = [pytest.mark.e2e]

WIDTH_LEFT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NAMELESS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")]
  .filter((element) => element.checkVisibility() && !element.closest("[aria-hidden=true]"))
  .filter((element) => ![element.getAttribute("aria-label"), element.textContent, element.title,
    element.labels && element.labels.length ? element.labels[0].textContent : "",
    (element.getAttribute("aria-labelledby") || "").split(" ")
      .map((id) => document.getElementById(id)?.textContent).join("")]
    .some((name) => name && name.trim()))
  .map((element) => element.outerHTML.slice(0, 120))"""
COLOUR = "getComputedStyle(document.documentElement).getPropertyValue('--brand').trim().toLowerCase()"


@pytest.fixture(scope="module")
def server(businesses: dict[str, Any]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture
async def calls(house: House) -> list[Call]:
    """Finished calls of acme, newest first, made by the demo."""
    await in_business(house.acme, lambda: finish_calls(dialogues.read("acme")))
    return await in_business(house.acme, lambda: list(Call.objects.order_by("-started_at")))


@pytest.fixture
async def people(house: House, server: Server) -> AsyncIterator[BrowserContexts]:
    async with chromium(server=server) as contexts:
        yield contexts


def pages_of(calls: list[Call], role: str) -> list[str]:
    if role == "billing":
        return ["/billing/"]
    mine = next(call for call in calls if call.customer.startswith("Dana"))
    pages = ["/", "/calls/", "/calls/new/", f"/calls/{mine.id}/report/"]
    return [*pages, "/live/"] if role in {"manager", "admin"} else pages


async def check_page(page: Page, where: str) -> None:
    """What holds on every page: one heading, a language, a name on everything one can press or fill, no side scroll."""
    assert await page.locator("h1:visible").count() == 1, where
    assert await page.locator("html").get_attribute("lang") == "en", where
    assert await page.evaluate(NAMELESS) == [], where
    assert await page.evaluate(WIDTH_LEFT) <= 0, f"{where} scrolls sideways"


@pytest.mark.parametrize("size", [PHONE, (1280, 800)], ids=["phone", "desktop"])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
async def test_every_page_fits_and_names_its_controls(
    house: House,
    server: Server,
    calls: list[Call],
    people: BrowserContexts,
    size: tuple[int, int],
    is_dark: bool,
) -> None:
    for role in ("rep", "manager", "billing"):
        screen = await people.screen(size=size, is_dark=is_dark)
        await screen.page.goto(f"{server.base_url()}/sign-in/")
        await check_page(screen.page, "/sign-in/")
        await screen.sign_in(server.base_url(), getattr(house, role), PASSWORD)
        for path in pages_of(calls, role):
            answer = await screen.page.goto(server.base_url() + path)
            assert answer
            assert answer.status == 200, path
            await check_page(screen.page, f"{path} of {role}")
        await screen.picture(f"page-{role}-{size[0]}-{'dark' if is_dark else 'light'}")
        screen.check()


async def test_the_sign_in_form_is_reached_by_keyboard_alone(
    house: House, server: Server, people: BrowserContexts
) -> None:
    screen = await people.screen()
    screen.allow("422")
    page = screen.page
    await page.goto(f"{server.base_url()}/sign-in/")
    await page.get_by_label("E-mail").focus()
    await page.keyboard.type(house.rep)
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/sign-in/" not in page.url
    screen.check()


async def test_the_bill_shows_what_a_call_cost(
    house: House, server: Server, calls: list[Call], people: BrowserContexts
) -> None:
    screen = await people.screen()
    await screen.sign_in(server.base_url(), house.billing, PASSWORD)
    await screen.page.goto(f"{server.base_url()}/billing/")
    costs = await in_business(house.acme, lambda: call_costs([call.id for call in calls]))
    for call in calls:
        micros = costs[call.id].total.micros
        assert micros > 0
        await expect(screen.page.locator("main")).to_contain_text(f"${micros / 1_000_000:.4f}")
    screen.check()


async def test_another_colour_of_the_brand_is_on_the_reps_next_page(
    house: House, server: Server, people: BrowserContexts
) -> None:
    rep, admin = await people.screen(), await people.screen()
    await rep.sign_in(server.base_url(), house.rep, PASSWORD)
    before = await rep.page.evaluate(COLOUR)
    await admin.sign_in(server.base_url(), house.admin, PASSWORD)
    await admin.page.goto(f"{server.base_url()}/admin/house/branding/1/change/")
    await admin.page.locator("input[name=colour]").fill("#be123c")
    await admin.page.locator("[name=_save]").first.click()
    await admin.page.wait_for_load_state()
    assert await in_business(house.acme, lambda: Branding.objects.get().colour) == "#be123c"
    await rep.page.reload()
    after = await rep.page.evaluate(COLOUR)
    assert (before, after) == ("#1d4ed8", "#be123c")
    rep.check()


async def test_a_stranger_finds_nothing_of_acme(
    house: House, server: Server, calls: list[Call], people: BrowserContexts
) -> None:
    stranger = await people.screen()
    stranger.allow("404")
    await stranger.sign_in(server.base_url("globex.localhost"), house.stranger, PASSWORD)
    for path in (f"/calls/{calls[0].id}/report/", f"/calls/{calls[0].id}/", f"/live/{calls[0].id}/"):
        answer = await stranger.page.goto(server.base_url("globex.localhost") + path)
        assert answer
        assert answer.status == 404, path
    answer = await stranger.page.goto(f"{server.base_url('globex.localhost')}/api/calls/{calls[0].id}")
    assert answer
    assert answer.status == 404
    await stranger.page.goto(f"{server.base_url('globex.localhost')}/calls/")
    await expect(stranger.page.locator("main")).not_to_contain_text("Dana")
    # The session of one business is nothing on the other's host.
    await stranger.page.goto(f"{server.base_url()}/calls/")
    assert "/sign-in/" in stranger.page.url
    stranger.check()


async def test_a_colleagues_report_is_refused_in_words(
    house: House, server: Server, calls: list[Call], people: BrowserContexts
) -> None:
    screen: Screen = await people.screen()
    screen.allow("403")
    await screen.sign_in(server.base_url(), house.colleague, PASSWORD)
    theirs = next(call for call in calls if call.customer.startswith("Dana"))
    answer = await screen.page.goto(f"{server.base_url()}/calls/{theirs.id}/report/")
    assert answer
    assert answer.status == 403
    await expect(screen.page.get_by_role("heading", level=1)).to_be_visible()
    screen.check()
