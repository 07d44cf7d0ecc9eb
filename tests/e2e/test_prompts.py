"""An admin who has never seen the product writes a prompt version, tests it and publishes it, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from calls.demo import dialogues
from calls.demo.finished import finish_calls
from coaching import prompt_versions
from coaching.models import Knowledge
from tests.conftest import PASSWORD
from tests.e2e.browser import chromium
from tests.e2e.house import House, in_business
from tests.server import Server
from tests.vendors.openai import OpenAIServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


OTHER = {
    "say": "What would you like to see first?",
    "why": "Ask before you show.",
    "kind": "question",
    "title": "Ask",
    "source_key": "",
    "should_show": True,
}


@pytest.fixture
def server(house: House) -> Iterator[Server]:
    with OpenAIServer() as model, Server(with_worker=True, OPENAI_API_KEY="k", OPENAI_BASE_URL=model.url) as running:
        model.script.answers.append(OTHER)
        yield running
        assert model.problems == []


async def test_an_admin_writes_tests_and_publishes_a_version(house: House, server: Server) -> None:
    await in_business(house.acme, lambda: finish_calls(dialogues.read("acme")[:2]))
    base = server.base_url()
    async with chromium(server=server) as contexts:
        screen = await contexts.screen()
        page = screen.page
        await screen.sign_in(base, house.admin, PASSWORD)
        await page.goto(f"{base}/admin/coaching/promptversion/")
        await screen.picture("prompts_list")
        await page.get_by_role("link", name="New version for live cards").click()
        await page.get_by_label("Instructions").fill("Help the rep kindly.\nAsk one question.")
        await page.get_by_label("Heard, example 1").fill("It is too dear.")
        await page.get_by_label("Say, example 1").fill("Compared with what?")
        await page.get_by_label("What changed").fill("Kinder")
        await screen.picture("prompts_draft_form")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("saved as a draft")).to_be_visible()
        await expect(page.get_by_text("+ Ask one question.")).to_be_visible()
        await screen.picture("prompts_draft")
        await page.get_by_role("link", name="Test on stored calls").click()
        await screen.picture("prompts_test_start")
        await page.get_by_role("button", name="Start the test").click()
        await expect(page.get_by_text("Different").first).to_be_visible(timeout=60_000)
        await expect(page.locator("#trial")).to_have_count(0, timeout=60_000)
        await expect(page.get_by_text("First words, half within")).to_be_visible()
        await screen.picture("prompts_test")
        await page.get_by_role("link", name="Back to Live cards").click()
        await page.get_by_label("Why (your colleagues see it)").fill("It asks first")
        await page.get_by_role("button", name="Publish v").click()
        await expect(page.get_by_text("in use for calls that start from now on")).to_be_visible()
        await screen.picture("prompts_published")
        await page.goto(f"{base}/admin/coaching/knowledge/add/")
        await screen.picture("prompts_fact")
        await page.goto(f"{base}/admin/coaching/promptversion/?purpose__exact=live")
        await page.get_by_role("link", name="Live cards v2", exact=True).click()
        await page.get_by_role("button", name="Use v2 again").click()
        await expect(page.get_by_text("Back to Live cards v2")).to_be_visible()
        screen.check()
    prompt = await in_business(house.acme, lambda: prompt_versions.published_prompt("live"))
    assert prompt.number == 2
    assert await in_business(house.acme, lambda: Knowledge.objects.filter(approved_at=None).count()) == 0
