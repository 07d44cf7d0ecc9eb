"""Headless Chromium for tests: with a recording as its microphone, with another tab to share, and an eye on errors."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright, expect

from tests.server import Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(__file__).resolve().parents[2] / "test-results"
DESKTOP = (1280, 800)
PHONE = (360, 740)

# Tests share a small machine with servers and an engine that recognises speech.
expect.set_options(timeout=15_000)

# A violation of the content security policy becomes an error on the console, so that no test overlooks one.
_WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`));
"""


class Screen:
    """A page and what went wrong on it. `allow` names the errors a test provokes itself."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def allow(self, pattern: str) -> None:
        self._allowed.append(re.compile(pattern))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def check(self) -> None:
        """Fails when the console held errors that the test did not allow."""
        left = [error for error in self.errors if not any(pattern.search(error) for pattern in self._allowed)]
        assert not left, left

    async def picture(self, name: str) -> None:
        PICTURES.mkdir(exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"{name}.png")

    async def sign_in(self, base_url: str, email: str, password: str) -> None:
        await self.page.goto(f"{base_url}/sign-in/")
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(lambda url: "/sign-in/" not in url)


class BrowserContexts:
    """People at one browser: each `screen` is a window of a person of their own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._screens: list[Screen] = []

    async def context(
        self, *, size: tuple[int, int] = DESKTOP, is_dark: bool = False, has_microphone: bool = True
    ) -> BrowserContext:
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if is_dark else "light",
            permissions=["microphone"] if has_microphone else [],
        )
        await context.add_init_script(_WATCH_POLICY)
        return context

    async def screen(
        self, *, size: tuple[int, int] = DESKTOP, is_dark: bool = False, has_microphone: bool = True
    ) -> Screen:
        context = await self.context(size=size, is_dark=is_dark, has_microphone=has_microphone)
        return self.watch(await context.new_page())

    def watch(self, page: Page) -> Screen:
        screen = Screen(page)
        self._screens.append(screen)
        return screen

    async def tell_failure(self) -> None:
        """What everybody saw when the test failed: pictures in test-results/, errors in the output."""
        for number, screen in enumerate(self._screens):
            print(screen.page.url, screen.errors)
            with suppress(Error):
                await screen.picture(f"failed-{number}")


@asynccontextmanager
async def chromium(
    *, server: Server | None = None, microphone: Path | None = None, tab_titled: str = ""
) -> AsyncIterator[BrowserContexts]:
    """A browser of its own for one test.

    `microphone` plays once as what the microphone hears. `tab_titled` is the title of the tab that is picked when
    the page asks to share one; its sound needs Playwright's default `--mute-audio` gone, and the real permission
    dialogs (`--use-fake-ui-for-media-stream` would replace the tab's sound by a beep). When the test fails, what
    everybody saw and what `server` printed is told.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    # Without a graphics card, drawing on an imagined one costs more than plain drawing.
    flags = ["--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream", "--disable-gpu"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    if microphone:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    if tab_titled:
        flags.append(f"--auto-select-tab-capture-source-by-title={tab_titled}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=flags, ignore_default_args=["--mute-audio"]
        )
        contexts = BrowserContexts(browser)
        try:
            yield contexts
        except BaseException:
            await contexts.tell_failure()
            if server is not None:
                print(server.output()[-6_000:])
            raise
        finally:
            await browser.close()
