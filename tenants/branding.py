"""A business's brand: for templates, as CSS and as pictures. Readable before sign-in, by its own host only."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from typing import Any
from zlib import crc32

from django.core.files.base import File
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from tenants.caching import forget, known, remember
from tenants.colour import DARK_PAGE, LIGHT_PAGE, Shades, accent_for, shades
from tenants.context import Business, current
from tenants.house.models import Branding
from tenants.images import drawn_icon
from tenants.storage import LOGOS, BrandStorage, icon_size_path

log = logging.getLogger(__name__)

CACHE_SECONDS = 300
KEPT = 1000
PICTURES = dict(zip(LOGOS, ("logo", "logo_dark"), strict=True))


@dataclass(frozen=True, slots=True)
class Brand:
    """What screens and mails show of a business. `logo_url` is empty without a logo; then `initial` stands for it."""

    product_name: str = "Sales Pilot"
    tagline: str = ""
    colour: str = "#1d4ed8"
    accent: str = "#f59e0b"
    logo_url: str = ""
    logo_dark_url: str = ""
    icon_version: str = ""
    support_email: str = ""
    mail_sender: str = ""
    mail_reply_to: str = ""
    mail_footer: str = ""
    imprint_url: str = ""
    privacy_url: str = ""
    terms_url: str = ""

    @property
    def initial(self) -> str:
        return self.product_name[:1].upper()

    @property
    def palette(self) -> str:
        """Stands in the stylesheet's address: other colours are another address, so no browser shows old ones."""
        return f"{self.colour}{self.accent}".replace("#", "")

    @property
    def icon_mark(self) -> str:
        """Stands in the icons' addresses, as `palette` does in the stylesheet's."""
        return self.icon_version or self.palette

    @property
    def legal_links(self) -> tuple[tuple[str, str], ...]:
        """Words and address of each legal page the business has."""
        links = (("Imprint", self.imprint_url), ("Privacy", self.privacy_url), ("Terms", self.terms_url))
        return tuple((words, url) for words, url in links if url)

    @property
    def on_white(self) -> Shades:
        """For mails and print, which are white whatever the screen is."""
        return shades(self.colour, page="#ffffff")


# Another shape of a brand is another key: a process of the new version never reads what the old one kept.
CACHE_KEY = f"brand:{crc32(' '.join(field.name for field in fields(Brand)).encode()):08x}"


def get_brand() -> Brand:
    """The current business's brand, cached; Sales Pilot's own on the public host and outside any business."""
    business = current()
    if business is None or business.is_public:
        return Brand()
    brand = remember(CACHE_KEY, CACHE_SECONDS, _load)
    _keep(business.id, brand)
    return brand


def brand_in_trouble() -> Brand:
    """The brand without asking the database: from the cache, else as this process saw it last, else nobody's.

    For the page that says that something broke. Never raises.
    """
    business = current()
    if business is None or business.is_public:
        return Brand()
    return known(CACHE_KEY) or _last_seen.get(business.id) or Brand()


def forget_brand() -> None:
    """Called when the brand is saved."""
    forget(CACHE_KEY)


def context(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """Context processor: `brand` and `business` in every template. A page about a fault is no second fault."""
    try:
        brand = get_brand()
    except (DatabaseError, InterfaceError) as error:
        log.warning("Brand not readable: %s", type(error).__name__)
        brand = brand_in_trouble()
    return {"brand": brand, "business": current()}


def brand_css(brand: Brand) -> str:
    """Custom properties for light and dark pages; paper is light. Text on and in the colours always meets WCAG AA."""
    light, dark = _declarations(brand, LIGHT_PAGE), _declarations(brand, DARK_PAGE)
    return f":root {{\n{light}}}\n@media screen and (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n"


def brand_properties(brand: Brand, *, page: str) -> dict[str, str]:
    """The custom properties for a page of that background, by name."""
    found: dict[str, str] = {}
    for name, colour in (("brand", brand.colour), ("accent", brand.accent)):
        made = shades(colour, page=page)
        found |= {
            f"--{name}": made.fill,
            f"--{name}-hover": made.hover,
            f"--{name}-ink": made.ink,
            f"--{name}-strong": made.strong,
        }
    return found


def manifest(brand: Brand) -> dict[str, Any]:
    """What a browser needs to put the app on a home screen."""
    return {
        "name": brand.product_name,
        "short_name": brand.product_name[:12].strip(),
        "start_url": "/",
        "display": "minimal-ui",
        "theme_color": brand.colour,
        "background_color": "#ffffff",
        "icons": [
            {"src": icon_url(brand, size), "sizes": f"{size}x{size}", "type": "image/png"} for size in (192, 512)
        ],
    }


def icon_url(brand: Brand, size: int) -> str:
    return f"{reverse('brand_icon', args=[size])}?{brand.icon_mark}"


def document_line(what: str) -> str:
    """The first line of what is printed: `Acme Coach · Call report · 26 Nov 2026 …`."""
    return f"{get_brand().product_name} · {what} · {timezone.now():%-d %b %Y, %H:%M} UTC"


def export_name(what: str, ending: str) -> str:
    """The name of a file that leaves the app, safe in a header: `acme-coach-audit-2026-11-26.csv`."""
    return f"{slugify(get_brand().product_name) or 'export'}-{what}.{ending}"


def open_picture(kind: str) -> File[bytes] | None:
    """The current business's `logo` or `logo-dark`, or None when there is none."""
    row = _row()
    file = getattr(row, PICTURES[kind]) if row else None
    return _open(str(file.name)) if file else None


def icon(size: int) -> bytes:
    """The current business's icon, or the house's sign in its colours."""
    row = _row()
    if row and row.icon and (file := _open(icon_size_path(str(row.icon.name), size))):
        with file:
            content: bytes = file.read()
            return content
    colours = get_brand()
    return drawn_icon(size, ground=colours.colour, ink=shades(colours.colour, page=LIGHT_PAGE).ink)


# By business, newest last; the oldest of more than `KEPT` goes.
_last_seen: dict[int, Brand] = {}


def _keep(business_id: int, brand: Brand) -> None:
    _last_seen.pop(business_id, None)
    _last_seen[business_id] = brand
    if len(_last_seen) > KEPT:
        _last_seen.pop(next(iter(_last_seen)), None)


def _row() -> Branding | None:
    business: Business | None = current()
    if business is None or business.is_public:
        return None
    return Branding.objects.filter(pk=1).first()


def _open(name: str) -> File[bytes] | None:
    try:
        return BrandStorage().open(name, "rb")
    except FileNotFoundError:
        return None


def _declarations(brand: Brand, page: str) -> str:
    return "".join(f"  {name}: {value};\n" for name, value in brand_properties(brand, page=page).items())


def _load() -> Brand:
    row = Branding.objects.filter(pk=1).first()
    if row is None:
        return Brand()
    return Brand(
        product_name=row.product_name,
        tagline=row.tagline,
        colour=row.colour,
        accent=row.accent or accent_for(row.colour),
        logo_url=row.logo.url if row.logo else "",
        logo_dark_url=row.logo_dark.url if row.logo_dark else "",
        icon_version=str(row.icon.name).rpartition("-")[2].removesuffix(".png") if row.icon else "",
        support_email=row.support_email,
        mail_sender=row.mail_sender,
        mail_reply_to=row.mail_reply_to,
        mail_footer=row.mail_footer,
        imprint_url=row.imprint_url,
        privacy_url=row.privacy_url,
        terms_url=row.terms_url,
    )
