"""The area of call recordings, for what moves or erases a business."""

from __future__ import annotations

from collections.abc import Iterator

from calls.live.recording import business_folder, storage_root
from calls.models import Recording
from tenants.files import FileArea


def paths() -> Iterator[str]:
    return Recording.objects.order_by("pk").values_list("path", flat=True).iterator()


AREA = FileArea(
    name="recordings", root=storage_root, paths=paths, folder=business_folder, columns=("calls.recording.path",)
)
