"""Pictures for tests, made on the spot, and a way to give a business a logo without the admin."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from tenants.context import Business, business_scope
from tenants.house.models import Branding
from tenants.house.pictures import store


def picture(kind: str = "PNG", size: tuple[int, int] = (240, 240), colour: str = "#0f766e", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **options)
    return file.getvalue()


def png(size: tuple[int, int] = (240, 80)) -> bytes:
    return picture("PNG", size)


def moving(kind: str) -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("#000000", "#ffffff", "#ff0000")]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100, lossless=True)
    return file.getvalue()


def store_logo(business: Business, content: bytes, *, kind: str = "logo") -> str:
    with business_scope(business):
        row = Branding.objects.get(pk=1)
        name = store(row, kind, {"": content})
        setattr(row, kind, name)
        row.save()
    return name
