"""The certificate of an erasure: JSON for programs, text for people, and a SHA-256 over its content.

The sum proves that nobody changed the file by accident; it is no signature. A certificate holds ids, counts and names
of tables, never whom it was about.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Check:
    """One question that was asked again afterwards. `found` is how many are left: 0 is what was wanted."""

    asked: str
    found: int

    def to_json(self) -> dict[str, Any]:
        return {"asked": self.asked, "found": self.found, "ok": self.found == 0}


def folder() -> Path:
    return Path(settings.EXPORTS_DIR) / "certificates"


def operator() -> str:
    """The account of the operating system that runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def sum_of(content: Mapping[str, Any]) -> str:
    """SHA-256 over the content without the sum itself: keys sorted, no blanks, UTF-8."""
    body = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_whole(path: Path) -> bool:
    """Whether the file holds what was written. Raises `OSError`, `ValueError` when there is no certificate in it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return isinstance(content, dict) and content.get("sha256") == sum_of(content)


def write_partial(path: Path, content: Mapping[str, Any]) -> None:
    """What is known before the last step, on the disk when this returns. Raises `OSError`."""
    _write(path.with_name(path.name + PARTIAL), json.dumps(content, ensure_ascii=False, indent=2))


def read_partial(path: Path) -> dict[str, Any] | None:
    """What an earlier run had written before its last step; None when there is nothing."""
    try:
        content: dict[str, Any] = json.loads(path.with_name(path.name + PARTIAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content


def write(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """The finished certificate and its text beside it; returns it with its sum. Raises `OSError`."""
    whole = {**content, "sha256": sum_of(content)}
    _write(path, json.dumps(whole, ensure_ascii=False, indent=2) + "\n")
    _write(path.with_suffix(".txt"), as_text(whole))
    path.with_name(path.name + PARTIAL).unlink(missing_ok=True)
    return whole


def as_text(content: Mapping[str, Any]) -> str:
    lines = [f"Certificate of erasure: {content['erased_what']}", ""]
    lines += _lines({key: value for key, value in content.items() if key not in {"erased_what", "sha256"}}, 0)
    return "\n".join([*lines, "", f"SHA-256 of the content: {content['sha256']}", ""])


def _lines(value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, Mapping):
        return [line for key, inner in value.items() for line in _named(str(key).replace("_", " "), inner, depth)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [line for inner in value for line in _item(inner, depth)] or [f"{pad}none"]
    return [f"{pad}{value}"]


def _named(name: str, value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, Mapping | list | tuple):
        return [f"{pad}{name}:", *_lines(value, depth + 1)]
    return [f"{pad}{name}: {value}"]


def _item(value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, Mapping):
        return [f"{pad}- " + ", ".join(f"{key}: {inner}" for key, inner in value.items())]
    return [f"{pad}- {value}"]


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk: readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
