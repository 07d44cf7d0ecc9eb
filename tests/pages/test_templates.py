"""The content security policy allows no inline script or style: no template may hold one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
INLINE = {
    "script without src": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
}
# Mails are read by programs that know inline styles only; nothing of them is served as a page.
ELSEWHERE = {"admin": "the admin theme has a policy of its own", "mail": "mails are no pages of ours"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_holds_nothing_inline(path: Path) -> None:
    for part in set(path.parts) & set(ELSEWHERE):
        pytest.skip(ELSEWHERE[part])
    text = path.read_text(encoding="utf-8")
    assert {name for name, pattern in INLINE.items() if pattern.search(text)} == set()


def test_every_icon_is_in_the_sprite() -> None:
    sprite = (settings.BASE_DIR / "static/img/icons.svg").read_text(encoding="utf-8")
    known = set(re.findall(r'<symbol id="([a-z-]+)"', sprite))
    used = {name for path in TEMPLATES for name in re.findall(r'{% icon "([a-z-]+)" %}', path.read_text("utf-8"))}
    assert used
    assert used <= known


def test_every_id_the_scripts_ask_for_is_in_a_template() -> None:
    """`byId` throws: a renamed id must not wait for a rep to find it."""
    scripts = "".join(path.read_text("utf-8") for path in (settings.BASE_DIR / "static/js").rglob("*.js"))
    asked = set(re.findall(r'(?:byId|fromTemplate)\("([a-z-]+)"', scripts))
    there = {name for path in TEMPLATES for name in re.findall(r'\bid="([a-z-]+)"', path.read_text("utf-8"))}
    assert asked
    assert asked <= there
