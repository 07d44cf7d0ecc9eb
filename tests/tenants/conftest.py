"""A process that is the owner, for what the application may not do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tenants.upgrades import ADD_MOTTO, OwnerProcess, add_migration, changed_house


@pytest.fixture(scope="session")
def as_owner(businesses: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnerProcess]:
    """Runs commands as the owner; the upgraded code has one more migration, `house.9001_later`."""
    house = changed_house(tmp_path_factory.mktemp("upgrade"))
    add_migration(house, ADD_MOTTO)
    process = OwnerProcess(house)
    yield process
    process.stop()
