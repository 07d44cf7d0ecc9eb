"""Every migration is safe beside the old code, or says why; a bad one is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from pytest_django.plugin import DjangoDbBlocker

from tenants.context import Business, business_scope, public_scope
from tenants.template.disk import tenant_apps
from tests import services
from tests.tenants.expand_contract import MARKER, faults


@pytest.fixture(autouse=True)
def _in_acme(acme: Business, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Nothing is run here, so nothing has to be rolled back; and some operations refuse to be in a transaction."""
    with django_db_blocker.unblock(), business_scope(acme):
        yield


def ours() -> list[str]:
    """By where the package would lie: `.venv`, with everybody else's, is inside the folder, too."""
    configs = apps.get_app_configs()
    return [config.label for config in configs if services.ROOT.joinpath(*config.name.split(".")).is_dir()]


def test_every_migration_of_ours_may_run_beside_the_old_code(acme: Business) -> None:
    loader = MigrationLoader(None)
    found = []
    for (label, name), migration in sorted(loader.disk_migrations.items()):
        if label in ours():
            with business_scope(acme) if label in tenant_apps() else public_scope():
                found += [f"{label}.{name}: {fault}" for fault in faults(migration, loader)]
    assert not found, "\n".join(["Not safe while the old version runs (see docs/migrations.md):", *found])


def later(*operations: Operation, app: str = "house", atomic: bool = True, **marker: str) -> Migration:
    """A migration that comes after all others of the app."""
    (newest,) = MigrationLoader(None).graph.leaf_nodes(app)
    body = {"dependencies": [newest], "operations": list(operations), "atomic": atomic, MARKER: marker}
    made: Migration = type("Migration", (Migration,), body)("9001_later", app)
    return made


def codes(migration: Migration) -> set[str]:
    return {fault.partition(":")[0] for fault in faults(migration, MigrationLoader(None))}


def nothing(apps: object, schema_editor: object) -> None:
    raise AssertionError("A migration is judged, not run.")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (migrations.AddField("policy", "days", models.IntegerField(default=3)), "NOT_NULL"),
        (migrations.AlterField("branding", "logo", models.TextField()), "ALTER_COLUMN"),
        (migrations.RemoveField("branding", "tagline"), "DROP_COLUMN"),
        (migrations.RenameField("branding", "tagline", "motto"), "RENAME_COLUMN"),
        (migrations.DeleteModel("Policy"), "DROP_TABLE"),
        (migrations.RenameModel("Policy", "Rules"), "RENAME_TABLE"),
        (
            migrations.AddConstraint("branding", models.UniqueConstraint(fields=["tagline"], name="one_tagline")),
            "ADD_UNIQUE",
        ),
        (migrations.AddIndex("branding", models.Index(fields=["tagline"], name="by_tagline")), "CREATE_INDEX"),
        (migrations.RunPython(nothing), "ROWS"),
        (migrations.RunSQL("UPDATE house_branding SET tagline = ''"), "ROWS"),
        (migrations.RunSQL("DROP INDEX house_branding_pkey"), "DROP_INDEX"),
        (migrations.RunSQL("REINDEX TABLE house_branding"), "REINDEX"),
    ],
)
def test_a_migration_that_the_old_code_would_not_survive_is_refused(operation: Operation, code: str) -> None:
    assert code in codes(later(operation))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("policy", "days", models.IntegerField(null=True)),
        migrations.AddField("policy", "days", models.IntegerField(db_default=3)),
        migrations.CreateModel(
            "Motto",
            [("id", models.BigAutoField(primary_key=True)), ("text", models.CharField(max_length=9, unique=True))],
        ),
        migrations.RunSQL("ALTER TABLE house_policy ENABLE ROW LEVEL SECURITY"),
        migrations.RunSQL("CREATE POLICY own ON house_policy USING (true)"),
    ],
)
def test_a_migration_that_only_adds_passes(operation: Operation) -> None:
    assert codes(later(operation)) == set()


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexConcurrently("branding", models.Index(fields=["tagline"], name="by_tagline")),
        migrations.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY one_tagline ON house_branding (tagline)"),
    ],
)
def test_an_index_built_beside_the_traffic_passes(operation: Operation) -> None:
    assert codes(later(operation, atomic=False)) == set()


WHY = "Nothing has read it since the last release."


def test_a_fault_that_is_explained_passes() -> None:
    assert codes(later(migrations.RemoveField("branding", "tagline"), DROP_COLUMN=WHY)) == set()


def test_an_explanation_covers_only_its_own_fault() -> None:
    both = (migrations.RemoveField("branding", "tagline"), migrations.RunPython(nothing))
    assert codes(later(*both, DROP_COLUMN=WHY)) == {"ROWS"}


def test_a_word_is_no_explanation() -> None:
    assert codes(later(migrations.RemoveField("branding", "tagline"), DROP_COLUMN="fine")) == {"DROP_COLUMN"}


def test_an_explanation_of_something_else_has_to_go() -> None:
    assert codes(later(migrations.RunSQL("SELECT 1"), DROP_COLUMN=WHY)) == {"DROP_COLUMN"}
