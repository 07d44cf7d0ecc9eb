"""Where a business's small files lie: a folder by its id, never by thread state, never under a public URL."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.urls import reverse
from PIL import Image, UnidentifiedImageError

from tenants.context import require_tenant

LOGO_BYTES = 512 * 1024
LOGO_SIDE = 2000
LOGO_FORMATS = {"PNG": ("png", "image/png"), "JPEG": ("jpg", "image/jpeg"), "WEBP": ("webp", "image/webp")}


class LogoRefused(ValueError):
    """Why an uploaded logo is not taken, in words for the person who uploaded it."""


class LogoStorage(FileSystemStorage):
    """Under MEDIA_ROOT, which no URL serves: a logo is reached at /brand/logo of its own business only."""

    def url(self, name: str | None) -> str:
        # The file's name makes browsers fetch a changed logo again.
        return f"{reverse('brand_logo')}?{Path(name or '').stem}"


def logo_storage() -> LogoStorage:
    return LogoStorage()


def logo_path(instance: Any, filename: str) -> str:  # noqa: ARG001
    """`upload_to`: by business id, with a name of our own; only the checked ending of the upload is kept."""
    ending = Path(filename).suffix.lower().lstrip(".")
    known = {end for end, _ in LOGO_FORMATS.values()} | {"jpeg"}
    return f"businesses/{require_tenant().id}/logo-{secrets.token_hex(8)}.{ending if ending in known else 'img'}"


def logo_format(file: File[bytes]) -> str:
    """The format by content, not by name. Raises `LogoRefused`; the file is left at its start."""
    if (file.size or 0) > LOGO_BYTES:
        raise LogoRefused("The logo is larger than 512 KB. Save it smaller and try again.")
    try:
        file.seek(0)
        with Image.open(file, formats=tuple(LOGO_FORMATS)) as image:
            found, side = image.format or "", max(image.size)
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise LogoRefused("This is not a PNG, JPEG or WebP image.") from error
    finally:
        file.seek(0)
    if side > LOGO_SIDE:
        raise LogoRefused(f"The logo is larger than {LOGO_SIDE} pixels on a side. Save it smaller and try again.")
    return found


def content_type_of(name: str) -> str:
    """From the ending that `logo_path` allowed."""
    ending = Path(name).suffix.lower().lstrip(".").replace("jpeg", "jpg")
    return next((kind for end, kind in LOGO_FORMATS.values() if end == ending), "application/octet-stream")
