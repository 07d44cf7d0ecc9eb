"""A business's brand: for templates, as CSS and as its logo. Readable before sign-in, by its own host only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.files.base import File
from django.http import HttpRequest

from tenants.caching import forget, remember
from tenants.colour import DARK_PAGE, LIGHT_PAGE, shades
from tenants.context import current
from tenants.house.models import Branding
from tenants.storage import content_type_of

CACHE_KEY = "brand"
CACHE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Brand:
    """What screens show of a business. `logo_url` is empty without a logo; then `initial` stands for it."""

    product_name: str = "Sales Pilot"
    tagline: str = ""
    colour: str = "#1d4ed8"
    accent: str = "#f59e0b"
    logo_url: str = ""
    support_email: str = ""

    @property
    def initial(self) -> str:
        return self.product_name[:1].upper()

    @property
    def palette(self) -> str:
        """Stands in the stylesheet's address: other colours are another address, so no browser shows old ones."""
        return f"{self.colour}{self.accent}".replace("#", "")


def get_brand() -> Brand:
    """The current business's brand, cached; Sales Pilot's own on the public host and outside any business."""
    business = current()
    if business is None or business.is_public:
        return Brand()
    return remember(CACHE_KEY, CACHE_SECONDS, _load)


def forget_brand() -> None:
    """Called when the brand is saved."""
    forget(CACHE_KEY)


def context(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """Context processor: `brand` and `business` in every template."""
    return {"brand": get_brand(), "business": current()}


def brand_css(brand: Brand) -> str:
    """Custom properties for light and dark pages; text on and in the brand's colours always meets WCAG AA."""
    light, dark = _properties(brand, LIGHT_PAGE), _properties(brand, DARK_PAGE)
    return f":root {{\n{light}}}\n@media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n"


def open_logo() -> tuple[File[bytes], str] | None:
    """The current business's logo with its content type, or None when there is none."""
    business = current()
    if business is None or business.is_public:
        return None
    row = Branding.objects.filter(pk=1).first()
    if row is None or not row.logo:
        return None
    try:
        return row.logo.open("rb"), content_type_of(str(row.logo.name))
    except FileNotFoundError:
        return None


def _properties(brand: Brand, page: str) -> str:
    lines = []
    for name, colour in (("brand", brand.colour), ("accent", brand.accent)):
        made = shades(colour, page=page)
        lines += [
            f"--{name}: {made.fill};",
            f"--{name}-hover: {made.hover};",
            f"--{name}-ink: {made.ink};",
            f"--{name}-strong: {made.strong};",
        ]
    return "".join(f"  {line}\n" for line in lines)


def _load() -> Brand:
    row = Branding.objects.filter(pk=1).first()
    if row is None:
        return Brand()
    return Brand(
        product_name=row.product_name,
        tagline=row.tagline,
        colour=row.colour,
        accent=row.accent,
        logo_url=row.logo.url if row.logo else "",
        support_email=row.support_email,
    )
