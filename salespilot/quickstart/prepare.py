"""Makes roles and database on a Postgres server of your own: python -m salespilot.quickstart.prepare

Reads DATABASE_ADMIN_URL (may create roles and databases), and takes names and passwords of the two roles and of the
database from DATABASE_URL and DATABASE_OWNER_URL. May be run again; it sets the passwords again. Needs no Django.
"""

from __future__ import annotations

import sys
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured

from salespilot import env
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.screen import Screen
from tenants.postgresql.roles import prepare_database

SCHEMES = ("postgresql", "postgres")


def main() -> int:
    screen = Screen()
    try:
        database = prepare()
    except (QuickstartError, ImproperlyConfigured) as error:
        screen.fail(str(error))
        return 1
    except psycopg.Error as error:
        screen.fail(f"Postgres refused: {error}")
        return 1
    screen.say(f"Database {database} and its two roles are ready. Next: python manage.py migrate_behind")
    return 0


def prepare() -> str:
    """The name of the database. Raises when an address is missing or the two do not belong together."""
    admin_url = env.url("DATABASE_ADMIN_URL", "", schemes=SCHEMES)
    app, owner = (
        urlsplit(env.url("DATABASE_URL", "", schemes=SCHEMES)),
        urlsplit(env.url("DATABASE_OWNER_URL", "", schemes=SCHEMES)),
    )
    if not (admin_url and app.username and app.password and owner.username and owner.password):
        raise QuickstartError(
            "Set DATABASE_ADMIN_URL, and DATABASE_URL and DATABASE_OWNER_URL with user name and password."
        )
    if app.path != owner.path or app.username == owner.username:
        raise QuickstartError("DATABASE_URL and DATABASE_OWNER_URL must name one database and two different roles.")
    database = unquote(app.path.lstrip("/"))
    prepare_database(
        admin_url,
        database=database,
        owner=unquote(owner.username),
        owner_password=unquote(owner.password),
        app=unquote(app.username),
        app_password=unquote(app.password),
    )
    return database


if __name__ == "__main__":
    sys.exit(main())
