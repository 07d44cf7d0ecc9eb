"""Colour arithmetic for a business's brand: what text is readable on it, and how it looks in the dark.

Contrast is WCAG 2.2's: (L1 + 0.05) / (L2 + 0.05) of relative luminances; AA asks 4.5 for text.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

AA_TEXT = 4.5
WHITE, BLACK = "#ffffff", "#000000"
# The grey that text stands on, at its worst for contrast: --surface-soft in static/css/tokens.css.
LIGHT_PAGE, DARK_PAGE = "#f0f2f5", "#20262e"
# --brand-soft mixes at most this much of the brand into a surface.
TINT = 0.13
# What has no text but must be seen, such as the edge of a button: WCAG 2.2, 1.4.11.
AA_SHAPE = 3.0
GREY = 0.12
ACCENT_TURN = 150 / 360
# Distance in the cube of red, green and blue, whose longest is 1.73.
ALIKE = 0.3

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shades:
    """One brand colour, ready for a page of one lightness.

    `fill` is for surfaces, `ink` is the text on `fill` and on `hover`, `strong` is for text and lines on the
    page itself and on a page tinted with the colour.
    """

    fill: str
    hover: str
    ink: str
    strong: str


def shades(colour: str, *, page: str) -> Shades:
    """Shades of `colour` (#rrggbb) for a page of that background; every pair of text and ground meets AA.

    On light pages surfaces have the colour itself, also a pale one: it is what people know the business by. On dark
    pages it is made light enough to be seen.
    """
    fill = readable(colour, on=page, ratio=AA_SHAPE) if luminance(page) < 0.18 else colour
    ink = ink_on(fill)
    tinted = mix(page, fill, TINT)
    # Away from the ink, so that its contrast only grows.
    hover = mix(fill, BLACK if ink == WHITE else WHITE, 0.14)
    strong = readable(readable(colour, on=page), on=tinted)
    return Shades(fill=fill, hover=hover, ink=ink, strong=strong)


def accent_for(colour: str) -> str:
    """A second colour that goes with `colour` and is not mistaken for it: nearly opposite on the circle of hues.

    Grey has no hue to turn: it gets amber.
    """
    hue, _, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    if saturation < GREY:
        return "#b45309"
    return _hex(colorsys.hls_to_rgb((hue + ACCENT_TURN) % 1, 0.42, min(max(saturation, 0.7), 0.8)))


def are_alike(first: str, second: str) -> bool:
    """Whether two colours are hard to tell apart where they stand side by side, as in a chart."""
    return math.dist(_rgb(first), _rgb(second)) < ALIKE


def mix(first: str, second: str, share: float) -> str:
    """`first` with `share` (0 to 1) of `second`, as CSS color-mix in srgb does."""
    red, green, blue = (a + (b - a) * share for a, b in zip(_rgb(first), _rgb(second), strict=True))
    return _hex((red, green, blue))


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on `colour`. One of them always reaches 4.58."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def readable(colour: str, *, on: str, ratio: float = AA_TEXT) -> str:
    """`colour`, made only as much lighter or darker as `ratio` against `on` asks; hue and saturation stay."""
    if contrast(colour, on) >= ratio:
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    towards = 1.0 if luminance(on) < 0.18 else 0.0
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        candidate = _mix_lightness(hue, lightness, saturation, towards, middle)
        low, high = (low, middle) if contrast(candidate, on) >= ratio else (middle, high)
    return _mix_lightness(hue, lightness, saturation, towards, high)


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio, 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """WCAG relative luminance, 0 to 1."""
    red, green, blue = (_linear(part) for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def palette(colour: str) -> dict[str, str]:
    """Eleven weights from 50 (lightest) to 950 as hex; 600 is the colour itself where it is readable on white.

    500 is text in the dark theme, and readable there; what is lighter keeps its distance.
    """
    base = readable(colour, on=WHITE)
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(base))
    result: dict[str, str] = {}
    for weight, share in _WEIGHTS.items():
        target = lightness + (1 - lightness) * share if share >= 0 else lightness * (1 + share)
        result[weight] = _hex(colorsys.hls_to_rgb(hue, target, saturation))
    for weight, ratio in _ON_DARK.items():
        result[weight] = readable(result[weight], on=DARK_CHOSEN, ratio=ratio)
    return result


# A chosen line of the theme's menu in the dark: its lightest dark ground.
DARK_CHOSEN = "#1f2635"
_ON_DARK = {"500": AA_TEXT, "400": 6.0, "300": 7.5, "200": 9.0, "100": 10.5, "50": 12.0}


# How far each weight lies between the colour and white (positive) or black (negative).
_WEIGHTS = {
    "50": 0.95,
    "100": 0.9,
    "200": 0.78,
    "300": 0.6,
    "400": 0.38,
    "500": 0.15,
    "600": 0.0,
    "700": -0.18,
    "800": -0.34,
    "900": -0.48,
    "950": -0.66,
}


def _mix_lightness(hue: float, lightness: float, saturation: float, towards: float, share: float) -> str:
    return _hex(colorsys.hls_to_rgb(hue, lightness + (towards - lightness) * share, saturation))


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in rgb)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
