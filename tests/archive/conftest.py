"""acme, filled; its archive; and another installation to bring it into."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tenants.archive.export import export_business
from tenants.context import Business
from tests import owner
from tests.archive.elsewhere import Installation
from tests.archive.full import Full, fill
from tests.conftest import MakeMember
from tests.tenants.conftest import as_owner

__all__ = ["as_owner"]


@pytest.fixture
def folders(tmp_path: Path, settings: Settings) -> Path:
    """The files of this installation, for one test."""
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}/audio"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EXPORTS_DIR = tmp_path / "exports"
    return tmp_path


@pytest.fixture
def full(committed_db: None, folders: Path, acme: Business, member: MakeMember) -> Full:
    return fill(acme, member)


@pytest.fixture
def archive(full: Full) -> Path:
    return export_business(full.business).path


@pytest.fixture(scope="session")
def _elsewhere(businesses: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """With a business of its own, so that numbers there are not those of here."""
    made = Installation(tmp_path_factory.mktemp("elsewhere"))
    try:
        for command in (
            ("migrate_behind",),
            ("create_business", "decoy", "--name", "Decoy", "--host", "decoy.localhost"),
        ):
            ran = made.run(*command)
            assert ran.status == 0, ran.err
        yield made
    finally:
        made.stop()


@pytest.fixture
def elsewhere(_elsewhere: Installation) -> Iterator[Installation]:
    yield _elsewhere
    for schema in ("acme", "moved"):
        owner.remove_business(schema, url=_elsewhere.environment["DATABASE_OWNER_URL"])
    for folder in ("audio", "media"):
        shutil.rmtree(_elsewhere.var / folder, ignore_errors=True)
