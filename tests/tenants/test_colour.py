"""Colour arithmetic: whatever colour a business picks, text stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.branding import Brand, brand_css
from tenants.colour import (
    AA_SHAPE,
    AA_TEXT,
    DARK_CHOSEN,
    DARK_PAGE,
    LIGHT_PAGE,
    TINT,
    contrast,
    ink_on,
    luminance,
    mix,
    palette,
    shades,
)

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
pages = st.sampled_from([LIGHT_PAGE, DARK_PAGE])


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#1d4ed8", "#1d4ed8", 1.0),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(first: str, second: str, ratio: float) -> None:
    assert contrast(first, second) == pytest.approx(ratio, abs=0.01)
    assert contrast(second, first) == contrast(first, second)


@given(colours, pages)
def test_every_pair_of_text_and_ground_meets_aa(colour: str, page: str) -> None:
    made = shades(colour, page=page)
    assert contrast(made.ink, made.fill) >= AA_TEXT
    assert contrast(made.ink, made.hover) >= AA_TEXT
    assert contrast(made.strong, page) >= AA_TEXT
    assert contrast(made.strong, mix(page, made.fill, TINT)) >= AA_TEXT


@given(colours)
def test_a_readable_colour_is_left_as_it_is(colour: str) -> None:
    made = shades(colour, page=LIGHT_PAGE)
    if contrast(colour, LIGHT_PAGE) >= AA_TEXT and contrast(colour, mix(LIGHT_PAGE, colour, TINT)) >= AA_TEXT:
        assert made.strong == colour
    assert made.fill == colour


@given(colours)
def test_a_surface_is_seen_on_dark_pages(colour: str) -> None:
    assert contrast(shades(colour, page=DARK_PAGE).fill, DARK_PAGE) >= AA_SHAPE


@given(colours)
def test_a_palette_runs_from_light_to_dark_and_its_middle_is_text_on_white(colour: str) -> None:
    steps = [luminance(value) for value in palette(colour).values()]
    assert steps == sorted(steps, reverse=True)
    assert contrast(palette(colour)["600"], "#ffffff") >= AA_TEXT
    assert contrast(palette(colour)["500"], DARK_CHOSEN) >= AA_TEXT


def test_ink_is_black_on_yellow_and_white_on_navy() -> None:
    assert (ink_on("#fde047"), ink_on("#1e3a8a")) == ("#000000", "#ffffff")


def test_the_stylesheet_speaks_for_light_and_dark() -> None:
    css = brand_css(Brand(colour="#0f766e"))
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)")
    assert "--brand: #0f766e;" in light
    assert "--brand-ink: #ffffff;" in light
    assert all(name in dark for name in ("--brand-strong", "--brand-hover", "--accent-ink", "--accent-strong"))
