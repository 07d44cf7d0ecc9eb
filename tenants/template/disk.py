"""The migrations on disk, and what the template is worth beside them."""

from __future__ import annotations

import hashlib
import logging
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from pkgutil import iter_modules

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from tenants.template import MAKE_COMMAND
from tenants.template.text import DamagedTemplate, Template, parse

log = logging.getLogger(__name__)
FILE = "template.sql"


def tenant_apps() -> tuple[str, ...]:
    """Labels of the apps whose tables a business has, in the order in which they are installed."""
    wanted = {AppConfig.create(entry).label for entry in settings.TENANT_APPS}
    return tuple(config.label for config in apps.get_app_configs() if config.label in wanted)


def migrations() -> dict[str, str]:
    """The digest of each migration's file, by `app.name`, of all installed apps: a business records them all.

    Files, not names: until a release the first migration of an app is made anew under the same name.
    """
    return {
        f"{config.label}.{file.stem}": hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        for config in apps.get_app_configs()
        for file in _files(config.label)
    }


def template_path() -> Path:
    return Path(str(resources.files(__package__).joinpath(FILE)))


def why_not_current(template: Template, on_disk: dict[str, str]) -> str:
    """In what the template differs from the code, as a sentence; empty when in nothing."""
    if template.apps != tenant_apps():
        return "other apps have tables for each business"
    changed = sorted(
        {name for name, _ in set(template.migrations.items()) ^ set(on_disk.items())},
    )
    return f"added, removed or changed: {', '.join(changed)}" if changed else ""


def usable_template() -> Template | None:
    """The template when a business can start from it, else None: then every migration has to run.

    It may be behind: everything it was made from is on disk unchanged, nothing newer comes before any of it. Then
    the rest is migrated after the replay. Each process reads the file once and says once when it is not current.
    """
    return _usable(template_path())


@cache
def _usable(path: Path) -> Template | None:
    try:
        template = parse(path.read_text(encoding="utf-8"))
    except (OSError, DamagedTemplate) as error:
        log.warning("New businesses are migrated, which takes seconds each: %s", error)
        return None
    on_disk = migrations()
    difference = why_not_current(template, on_disk)
    if not difference:
        return template
    log.warning("template.sql is behind the migrations (%s). Make it again: %s", difference, MAKE_COMMAND)
    return template if _is_start(template, on_disk) else None


def _is_start(template: Template, on_disk: dict[str, str]) -> bool:
    if template.apps != tenant_apps() or not template.migrations.items() <= on_disk.items():
        return False
    nodes = MigrationLoader(None, ignore_no_migrations=True).graph.node_map
    known = {tuple(name.split(".", 1)) for name in template.migrations}
    return all(parent.key in known for key in known for parent in nodes[key].parents)


def _files(label: str) -> list[Path]:
    module_name, _ = MigrationLoader.migrations_module(label)
    if module_name is None:
        return []
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        return []
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    names = [entry.name for entry in iter_modules(map(str, folders)) if not entry.ispkg and entry.name[0] not in "_~"]
    return [file for folder in folders for name in names if (file := folder / f"{name}.py").exists()]
