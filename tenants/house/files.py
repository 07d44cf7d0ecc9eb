"""The area of a brand's pictures, for what moves or erases a business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tenants.files import FileArea
from tenants.house.models import Branding
from tenants.storage import all_paths, business_folder

PICTURES = ("logo", "logo_dark", "icon")


def root() -> Path:
    return Path(settings.MEDIA_ROOT)


def paths() -> Iterator[str]:
    for names in Branding.objects.values_list(*PICTURES):
        for name in filter(None, names):
            yield from all_paths(name)


AREA = FileArea(
    name="pictures",
    root=root,
    paths=paths,
    folder=business_folder,
    columns=tuple(f"house.branding.{name}" for name in PICTURES),
)
