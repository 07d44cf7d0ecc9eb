"""The newest migration of each app, by which two installations know that their tables are the same."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.migrations.loader import MigrationLoader

from tenants.archive.errors import ArchiveRefused
from tenants.template.disk import tenant_apps


def own_heads() -> dict[str, str]:
    """By app, of the apps that a business has tables of."""
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    return {app: ", ".join(sorted(name for _, name in graph.leaf_nodes(app))) for app in tenant_apps()}


def compare(heads: Mapping[str, str]) -> None:
    """Raises `ArchiveRefused` when an archive's heads are not this code's, and says which side has to be upgraded."""
    own = own_heads()
    differing = sorted(app for app in own.keys() | heads.keys() if own.get(app) != heads.get(app))
    if not differing:
        return
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    newer = [app for app in differing if heads.get(app) and f"{app}.{heads[app]}" not in known]
    shown = "; ".join(f"{app}: {heads.get(app) or 'none'} there, {own.get(app) or 'none'} here" for app in differing)
    side = (
        "The archive comes from a newer version: upgrade this installation, then import again."
        if newer
        else "The archive comes from an older version: upgrade the installation it comes from, then export again."
    )
    raise ArchiveRefused(f"The tables there and here are not the same ({shown}). {side}")
