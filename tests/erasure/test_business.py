"""A business that is erased is nowhere: looked for in the whole server, all folders and all of Redis."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache

from calls.models import Call
from salespilot.quickstart.processes import wait_until
from tenants.context import Business, business_scope, public_scope
from tenants.erasure import certificates
from tenants.members.models import Member
from tenants.postgresql.roles import role_name
from tests import services
from tests.conftest import MakeMember
from tests.erasure.commands import command, files_with, immovable, keys_with, manage, rows_with, var
from tests.erasure.conftest import SCHEMA, Doomed
from tests.owner import connect
from tests.stranger.planted import digest_of, plant
from tests.tenants.upgrades import OwnerProcess, Ran

# Each starts processes, which takes its time on a busy machine.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


def certificate_of(doomed: Doomed) -> Path:
    return var() / "exports" / "certificates" / f"business-{SCHEMA}-{doomed.business.id}.json"


# Without the wait for other processes, of which there are none here; `test_live.py` has some.
RUN = """
import os
import signal
import sys
import django

django.setup()
from django.core.management import execute_from_command_line
from tenants.context import public_scope
from tenants.erasure import business, certificates, database, folders, stores

PLACES = {"database": database, "folders": folders, "stores": stores, "certificates": certificates}


def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


database.LOCK_WAIT_MS, business.SETTLE_S = 300, 0.0
place, _, name = sys.argv[1].partition(".")
if name:
    setattr(PLACES[place], name, die)
with public_scope():
    execute_from_command_line(["manage.py", *sys.argv[2:]])
"""


def erase(*options: str, die_before: str = "") -> Ran:
    """The command without its wait; killed by itself when it comes to the function `die_before`."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN, die_before, "erase_business", SCHEMA, "--yes", SCHEMA, *options],
        cwd=services.ROOT,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def erase_again(as_owner: OwnerProcess) -> Ran:
    """The command as it is."""
    return as_owner.run("erase_business", SCHEMA, "--yes", SCHEMA)


def is_nowhere(doomed: Doomed) -> bool:
    role = role_name(services.database(services.worker()), SCHEMA)
    with connect() as asking:
        roles = asking.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchall()
        schemas = asking.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchall()
    everywhere = [*rows_with(doomed.canary), *files_with(doomed.canary), *keys_with(doomed.canary), *roles, *schemas]
    assert everywhere == []
    assert keys_with(f":{SCHEMA}:") == []
    assert not any(file.exists() for file in doomed.files)
    return True


def test_nothing_is_left_anywhere_and_the_other_business_is_the_same_to_the_byte(
    doomed: Doomed, globex: Business, member: MakeMember
) -> None:
    plant(globex, member("rep", business=globex, name="Gil Globex", email="gil@globex.example"))
    stranger = var() / "audio" / f"b{globex.id}" / "a.pcm"
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_bytes(b"theirs")
    with business_scope(globex):
        cache.set("brand", "theirs")
    # Planted with the same words: only what is theirs may be found afterwards.
    theirs, before = [name for name in rows_with(doomed.canary) if ".globex." in name], digest_of(globex)
    assert theirs
    assert rows_with(doomed.canary, schemas=SCHEMA)

    done = erase()

    assert done.status == 0, done.err
    assert rows_with(doomed.canary) == theirs
    assert files_with(doomed.canary) == keys_with(f":{SCHEMA}:") == []
    assert digest_of(globex) == before
    assert stranger.read_bytes() == b"theirs"
    with business_scope(globex):
        assert cache.get("brand") == "theirs"
    stranger.unlink()


def test_the_certificate_says_what_was_there_and_that_it_was_asked_again(doomed: Doomed) -> None:
    done = erase()
    assert done.status == 0, done.err
    assert is_nowhere(doomed)
    path = certificate_of(doomed)
    assert certificates.is_whole(path)
    content = json.loads(path.read_text())
    assert content["erased"]["rows_by_table"]["calls_call"] == 1
    assert content["erased"]["files_by_place"]["kept archives"] == {"files": 1, "bytes": 1000}
    # Two keys of the test, and the task that waits.
    assert content["erased"]["keys_and_queued_tasks"] >= 3
    assert all(check["ok"] for check in content["checks"])
    assert len(content["checks"]) >= 8
    assert [line["what"] for line in content["exports_handed_out"]] == ["costs"]
    assert doomed.canary not in path.read_text() + path.with_suffix(".txt").read_text()
    assert "Handed out:" in done.out
    assert f"{doomed.canary} Rep" in done.out

    changed = path.read_text().replace('"runs": 1', '"runs": 2')
    path.write_text(changed)
    assert not certificates.is_whole(path)


def test_a_run_that_is_killed_while_tables_go_is_completed_by_the_next(doomed: Doomed, as_owner: OwnerProcess) -> None:
    with connect() as owner:
        for number in range(300):
            owner.execute(f"CREATE TABLE {SCHEMA}.many_{number} (id int PRIMARY KEY, t text)")
    running = subprocess.Popen(
        command("erase_business", SCHEMA, "--yes", SCHEMA),
        cwd=services.ROOT,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with connect() as asking:

        def tables() -> int:
            row = asking.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [SCHEMA]).fetchone()
            return int(row[0]) if row else 0

        whole = tables()
        assert wait_until(lambda: 0 < tables() < whole or running.poll() is not None, seconds=60, every=0.005)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert 0 < tables() < whole
    assert doomed.files[0].exists()
    refused = as_owner.run("create_business", SCHEMA, "--name", "Again", "--host", "again.localhost")
    assert refused.status == 1
    assert "is being erased" in refused.err

    again = erase_again(as_owner)

    assert again.status == 0, again.err
    assert "Going on with the erasure begun" in again.out
    assert is_nowhere(doomed)
    content = json.loads(certificate_of(doomed).read_text())
    # What was there before the first run, not what the second one still found.
    assert content["erased"]["rows_by_table"]["calls_callevent"] == 1
    assert content["runs"] == 2


def test_a_file_that_can_not_be_removed_is_said_and_the_next_run_completes_it(
    doomed: Doomed, as_owner: OwnerProcess
) -> None:
    stuck = doomed.files[0]
    with immovable(stuck):
        done = erase()
        assert done.status == 1
        assert str(stuck) in done.err
        assert "run it again" in done.err
        assert not certificate_of(doomed).exists()
        assert not doomed.files[1].exists()
    assert erase_again(as_owner).status == 0
    assert is_nowhere(doomed)


@pytest.mark.parametrize(
    "step", ["database.close", "database.drop_schema", "folders.remove", "database.drop_role", "certificates.write"]
)
def test_killed_before_any_step_the_next_run_completes(doomed: Doomed, as_owner: OwnerProcess, step: str) -> None:
    assert erase(die_before=step).status == -signal.SIGKILL
    assert not certificate_of(doomed).exists()
    done = erase_again(as_owner)
    assert done.status == 0, done.err
    assert is_nowhere(doomed)
    assert certificates.is_whole(certificate_of(doomed))
    content = json.loads(certificate_of(doomed).read_text())
    assert content["erased"]["rows_by_table"]["calls_call"] == 1
    assert content["erased"]["files_by_place"]["kept archives"]["files"] == 1


def test_without_the_name_typed_nothing_happens(doomed: Doomed, as_owner: OwnerProcess) -> None:
    nobody_there = manage("erase_business", SCHEMA)
    wrong = as_owner.run("erase_business", SCHEMA, "--yes", "globex")
    for status, words in ((nobody_there.returncode, nobody_there.stderr), (wrong.status, wrong.err)):
        assert status == 1
        assert "nothing was changed" in words
    assert all(file.exists() for file in doomed.files)
    with business_scope(doomed.business):
        assert cache.get("brand") == doomed.canary


def test_running_calls_are_a_reason_to_refuse(doomed: Doomed, as_owner: OwnerProcess) -> None:
    with business_scope(doomed.business):
        Call.objects.create(member=doomed.planted.rep)
    done = erase_again(as_owner)
    assert done.status == 1
    assert "1 calls are running" in done.err
    assert all(file.exists() for file in doomed.files)
    with business_scope(doomed.business):
        assert Member.objects.get(pk=doomed.planted.rep.pk).is_active


def test_a_business_made_by_halves_goes_and_the_operators_stay(fresh: Business, operator: Callable[[], Member]) -> None:
    who = operator()
    with connect() as owner:
        owner.execute(f"DROP TABLE {SCHEMA}.members_member CASCADE")
    done = erase()
    assert done.status == 0, done.err
    with public_scope():
        assert Member.objects.get(pk=who.pk).is_active


def test_an_unknown_name_is_said(committed_db: None, as_owner: OwnerProcess) -> None:
    for name in ("nobody", "public"):
        done = as_owner.run("erase_business", name, "--yes", name)
        assert done.status == 1
        assert "There is no business" in done.err


def test_a_transaction_that_holds_a_table_stops_it_and_the_next_run_completes(
    doomed: Doomed, as_owner: OwnerProcess
) -> None:
    with connect() as holding, holding.transaction():
        holding.execute(f"SELECT 1 FROM {SCHEMA}.calls_call")
        stopped = erase()
    assert stopped.status == 1
    assert "Something still works with this business's tables" in stopped.err
    assert doomed.files[0].exists()
    done = erase_again(as_owner)
    assert done.status == 0, done.err
    assert is_nowhere(doomed)
