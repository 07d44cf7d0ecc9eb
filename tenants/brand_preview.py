"""What a brand page would look like with colours that are not saved yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenants.colour import AA_SHAPE, AA_TEXT, DARK_PAGE, LIGHT_PAGE, WHITE, are_alike, contrast, shades

PAGES = {"light": LIGHT_PAGE, "dark": DARK_PAGE, "mail": WHITE}


@dataclass(frozen=True, slots=True)
class Figure:
    """One pair of colours that stand on each other, with its contrast and the least it should have."""

    what: str
    front: str
    ground: str
    needed: float

    @property
    def ratio(self) -> float:
        return contrast(self.front, self.ground)

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "front": self.front,
            "ground": self.ground,
            "ratio": round(self.ratio, 1),
            "needed": self.needed,
            "is_enough": self.ratio >= self.needed,
        }


def figures(colour: str, accent: str) -> list[Figure]:
    """The pairs that a page is made of, light first."""
    light, dark = shades(colour, page=LIGHT_PAGE), shades(colour, page=DARK_PAGE)
    return [
        Figure("Text on buttons", light.ink, light.fill, AA_TEXT),
        Figure("Links on light pages", light.strong, LIGHT_PAGE, AA_TEXT),
        Figure("Links on dark pages", dark.strong, DARK_PAGE, AA_TEXT),
        Figure("Buttons on light pages", light.fill, LIGHT_PAGE, AA_SHAPE),
        Figure("Buttons on dark pages", dark.fill, DARK_PAGE, AA_SHAPE),
        Figure("Accent on light pages", shades(accent, page=LIGHT_PAGE).strong, LIGHT_PAGE, AA_SHAPE),
    ]


def warnings(colour: str, accent: str) -> list[str]:
    """What the business should know before it saves. Text is always readable: shades are chosen for that."""
    light = shades(colour, page=LIGHT_PAGE)
    found = []
    if contrast(colour, LIGHT_PAGE) < AA_TEXT:
        found.append(f"Your colour is too light to read as text on light pages: {light.strong} is used there instead.")
    if contrast(light.fill, LIGHT_PAGE) < AA_SHAPE:
        found.append("Buttons hardly stand out on light pages. A darker colour would.")
    if are_alike(light.strong, shades(accent, page=LIGHT_PAGE).strong):
        found.append("Accent and colour are hard to tell apart in charts. Leave the accent empty, or choose another.")
    return found
