"""Storing a brand's pictures: all new files or none, and the former ones go only when the new ones count."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from tenants.house.models import Branding
from tenants.images import icons_from, logo_from
from tenants.storage import BrandStorage, all_paths, icon_path, icon_size_path, logo_dark_path, logo_path

log = logging.getLogger(__name__)

PLACES = {"logo": logo_path, "logo_dark": logo_dark_path, "icon": icon_path}


class PictureNotStored(RuntimeError):
    """The disk did not take the picture. What was there before stays."""

    def __init__(self, error: OSError) -> None:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        reason = "the disk of this installation is full" if full else "this installation can not write it"
        super().__init__(f"The picture was not stored: {reason}. The present one stays. Tell whoever runs Sales Pilot.")


def redraw(kind: str, upload: UploadedFile[bytes]) -> dict[str, bytes]:
    """The upload's files by name ("" is the main one), drawn anew. Raises `PictureRefused`."""
    size = upload.size or 0
    if kind != "icon":
        return {"": logo_from(upload, size)}
    icons = icons_from(upload, size)
    return {"": icons[max(icons)], **{str(side): content for side, content in icons.items()}}


def store(row: Branding, kind: str, files: Mapping[str, bytes]) -> str:
    """Writes `files` and returns the main one's name; on failure none is left. Raises `PictureNotStored`."""
    storage, main = BrandStorage(), PLACES[kind](row, "")
    try:
        for size, content in files.items():
            storage.save(icon_size_path(main, int(size)) if size else main, ContentFile(content))
    except OSError as error:
        log.warning("Brand picture not stored: %s", error.strerror)
        discard(main)
        raise PictureNotStored(error) from error
    return main


def discard(name: str) -> None:
    """Removes every file of a picture; what can not be removed is left lying."""
    storage = BrandStorage()
    for path in all_paths(name):
        try:
            storage.delete(path)
        except OSError as error:
            log.warning("Brand picture not removed: %s", error.strerror)


def discard_after_commit(name: str) -> None:
    transaction.on_commit(lambda: discard(name))
