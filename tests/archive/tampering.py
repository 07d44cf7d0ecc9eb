"""Archives that somebody changed: with a manifest that fits (`is_signed`) or with the one that was there."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Contents = dict[str, bytes]


def contents(archive: Path) -> Contents:
    with zipfile.ZipFile(archive) as file:
        return {name: file.read(name) for name in file.namelist()}


def manifest_of(archive: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(contents(archive)["manifest.json"])
    return found


def lines(archive: Path, label: str) -> list[dict[str, Any]]:
    """The rows of one table in an archive."""
    return [json.loads(line) for line in contents(archive)[f"data/{label}.jsonl"].splitlines()]


def changed(archive: Path, change: Callable[[Contents], Any], *, is_signed: bool = False) -> Path:
    """A copy beside it, after `change` of its files."""
    files = contents(archive)
    change(files)
    if is_signed:
        sign(files)
    copy = archive.with_name("changed.zip")
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return copy


def sign(files: Contents) -> None:
    """The manifest says of each file what is true of it now; it names the same files as before."""
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["entries"]:
        content = files[entry["path"]]
        entry["bytes"], entry["sha256"] = len(content), hashlib.sha256(content).hexdigest()
        if entry["rows"] is not None:
            entry["rows"] = content.count(b"\n")
    files["manifest.json"] = json.dumps(manifest).encode()


def said(files: Contents, **facts: Any) -> None:
    """Changes what the manifest says."""
    files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | facts).encode()
