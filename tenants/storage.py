"""Where a business's small files lie: a folder by its id, never by thread state, never under a public URL."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.urls import reverse

from tenants.context import require_tenant
from tenants.images import ICON_SIZES

LOGOS = ("logo", "logo-dark")


class BrandStorage(FileSystemStorage):
    """Under MEDIA_ROOT, which no URL serves: a picture is reached at /brand/… of its own business only.

    All of them are PNG files of our own making (tenants/images.py).
    """

    def url(self, name: str | None) -> str:
        # `logo-dark-3f….png`: the kind names the page, the rest makes browsers fetch a changed picture again.
        kind, _, version = Path(name or "").stem.rpartition("-")
        if kind == "icon":
            return f"{reverse('brand_icon', args=[max(ICON_SIZES)])}?{version}"
        return f"{reverse('brand_picture', args=[kind if kind in LOGOS else LOGOS[0]])}?{version}"


def brand_storage() -> BrandStorage:
    return BrandStorage()


def logo_path(instance: Any, filename: str) -> str:  # noqa: ARG001 - Django's signature, also below
    return _path("logo")


def logo_dark_path(instance: Any, filename: str) -> str:  # noqa: ARG001
    return _path("logo-dark")


def icon_path(instance: Any, filename: str) -> str:  # noqa: ARG001
    return _path("icon")


def icon_size_path(name: str, size: int) -> str:
    """Beside the icon that is stored as `name`: its copy of `size` pixels."""
    return f"{name.removesuffix('.png')}.{size}.png"


def all_paths(name: str) -> list[str]:
    """Every file that belongs to the picture stored as `name`."""
    is_icon = Path(name).name.startswith("icon-")
    return [name, *(icon_size_path(name, size) for size in ICON_SIZES if is_icon)]


def business_folder(business_id: int) -> str:
    """Where all pictures of a business lie, below MEDIA_ROOT."""
    return f"businesses/{business_id}"


def _path(kind: str) -> str:
    """By business id, with a name of our own: nothing of the upload's name is kept."""
    return f"{business_folder(require_tenant().id)}/{kind}-{secrets.token_hex(8)}.png"
