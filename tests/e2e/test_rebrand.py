"""An admin rebrands: the rep's page follows at once, the other business's does not."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import FilePayload, Page, expect

from calls.demo import dialogues
from calls.demo.finished import finish_calls
from calls.models import Call
from tests.conftest import PASSWORD
from tests.e2e.browser import PHONE, BrowserContexts, Screen, chromium
from tests.e2e.house import House, in_business
from tests.server import Server

pytestmark = [pytest.mark.e2e]

BRAND_PAGE = "/admin/house/branding/1/change/"
BRAND = "getComputedStyle(document.documentElement).getPropertyValue('--brand').trim().toLowerCase()"
PAINTED = """(scheme) => getComputedStyle(document.querySelector(`[data-scheme=${scheme}]`))
  .getPropertyValue('--brand').trim().toLowerCase()"""


@pytest.fixture(scope="module")
def server(businesses: dict[str, Any]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture
async def people(house: House, server: Server) -> AsyncIterator[BrowserContexts]:
    async with chromium(server=server) as contexts:
        yield contexts


def logo(colour: str) -> FilePayload:
    """Three rising bars and a word-wide beam, on nothing."""
    picture = Image.new("RGBA", (360, 120))
    draw = ImageDraw.Draw(picture)
    for number, height in enumerate((40, 70, 100)):
        draw.rounded_rectangle((20 + number * 40, 110 - height, 48 + number * 40, 110), 8, fill=colour)
    draw.rounded_rectangle((160, 46, 340, 74), 14, fill=colour)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return FilePayload(name="logo.png", mimeType="image/png", buffer=file.getvalue())


async def admin_at_brand(house: House, server: Server, people: BrowserContexts, **options: Any) -> Screen:
    screen = await people.screen(**options)
    await screen.sign_in(server.base_url(), house.admin, PASSWORD)
    await screen.page.goto(server.base_url() + BRAND_PAGE)
    return screen


async def save(page: Page) -> None:
    await page.locator("[name=_save]").first.click()
    await page.wait_for_load_state()
    await expect(page.get_by_text("was changed successfully")).to_be_visible()


async def test_the_reps_page_follows_and_the_other_businesss_does_not(
    house: House, server: Server, people: BrowserContexts
) -> None:
    rep, stranger = await people.screen(), await people.screen()
    await rep.sign_in(server.base_url(), house.rep, PASSWORD)
    await stranger.sign_in(server.base_url("globex.localhost"), house.stranger, PASSWORD)
    before = await stranger.page.content()
    admin = await admin_at_brand(house, server, people)
    page = admin.page
    await page.get_by_label("Product name").fill("Rocket Coach")
    await page.locator("#id_colour").fill("#be123c")
    await page.locator("#id_logo").set_input_files(logo("#be123c"))
    await page.locator("#id_logo_dark").set_input_files(logo("#fecdd3"))
    await page.locator("#id_imprint_url").fill("https://rocket.example/imprint")
    await save(page)

    await rep.page.reload()
    assert await rep.page.evaluate(BRAND) == "#be123c"
    await expect(rep.page.locator(".mark")).to_have_text("Rocket Coach")
    assert await rep.page.locator(".mark-logo").evaluate("image => image.naturalWidth") > 0
    await expect(rep.page.get_by_role("link", name="Imprint")).to_have_attribute(
        "href", "https://rocket.example/imprint"
    )
    assert "Rocket Coach" in await rep.page.title()
    await rep.picture("rebrand-rep")

    await stranger.page.reload()
    assert "Rocket" not in await stranger.page.content()
    assert await stranger.page.evaluate(BRAND) == "#1d4ed8"
    assert "be123c" not in before
    for screen in (rep, stranger, admin):
        screen.check()


async def test_the_preview_follows_the_form_and_saves_nothing(
    house: House, server: Server, people: BrowserContexts
) -> None:
    admin = await admin_at_brand(house, server, people)
    page, preview = admin.page, admin.page.locator("#brand-preview")
    await page.get_by_label("Product name").fill("Sunny Calls")
    await expect(preview.locator('[data-scheme="dark"] [data-part="name"]')).to_have_text("Sunny Calls")
    await page.locator("#id_colour").fill("#fde047")
    await expect(preview.locator(".bp-warnings")).to_contain_text("too light to read as text")
    for scheme in ("light", "dark", "mail"):
        assert await page.evaluate(PAINTED, scheme) == "#fde047"
    await page.locator("#id_logo").set_input_files(logo("#a16207"))
    await expect(preview.locator('[data-scheme="light"] [data-part="logo"]')).to_be_visible()
    await admin.picture("rebrand-preview")
    await page.locator("#id_accent").fill("#12")
    admin.allow("400")
    await expect(preview.locator(".bp-warnings")).to_contain_text("#rrggbb")

    await page.goto(f"{server.base_url()}/")
    assert await page.evaluate(BRAND) == "#1d4ed8"
    await expect(page.locator(".mark")).not_to_have_text("Sunny Calls")
    admin.check()


@pytest.mark.parametrize("size", [PHONE, (1280, 800)], ids=["phone", "desktop"])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
async def test_a_rebranded_house_fits_every_screen(
    house: House, server: Server, people: BrowserContexts, size: tuple[int, int], is_dark: bool
) -> None:
    name = f"{size[0]}-{'dark' if is_dark else 'light'}"
    admin = await admin_at_brand(house, server, people, size=size, is_dark=is_dark)
    page = admin.page
    await admin.picture(f"rebrand-page-{name}")
    await page.locator("#id_colour").fill("#0f766e")
    await page.locator("#id_logo").set_input_files(logo("#0f766e"))
    await page.locator("#id_logo_dark").set_input_files(logo("#5eead4"))
    await page.locator("#id_tagline").fill("Every call a better one")
    for field in ("imprint", "privacy", "terms"):
        await page.locator(f"#id_{field}_url").fill(f"https://rocket.example/{field}")
    await page.locator("#brand-preview").scroll_into_view_if_needed()
    await admin.picture(f"rebrand-form-{name}")
    await save(page)
    visitor = await people.screen(size=size, is_dark=is_dark)
    visitor.allow("404")
    for path, picture in (("/sign-in/", "sign-in"), ("/no-such-page/", "not-found")):
        await visitor.page.goto(server.base_url() + path)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await visitor.page.evaluate(wide) <= 0
        assert await visitor.page.locator(".mark-logo").evaluate("image => image.naturalWidth") > 0
        await visitor.picture(f"rebrand-{picture}-{name}")
    dark_logo = await visitor.page.locator(".mark-logo").evaluate("image => image.currentSrc.includes('logo-dark')")
    assert dark_logo is is_dark
    for screen in (admin, visitor):
        screen.check()


async def test_a_report_on_paper_says_whose_it_is_and_is_light(
    house: House, server: Server, people: BrowserContexts
) -> None:
    await in_business(house.acme, lambda: finish_calls(dialogues.read("acme")))
    call = await in_business(house.acme, lambda: Call.objects.order_by("-started_at").first())
    assert call
    admin = await people.screen(is_dark=True)
    await admin.sign_in(server.base_url(), house.admin, PASSWORD)
    await admin.page.goto(f"{server.base_url()}/calls/{call.id}/report/")
    await admin.page.emulate_media(media="print", color_scheme="dark")
    await expect(admin.page.locator(".print-head")).to_contain_text("Acme Cloud · Call report")
    await expect(admin.page.locator(".nav-frame")).to_be_hidden()
    for what, colour in (("color", "rgb(20, 24, 31)"), ("backgroundColor", "rgb(255, 255, 255)")):
        assert await admin.page.evaluate(f"getComputedStyle(document.body).{what}") == colour
    await admin.picture("rebrand-print")
    admin.check()


async def test_every_admin_page_of_the_brand_keeps_to_its_policy(
    house: House, server: Server, people: BrowserContexts
) -> None:
    """Menus open, tables widen and searches run without a style or script that the policy refuses."""
    admin = await people.screen()
    await admin.sign_in(server.base_url(), house.admin, PASSWORD)
    for path in ("/admin/", "/admin/members/member/", "/admin/calls/call/", "/admin/members/member/add/", BRAND_PAGE):
        await admin.page.goto(server.base_url() + path)
        await admin.page.wait_for_load_state("networkidle")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--color-primary-600').trim()"
    assert await admin.page.evaluate(colour) == "rgb(29, 78, 216)"
    admin.check()
