"""What both commands say about an archive, for people."""

from __future__ import annotations

from collections.abc import Iterator

from tenants.archive.manifest import Manifest

SHOWN = 5


def sentences(manifest: Manifest, fingerprint: str) -> Iterator[str]:
    yield f"{_count(manifest.rows, 'row')}, {_count(len(manifest.files), 'file')}, as of {manifest.made_at}."
    yield f"Fingerprint: {fingerprint}"
    for left in manifest.left_behind:
        yield f"Left behind: {left.what} ({left.count}). {left.then}"
    if manifest.missing:
        more = f" and {len(manifest.missing) - SHOWN} more" if len(manifest.missing) > SHOWN else ""
        yield f"Gone from the disk before the export: {', '.join(manifest.missing[:SHOWN])}{more}."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
