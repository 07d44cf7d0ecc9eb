"""Nobody on the server hears: the rep's own browser recognises the microphone's side, in a call as people have it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.conftest import PASSWORD
from tests.e2e.browser import chromium
from tests.e2e.calls import Log, call_id, light_says
from tests.e2e.house import House, in_business, side_of_sample
from tests.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

WORDS = "Let us talk about your price"
RECOGNISER = f"""
window.recognisers = 0;
window.SpeechRecognition = window.webkitSpeechRecognition = class {{
  start() {{
    window.recognisers += 1;
    const heard = (text, isFinal) => {{
      const result = {{ isFinal, 0: {{ transcript: text, confidence: 0.9 }} }};
      this.onresult({{ resultIndex: 0, results: [result] }});
    }};
    this.timers = [
      setTimeout(() => heard("Let us talk", false), 800),
      setTimeout(() => heard("{WORDS}", true), 1600),
    ];
  }}
  abort() {{ this.timers.forEach(clearTimeout); }}
}};
"""
"""Headless Chromium has a recogniser without a service behind it: this one hears one sentence whenever started."""


@pytest.fixture
async def deaf_server(house: House) -> AsyncIterator[Server]:
    with Server(SPEECH_PROVIDER="browser") as server:
        yield server


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_the_browser_hears_where_the_server_has_no_engine_and_the_business_allows_it(
    house: House, deaf_server: Server, tmp_path: Path, is_allowed: bool
) -> None:
    from tenants.house.models import Policy

    await in_business(house.acme, lambda: Policy.objects.update(allow_browser_speech=is_allowed))
    microphone = side_of_sample(tmp_path, 0, seconds=20)
    async with chromium(server=deaf_server, microphone=microphone) as people:
        context = await people.context()
        await context.add_init_script(RECOGNISER)
        rep = people.watch(await context.new_page())
        page = rep.page
        await rep.sign_in(deaf_server.base_url(), house.rep, PASSWORD)
        await page.goto(f"{deaf_server.base_url()}/calls/new/")
        await expect(page.locator("#check-microphone")).to_have_attribute("data-result", "good")
        await page.get_by_role("button", name="Start the call").click()
        log = Log(house.acme, await call_id(page))
        if is_allowed:
            await light_says(page, "Other speech engine", within_s=20)
            await expect(page.locator("#lines")).to_contain_text(WORDS)
            await rep.picture("browser-speech")
        else:
            await light_says(page, "Recording only", within_s=20)
        started = await page.evaluate("window.recognisers")
        rep.check()
    await log.read()
    assert bool(started) is is_allowed
    assert [line["provider"] for line in log.payloads("line")] == ["browser"] * is_allowed
