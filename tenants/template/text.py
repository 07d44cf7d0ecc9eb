"""template.sql: its format, and how it is made from what pg_dump says. No database here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenants.template import MAKE_COMMAND

# The schema that is dumped; its name gives way to the placeholder, a business's name takes the placeholder's place.
DUMPED_SCHEMA = "template_business"
PLACEHOLDER = "{schema}"
_DUMPED_NAME = re.compile(rf"\b{DUMPED_SCHEMA}\b(?=\.)")
# What pg_dump puts around statements. By its exact shape: a function's body may have comments of its own.
_HEADING = re.compile(r"\n*--\n-- [^\n]+\n--\n\n")
_RESTRICTION = re.compile(r"^\\(?:un)?restrict \w+\n", re.MULTILINE)
_HEAD = f"""\
-- The tables of a new business. Made from the migrations by
--     {MAKE_COMMAND}
-- Never edit it: make it again, after each change of a migration and after a merge conflict (take either side first).
"""


class DamagedTemplate(ValueError):
    """The text is not what the command wrote: edited, merged or cut."""

    def __init__(self) -> None:
        super().__init__(f"template.sql was changed by hand or by a merge. Make it again: {MAKE_COMMAND}")


@dataclass(frozen=True, slots=True)
class Template:
    """`migrations` are the digests of the files it was made from, by `app.name`; `sql` has the placeholder in it."""

    apps: tuple[str, ...]
    migrations: Mapping[str, str]
    sql: str

    def for_schema(self, schema: str) -> str:
        """The statements for one schema; a name is quoted in identifiers and inside `'…'::regclass` alike."""
        return self.sql.replace(PLACEHOLDER, f'"{schema}"')

    def render(self) -> str:
        facts = [f"-- apps: {' '.join(self.apps)}"]
        facts += [f"-- migration: {name} {digest}" for name, digest in sorted(self.migrations.items())]
        body = "\n".join([*facts, "", self.sql])
        return f"{_HEAD}-- digest: {_digest(body)}\n{body}"


def parse(text: str) -> Template:
    """Raises `DamagedTemplate` when the text is not as it was written."""
    _, mark, rest = text.partition("-- digest: ")
    digest, _, body = rest.partition("\n")
    if not mark or digest != _digest(body):
        raise DamagedTemplate
    facts, _, sql = body.partition("\n\n")
    apps, *migrations = facts.splitlines()
    names = dict(line.removeprefix("-- migration: ").split(" ") for line in migrations)
    return Template(apps=tuple(apps.removeprefix("-- apps: ").split(" ")), migrations=names, sql=sql)


def from_dump(dump: str, *, apps: Iterable[str], migrations: Mapping[str, str], applied: Iterable[str]) -> Template:
    """The template in a dump of `DUMPED_SCHEMA`, with `applied` as its history of migrations, in this order.

    The history is written here, not taken from the dump: its times would make each dump another.
    """
    if PLACEHOLDER in dump:
        raise ValueError(f"The schema holds the text {PLACEHOLDER}, which stands for the business's name here.")
    # Before the first heading stand settings of the session; schema and grants come from roles.sql.
    statements = _HEADING.sub("\n", _RESTRICTION.sub("", dump[dump.index("--\n-- Name: ") :]))
    body = _DUMPED_NAME.sub(PLACEHOLDER, statements.replace(f"\nCREATE SCHEMA {DUMPED_SCHEMA};\n", "\n")).strip()
    if DUMPED_SCHEMA in body:
        raise ValueError("The dump names its schema where no name of a table follows.")
    rows = ",\n".join(
        f"    ({number}, '{app}', '{name}', now())"
        for number, (app, _, name) in enumerate((each.partition(".") for each in applied), start=1)
    )
    history = f"INSERT INTO {PLACEHOLDER}.django_migrations (id, app, name, applied) VALUES\n{rows};"
    return Template(apps=tuple(apps), migrations=dict(migrations), sql=f"{body}\n{history}\n")


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
