"""Consent as a rep meets it: the place before the call, the question at its start, the answer, the change of mind."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.conftest import PASSWORD
from tests.e2e.browser import DESKTOP, PHONE, chromium
from tests.e2e.calls import Log, call_id
from tests.e2e.conftest import Installation
from tests.e2e.house import House, side_of_sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def test_a_rep_asks_records_the_yes_and_later_the_withdrawal(
    house: House, installation: Installation, tmp_path: Path
) -> None:
    microphone = side_of_sample(tmp_path, 0, seconds=40)
    async with chromium(server=installation.server, microphone=microphone) as people:
        rep = await people.screen()
        await rep.sign_in(installation.base_url, house.rep, PASSWORD)
        page = rep.page
        await page.goto(f"{installation.base_url}/calls/new/")
        await expect(page.locator("#place")).to_have_value("US-NY")
        await expect(page.locator("#place-says")).to_contain_text("nothing has to be asked")
        await page.get_by_label("Place").select_option("US-CA")
        await expect(page.locator("#place-says")).to_contain_text("Is that all right with you?")
        await rep.picture("consent-new-call")
        await page.reload()
        await expect(page.locator("#place")).to_have_value("US-CA")

        await expect(page.locator("#check-microphone")).to_have_attribute("data-result", "good")
        await page.get_by_role("button", name="Start the call").click()
        log = Log(house.acme, await call_id(page))
        bar = page.locator("#consent")
        await expect(bar).to_contain_text("nobody is heard yet")
        await expect(page.locator('#light [data-part="audio"]')).to_contain_text("Not heard and not kept")
        await rep.picture("consent-asking")
        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await rep.picture("consent-asking-phone")
        await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        assert (await log.read()).payloads("line") == []

        await page.get_by_role("button", name="They said yes").click()
        await expect(bar).to_contain_text("The customer said yes.")
        await expect(page.locator("#lines li").first).to_be_visible(timeout=60_000)
        await rep.picture("consent-given")

        await page.get_by_role("button", name="They changed their mind").click()
        await expect(bar).to_contain_text("Nothing is heard or kept")
        await rep.picture("consent-withdrawn")
        await page.get_by_role("button", name="Hang up", exact=True).click()
        await page.wait_for_url("**/report/")
        rep.check()
    await log.read()
    assert log.is_whole
    assert [answer["answer"] for answer in log.payloads("consent")] == ["yes", "withdrawn"]
    given, withdrawn = (event.seq for event in log.events if event.kind == "consent")
    assert all(given < event.seq < withdrawn for event in log.events if event.kind == "line")


async def test_policies_in_the_admin_read_well(house: House, installation: Installation) -> None:
    async with chromium(server=installation.server) as people:
        admin = await people.screen()
        await admin.sign_in(installation.base_url, house.admin, PASSWORD)
        page = admin.page
        await page.goto(f"{installation.base_url}/admin/house/policy/")
        for words in ("Consent", "Recordings", "How long things are kept", "Budgets"):
            await expect(page.get_by_role("heading", name=words, exact=True).first).to_be_visible()
        await page.screenshot(path="test-results/policies.png", full_page=True)
        await page.goto(f"{installation.base_url}/admin/house/consentoverride/add/")
        await page.locator("#id_place").select_option("US-CA")
        await page.locator("#id_mode").select_option("announce")
        await page.locator("#id_basis").fill("Counsel, 3 May 2027")
        await page.screenshot(path="test-results/consent-override.png", full_page=True)
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(
            page.get_by_text("Tell the customer").or_(page.get_by_text("The customer is told")).first
        ).to_be_visible()
        await page.screenshot(path="test-results/consent-overrides.png", full_page=True)
