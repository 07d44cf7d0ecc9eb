"""Whether the embedded database needs anything: what decides it, in one line that is kept beside the data."""

from __future__ import annotations

import hashlib
from pathlib import Path

from salespilot.quickstart.plan import ROOT

PACKAGES = ("salespilot", "calls", "coaching", "billing", "tenants")
NAME = "salespilot.fingerprint"


def of_code(*, has_demo: bool) -> str:
    """Changes with our migrations, with the packages that bring theirs, and with the wish for a demo."""
    files = [ROOT / "requirements.txt"]
    for package in PACKAGES:
        files += sorted((ROOT / package).rglob("migrations/*.py"))
    digest = hashlib.sha256(str(has_demo).encode())
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def read(data_dir: Path) -> str:
    try:
        return (data_dir / NAME).read_text(encoding="ascii")
    except OSError:
        return ""


def write(data_dir: Path, fingerprint: str) -> None:
    (data_dir / NAME).write_text(fingerprint, encoding="ascii")
