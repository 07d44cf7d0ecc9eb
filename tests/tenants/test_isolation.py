"""Every way one business's data could reach another, tried for real. Nothing here may ever be deleted."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from channels.db import database_sync_to_async
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction
from django.db.utils import DatabaseError

from tenants.context import PUBLIC, Business, NoBusiness, business_scope, current, public_scope
from tenants.members.models import Member
from tenants.postgresql.roles import role_name
from tests import services
from tests.conftest import MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def both(acme: Business, globex: Business, member: MakeMember) -> tuple[Business, Business]:
    """Ada works at acme, Grace at globex."""
    member("rep", name="Ada")
    member("rep", business=globex, name="Grace")
    return acme, globex


def names() -> list[str]:
    return [person.name for person in Member.objects.all()]


EXPECTED = {"acme": ["Ada"], "globex": ["Grace"]}


def test_tests_run_as_the_application_and_inside_a_business_as_its_role(acme: Business) -> None:
    share = services.worker()
    with business_scope(acme), connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user, current_schema()")
        assert cursor.fetchone() == (services.app(share), role_name(services.database(share), "acme"), "acme")


def test_a_query_without_a_business_is_refused() -> None:
    with pytest.raises(NoBusiness):
        Member.objects.count()


def test_a_new_thread_starts_without_a_business(acme: Business) -> None:
    with business_scope(acme), ThreadPoolExecutor(1) as pool, pytest.raises(NoBusiness):
        pool.submit(Member.objects.count).result()


def test_a_new_connection_does_not_change_the_callers_business(both: tuple[Business, Business]) -> None:
    acme, _ = both
    with business_scope(acme):
        connection.close()
        assert names() == ["Ada"]
        assert current() == acme


def test_each_business_sees_its_own_members(both: tuple[Business, Business]) -> None:
    for business in (*both, *both):
        with business_scope(business):
            assert names() == EXPECTED[business.schema_name]


async def test_a_queryset_read_on_the_loop_stays_in_its_business(both: tuple[Business, Business]) -> None:
    turn = asyncio.Barrier(2)

    async def read(business: Business) -> list[str]:
        with business_scope(business):
            await turn.wait()
            found = []
            async for person in Member.objects.all():
                await turn.wait()
                found.append(person.name)
            return found

    assert await asyncio.gather(*map(read, both)) == [["Ada"], ["Grace"]]


@pytest.mark.parametrize("is_one_thread", [True, False])
async def test_forty_tasks_at_once_each_read_their_own_business(
    both: tuple[Business, Business], is_one_thread: bool
) -> None:
    async def read(business: Business) -> bool:
        with business_scope(business):
            for _ in range(5):
                found = await database_sync_to_async(names, thread_sensitive=is_one_thread)()
                if found != EXPECTED[business.schema_name]:
                    return False
                await asyncio.sleep(0)
        return True

    assert all(await asyncio.gather(*(read(both[number % 2]) for number in range(40))))


def test_threads_that_share_the_pool_each_read_their_own_business(both: tuple[Business, Business]) -> None:
    start = threading.Barrier(8)

    def read(number: int) -> bool:
        business = both[number % 2]
        start.wait()
        with business_scope(business):
            for _ in range(25):
                if names() != EXPECTED[business.schema_name]:
                    return False
                connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(8)))


def test_after_a_rollback_the_business_is_set_again(both: tuple[Business, Business]) -> None:
    acme, globex = both
    with business_scope(globex):
        names()
    with business_scope(acme):
        with suppress(ZeroDivisionError), transaction.atomic():
            names()
            raise ZeroDivisionError
        assert names() == ["Ada"]
    with business_scope(globex):
        assert names() == ["Grace"]


def test_after_a_savepoint_rollback_the_business_is_set_again(both: tuple[Business, Business]) -> None:
    acme, globex = both
    with transaction.atomic():
        with business_scope(globex):
            assert names() == ["Grace"]
        with business_scope(acme), suppress(ZeroDivisionError), transaction.atomic():
            assert names() == ["Ada"]
            raise ZeroDivisionError
        with business_scope(globex):
            assert names() == ["Grace"]
        with business_scope(acme):
            assert names() == ["Ada"]


def test_a_failed_transaction_does_not_carry_its_business_on(both: tuple[Business, Business]) -> None:
    acme, globex = both
    with business_scope(globex), transaction.atomic(), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="division by zero"):
            cursor.execute("SELECT 1 / 0")
        with business_scope(acme), pytest.raises(DatabaseError, match="transaction is aborted"):
            run("SELECT 1")
        transaction.set_rollback(True)
    with business_scope(acme):
        assert names() == ["Ada"]


def test_another_schemas_table_is_denied_by_name(both: tuple[Business, Business]) -> None:
    with business_scope(both[0]), pytest.raises(ProgrammingError, match="permission denied for schema globex"):
        run("SELECT name FROM globex.members_member")


def test_setting_the_path_to_another_schema_shows_nothing(both: tuple[Business, Business]) -> None:
    with business_scope(both[0]), connection.cursor() as cursor:
        cursor.execute("SET search_path TO globex")
        with pytest.raises(ProgrammingError, match=r"does not exist|permission denied"):
            cursor.execute("SELECT name FROM members_member")
    connection.close()


def test_without_a_business_the_login_role_reads_no_business(both: tuple[Business, Business]) -> None:
    with public_scope(), pytest.raises(ProgrammingError, match="permission denied for schema acme"):
        run("SELECT name FROM acme.members_member")


@pytest.mark.parametrize(
    "table", ["members_member", "django_session", "django_admin_log", "django_migrations", "auth_permission"]
)
def test_a_business_does_not_read_the_installations_tables(acme: Business, table: str) -> None:
    with business_scope(acme), pytest.raises(ProgrammingError, match="permission denied for table"):
        run(f"SELECT * FROM public.{table}")


def test_a_business_reads_prices_and_writes_none(acme: Business) -> None:
    with business_scope(acme):
        run("SELECT * FROM rates_price")
        with pytest.raises(ProgrammingError, match="permission denied"):
            run("UPDATE rates_price SET micros = 0")


def test_a_business_can_not_become_another_through_a_function(acme: Business) -> None:
    other = role_name(services.database(services.worker()), "globex")
    with business_scope(acme), pytest.raises(ProgrammingError, match="permission denied for function set_config"):
        run("SELECT name FROM members_member UNION SELECT set_config('role', %s, false)", [other])


@pytest.mark.parametrize("parameters", [None, ["nobody"]])
def test_stacked_statements_are_refused(acme: Business, parameters: list[str] | None) -> None:
    where = "name = %s" if parameters else "true"
    with business_scope(acme), pytest.raises(ProgrammingError, match="cannot insert multiple commands"):
        run(
            f"SELECT 1 FROM members_member WHERE {where}; RESET ROLE; SELECT name FROM globex.members_member",
            parameters,
        )


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE stolen (x int)",
        "CREATE TEMPORARY TABLE stolen (x int)",
        "CREATE FUNCTION stolen() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA stolen",
        "DROP TABLE members_apikey",
        "TRUNCATE members_apikey",
        "UPDATE django_migrations SET name = 'stolen'",
    ],
)
@pytest.mark.parametrize("scope", ["acme", "public"])
def test_nobody_but_the_owner_changes_the_shape_of_things(
    businesses: dict[str, Business], scope: str, statement: str
) -> None:
    with (
        business_scope(businesses.get(scope, PUBLIC)),
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
    ):
        run(statement)


def test_a_missing_role_fails_the_query_and_the_connection_recovers(both: tuple[Business, Business]) -> None:
    half_made = Business(id=999, schema_name="half_made", name="Half made")
    with business_scope(half_made), pytest.raises(DatabaseError, match="does not exist"):
        names()
    with business_scope(both[0]):
        assert names() == ["Ada"]


@pytest.mark.parametrize("schema", ['acme", "globex', "acme; RESET ROLE", "pg_catalog", ""])
def test_a_schema_name_is_never_sql(schema: str) -> None:
    with business_scope(Business(id=1, schema_name=schema, name="x")), pytest.raises((ValidationError, DatabaseError)):
        names()


def test_a_connection_goes_back_to_the_pool_as_nobody(both: tuple[Business, Business]) -> None:
    with business_scope(both[0]):
        names()
        pool = connection.pool  # type: ignore[attr-defined]
        connection.close()
    for _ in range(pool.get_stats()["pool_size"]):
        with pool.connection() as raw:
            assert raw.execute("SELECT current_user = session_user, current_setting('search_path')").fetchone() == (
                True,
                '"$user", public',
            )


def test_content_types_are_remembered_per_business(both: tuple[Business, Business]) -> None:
    try:
        for business, number in zip(both, (6001, 7001), strict=True):
            with business_scope(business):
                ContentType.objects.create(id=number, app_label="probe", model="probe")
        numbers = []
        for business in (*both, *both):
            with business_scope(business):
                numbers.append(ContentType.objects.get_by_natural_key("probe", "probe").pk)
        assert numbers == [6001, 7001, 6001, 7001]
    finally:
        for business in both:
            with business_scope(business):
                ContentType.objects.filter(app_label="probe").delete()
        ContentType.objects.clear_cache()


async def test_a_cache_entry_written_on_the_loop_belongs_to_its_business(acme: Business, globex: Business) -> None:
    async def write(business: Business) -> None:
        with business_scope(business):
            await cache.aset("plan", business.name)

    await asyncio.gather(write(acme), write(globex))
    with business_scope(acme):
        assert await cache.aget("plan") == "Acme Cloud"
    with business_scope(globex):
        assert await cache.aget("plan") == "Globex Solar"


def test_the_cache_needs_a_business() -> None:
    with pytest.raises(NoBusiness):
        cache.set("plan", "whose?")


def run(statement: str, parameters: list[str] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
