"""Who sees whose calls, in a browser: an admin makes a team, a rep hears their call and lets the manager see it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import expect

from calls.demo import dialogues
from calls.demo.finished import finish_calls
from calls.live.recording import relative_path
from calls.models import Call, Recording
from tenants.house.models import Policy
from tenants.members.models import Member, Team
from tests.conftest import PASSWORD
from tests.e2e.browser import BrowserContexts, chromium
from tests.e2e.house import House, in_business
from tests.server import Server

pytestmark = [pytest.mark.e2e]

SECONDS = 60


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audio")


@pytest.fixture(scope="module")
def server(businesses: dict[str, Any], store: Path) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none", AUDIO_STORAGE_URL=f"file://{store}") as running:
        yield running


@pytest.fixture
async def people(house: House, server: Server) -> AsyncIterator[BrowserContexts]:
    async with chromium(server=server) as contexts:
        yield contexts


@pytest.fixture
async def call(house: House, store: Path) -> Call:
    """A finished call of the rep with a minute of sound."""

    def make() -> Call:
        finish_calls(dialogues.read("acme"))
        found = Call.objects.filter(member__email=house.rep, customer__startswith="Dana")[0]
        path = relative_path(house.acme.id, found.pk)
        Recording.objects.update_or_create(
            call=found, defaults={"path": path, "channels": 2, "stored_samples": SECONDS * 16_000}
        )
        tone = (3_000 * np.sin(np.arange(SECONDS * 16_000) / 8)).astype("<i2")
        (store / path).parent.mkdir(parents=True, exist_ok=True)
        (store / path).write_bytes(np.repeat(tone, 2).tobytes())
        return found

    return await in_business(house.acme, make)


async def test_a_moment_moves_the_recording_and_a_line_is_heard_from_its_time(
    house: House, server: Server, people: BrowserContexts, call: Call
) -> None:
    screen = await people.screen()
    await screen.sign_in(server.base_url(), house.rep, PASSWORD)
    page = screen.page
    await page.goto(f"{server.base_url()}/calls/{call.pk}/report/")
    audio = page.locator("audio#recording")
    moment = page.locator(".moments-list a").first
    at_ms = int(await moment.get_attribute("data-at-ms") or 0)
    await moment.click()
    assert await audio.evaluate("audio => audio.currentTime") == pytest.approx(at_ms / 1000)
    assert await audio.evaluate("audio => audio.paused")

    line = page.locator(".line").nth(3)
    start_s = int(await line.get_attribute("data-start-ms") or 0) / 1000
    await line.locator(".line-time").click()
    await expect(line).to_have_attribute("aria-current", "true")
    assert not await audio.evaluate("audio => audio.paused")
    assert await audio.evaluate("audio => audio.duration") == pytest.approx(SECONDS, abs=0.1)
    assert await audio.evaluate("audio => audio.currentTime") >= start_s

    await page.locator("svg#timeline").click(position={"x": 2, "y": 40})
    assert await audio.evaluate("audio => audio.currentTime") < start_s
    await screen.picture("report-recording")
    screen.check()


async def test_a_line_reached_by_keyboard_is_heard_with_enter(
    house: House, server: Server, people: BrowserContexts, call: Call
) -> None:
    screen = await people.screen()
    await screen.sign_in(server.base_url(), house.rep, PASSWORD)
    page = screen.page
    await page.goto(f"{server.base_url()}/calls/{call.pk}/report/")
    await page.locator(".marker-list a").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".line:focus")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator(".line[aria-current]")).to_have_count(1)
    assert not await page.locator("audio#recording").evaluate("audio => audio.paused")
    screen.check()


async def test_an_admin_makes_a_team_and_the_rep_lets_its_manager_see_the_call(
    house: House, server: Server, people: BrowserContexts, call: Call
) -> None:
    def start() -> str:
        Team.objects.all().delete()
        Policy.objects.update(rep_first_hours=672)
        return str(Member.objects.get(email=house.manager).name)

    manager_name = await in_business(house.acme, start)
    manager, rep, admin = await people.screen(), await people.screen(), await people.screen()
    report = f"{server.base_url()}/calls/{call.pk}/report/"
    await manager.sign_in(server.base_url(), house.manager, PASSWORD)
    await expect(manager.page.get_by_text("You lead no team yet")).to_be_visible()
    await manager.picture("no-team")

    await admin.sign_in(server.base_url(), house.admin, PASSWORD)
    page = admin.page
    await page.goto(f"{server.base_url()}/admin/members/team/add/")
    await page.get_by_label("Name").fill("North")
    for field, name in (("members", "Rep Person"), ("leaders", manager_name)):
        await page.locator(f".field-{field} .select2-selection").click()
        await page.keyboard.type(name)
        await page.locator(".select2-results__option", has_text=name).click()
    await admin.picture("team-admin")
    await page.locator("[name=_save]").first.click()
    await expect(page.get_by_text("was added successfully")).to_be_visible()

    manager.allow("403")
    await manager.page.goto(report)
    await expect(manager.page.get_by_role("heading", name="Rep Person sees this call first")).to_be_visible()
    await manager.picture("held")
    await rep.sign_in(server.base_url(), house.rep, PASSWORD)
    await rep.page.goto(report)
    await rep.picture("release")
    await rep.page.get_by_role("button", name="Release it now").click()
    await expect(rep.page.get_by_text("Only you see this call")).to_have_count(0)
    await manager.page.goto(report)
    await expect(manager.page.get_by_role("heading", name=re.compile("Dana"))).to_be_visible()

    await page.goto(f"{server.base_url()}/admin/audit/auditline/")
    await expect(page.locator("#result_list")).to_contain_text("Released an own report")
    await expect(page.locator("#result_list")).to_contain_text("Changed a team")
    await admin.picture("audit-admin")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Export as CSV").click()
    assert (await download.value).suggested_filename.startswith("acme-cloud-audit-")
    for screen in (manager, rep, admin):
        screen.check()


async def test_a_new_key_is_shown_once(house: House, server: Server, people: BrowserContexts) -> None:
    admin = await people.screen()
    await admin.sign_in(server.base_url(), house.admin, PASSWORD)
    page = admin.page
    await page.goto(f"{server.base_url()}/admin/members/apikey/add/")
    await page.get_by_label("Name").fill("crm")
    await page.locator("#id_member").select_option(label="Rep Person")
    await page.get_by_label("Read what calls cost").check()
    await admin.picture("key-form")
    await page.locator("[name=_save]").first.click()
    secret = await page.get_by_label("The key").input_value()
    assert secret.startswith("sp_")
    await admin.picture("key-issued")
    await page.get_by_role("link", name=re.compile("back to the list")).click()
    await expect(page.locator("#result_list")).to_contain_text("billing:read")
    assert secret not in await page.content()
    admin.check()
