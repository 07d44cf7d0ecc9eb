"""A person who is erased is nowhere; everybody else, also of the same name next door, is as before."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress

from calls import events
from calls.erasing.names import ERASED
from calls.events import Kind
from calls.models import Call, CallConsent, CallEvent, Recording, Report, ReportState
from coaching.types import Card, Channel, Lane, Moment, MomentState, Signal, SignalKind
from salespilot.quickstart.processes import wait_until
from tenants.audit.models import Action, AuditLine, Via
from tenants.audit.services import record
from tenants.context import Business, business_scope
from tenants.erasure import certificates
from tenants.members.models import ApiKey, Member
from tests import services
from tests.conftest import ClientFor, MakeMember
from tests.erasure.commands import command, files_with, immovable, keys_with, rows_with, var
from tests.erasure.people import (
    GONE,
    STAYS,
    columns_with,
    file_of,
    heard_call,
    plant_both,
    silent_ms,
    spoken,
)
from tests.stranger.planted import digest_of
from tests.tenants.upgrades import OwnerProcess, Ran

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed_db", "_clean")]
REP, CUSTOMER = Channel.REP, Channel.CUSTOMER


@pytest.fixture
def _clean() -> Iterator[None]:
    yield
    for folder in (var() / "audio", var() / "exports"):
        for file in folder.rglob("*"):
            if file.is_file():
                file.unlink()


def erase_customer(as_owner: OwnerProcess, *options: str, name: str = GONE) -> Ran:
    return as_owner.run("erase_person", "acme", "--customer", name, "--yes", name, *options)


def erase_member(as_owner: OwnerProcess, member: Member, *options: str) -> Ran:
    return as_owner.run("erase_person", "acme", "--member", member.email, "--yes", member.email, *options)


def certificate() -> dict[str, object]:
    (path,) = (var() / "exports" / "certificates").glob("person-*.json")
    assert certificates.is_whole(path)
    content: dict[str, object] = json.loads(path.read_text())
    return content


def test_a_customer_in_every_column_is_nowhere_and_the_others_stay(
    as_owner: OwnerProcess, acme: Business, globex: Business, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_both(monkeypatch, acme, member("rep", name="Somebody", email="somebody@example.com"))
    plant_both(monkeypatch, globex, member("rep", name="Somebody", email="s@example.com", business=globex))
    before, theirs = columns_with(acme, STAYS), digest_of(globex)
    assert columns_with(acme, GONE) == before
    assert len(before) > 45
    kept = var() / "exports" / str(acme.id) / "2027-01-01.zip"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"PK")

    done = erase_customer(as_owner)

    assert done.status == 0, done.err
    assert columns_with(acme, GONE) == set()
    assert rows_with(GONE, schemas="acme") == []
    # An address with a name in it goes whole.
    assert columns_with(acme, STAYS) == before - {"house.branding.mail_reply_to", "house.branding.support_email"}
    assert digest_of(globex) == theirs
    assert not kept.exists()
    assert files_with(GONE) == []
    assert keys_with(GONE) == []
    assert GONE not in json.dumps(certificate())


def test_the_content_of_a_customers_calls_goes_and_the_call_stays_for_the_bill(
    as_owner: OwnerProcess, acme: Business, member: MakeMember
) -> None:
    rep = member("rep")
    with business_scope(acme):
        call = heard_call(rep, (Kind.LINE, spoken(CUSTOMER, "I am Vera", 0)), business=acme, customer="vera GONE")
        CallConsent.objects.create(
            call=call, mode="ask", answer="yes", wording="May I?", given_by="customer", recorded_by_id=rep.pk
        )
        other = heard_call(rep, (Kind.LINE, spoken(CUSTOMER, "I am Otto", 0)), business=acme, customer=STAYS)
        file, others = file_of(call), file_of(other).read_bytes()
        times = Call.objects.values_list("started_at", "ended_at", "member_id", "channels").get(pk=call.pk)

    done = erase_customer(as_owner)

    assert done.status == 0, done.err
    assert not file.exists()
    with business_scope(acme):
        left = Call.objects.get(pk=call.pk)
        assert (left.customer, left.report_state, left.log_deleted_at is None) == ("", ReportState.NONE, False)
        assert Call.objects.values_list("started_at", "ended_at", "member_id", "channels").get(pk=call.pk) == times
        for model in (CallEvent, Recording, Report):
            assert not model.objects.filter(call=call).exists()
            assert model.objects.filter(call=other).exists()
        assert CallConsent.objects.values_list("answer", "wording").get(call=call) == ("yes", "")
        assert file_of(other).read_bytes() == others
        line = AuditLine.objects.get(action=Action.ERASED)
        assert line.detail["calls"] == [str(call.pk)]
        assert "era" not in json.dumps(line.detail).replace("erase", "")
    again = erase_customer(as_owner)
    assert (again.status, again.out.strip()) == (0, "Nothing of this name is here.")


def test_a_name_said_on_another_call_is_silence_there_and_nowhere_else(
    as_owner: OwnerProcess, acme: Business, member: MakeMember
) -> None:
    with business_scope(acme):
        rep = member("rep")
        timed = heard_call(
            rep, (Kind.LINE, spoken(CUSTOMER, "Ask my boss Vera Gone, please", 1_000)), business=acme,
            summary=f"They named {GONE}.",
        )  # fmt: skip
        untimed = heard_call(
            rep, (Kind.LINE, spoken(REP, "Is vera gone there?", 2_000, has_words=False)), business=acme
        )

    done = erase_customer(as_owner)

    assert done.status == 0, done.err
    with business_scope(acme):
        payload = CallEvent.objects.get(call=timed, kind="line").payload
        assert payload["text"] == f"Ask my boss {ERASED}, please"
        assert [word[0] for word in payload["words"]] == ["Ask", "my", "boss", ERASED, "please"]
        assert Report.objects.get(call=timed).summary == f"They named {ERASED}."
        # The two words from 2.5 to 3.5 s, and a tenth of a second around them.
        assert silent_ms(timed, CUSTOMER) == (2_400, 3_600)
        assert silent_ms(timed, REP) is None
        assert CallEvent.objects.get(call=untimed, kind="line").payload["text"] == f"Is {ERASED} there?"
        assert silent_ms(untimed, REP) == (1_900, 4_100)
        assert silent_ms(untimed, CUSTOMER) is None


def test_of_two_customers_of_one_name_the_chosen_calls_go(
    as_owner: OwnerProcess, acme: Business, member: MakeMember
) -> None:
    with business_scope(acme):
        rep = member("rep")
        line = (Kind.LINE, spoken(CUSTOMER, "Vera Gone here", 0))
        mine, namesake = (heard_call(rep, line, business=acme, customer=GONE) for _ in range(2))
        nameless = heard_call(rep, line, business=acme)
        stranger = heard_call(rep, line, business=acme, customer=STAYS)
    refused = erase_customer(as_owner, "--call", str(stranger.pk))
    assert refused.status == 1
    assert "Another customer's name" in refused.err

    done = erase_customer(as_owner, "--call", str(mine.pk), "--call", str(nameless.pk))

    assert done.status == 0, done.err
    with business_scope(acme):
        assert Call.objects.get(pk=namesake.pk).customer == GONE
        assert CallEvent.objects.get(call=namesake, kind="line").payload["text"] == "Vera Gone here"
        assert silent_ms(namesake, CUSTOMER) is None
        assert not CallEvent.objects.filter(call__in=[mine, nameless]).exists()


def test_a_dry_run_counts_and_changes_nothing(as_owner: OwnerProcess, acme: Business, member: MakeMember) -> None:
    with business_scope(acme):
        rep = member("rep")
        heard_call(rep, (Kind.LINE, spoken(CUSTOMER, "Hello", 0)), business=acme, customer=GONE)
        heard_call(rep, (Kind.LINE, spoken(CUSTOMER, "I know Vera Gone", 0)), business=acme)
    before = digest_of(acme)
    done = erase_customer(as_owner, "--dry-run")
    assert done.status == 0, done.err
    assert [line.split(maxsplit=1) for line in done.out.splitlines()[1:]] == [
        ["1", "own calls"],
        ["2", "events of own calls"],
        ["1", "recordings of own calls"],
        ["1", "reports of own calls"],
        ["1", "rows elsewhere: lines"],
    ]
    assert digest_of(acme) == before


def test_a_call_that_runs_is_a_reason_to_refuse(as_owner: OwnerProcess, acme: Business, member: MakeMember) -> None:
    with business_scope(acme):
        rep = member("rep")
        call = Call.objects.create(member=rep, customer=GONE)
    before = digest_of(acme)
    for done in (erase_customer(as_owner), erase_member(as_owner, rep)):
        assert done.status == 1
        assert f"A call is running: {call.pk}" in done.err
    assert digest_of(acme) == before


def test_a_recording_that_can_not_be_written_is_said_and_the_next_run_completes(
    as_owner: OwnerProcess, acme: Business, member: MakeMember
) -> None:
    with business_scope(acme):
        rep = member("rep")
        own = heard_call(rep, (Kind.LINE, spoken(CUSTOMER, "Hello", 0)), business=acme, customer=GONE)
        other = heard_call(rep, (Kind.LINE, spoken(CUSTOMER, "I know Vera Gone", 0)), business=acme)
        files = [file_of(own), file_of(other)]
    with immovable(files[0]), immovable(files[1]):
        stopped = erase_customer(as_owner)
    assert stopped.status == 1
    assert str(own.pk) in stopped.err
    assert str(other.pk) in stopped.err
    with business_scope(acme):
        assert Call.objects.get(pk=own.pk).customer == GONE
        assert CallEvent.objects.get(call=other, kind="line").payload["text"] == "I know Vera Gone"
        assert not AuditLine.objects.filter(action=Action.ERASED).exists()
    done = erase_customer(as_owner)
    assert done.status == 0, done.err
    with business_scope(acme):
        assert silent_ms(other, CUSTOMER) == (900, 2_100)
    assert not files[0].exists()
    assert certificate()["runs"] == 2


def test_a_member_is_nowhere_by_name_and_the_customer_is_still_heard(
    as_owner: OwnerProcess, acme: Business, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    rep = member("rep", name=GONE, email="vera@example.com")
    twin = member("rep", name=GONE, email="vera@example.com", business=globex)
    boss = member("manager", name=STAYS)
    client = client_for(rep)
    with business_scope(acme):
        ApiKey.issue(member=rep, name="crm")
        record(Action.EXPORTED, actor=rep, via=Via.WEB, subject="costs")
        own = heard_call(
            rep,
            (Kind.LINE, spoken(REP, "We cost ten", 0)),
            (Kind.LINE, spoken(CUSTOMER, "That is a lot Vera Gone", 3_000)),
            (Kind.SIGNAL, _signal("r1", REP, "We cost ten")),
            (Kind.SIGNAL, _signal("c1", CUSTOMER, "That is a lot")),
            (Kind.MOMENT, _moment("r1", "We cost ten")),
            (Kind.MOMENT, _moment("c1", "That is a lot")),
            (Kind.CARD, _card(Lane.MODEL, "You said ten")),
            (Kind.CARD, _card(Lane.INSTANT, "Pays back")),
            business=acme,
        )
        Report.objects.filter(call=own).update(
            moments=[dict(_moment("r1", "We cost ten"))], key_points=[{"text": "Ten", "start_ms": 0}]
        )
        theirs = heard_call(
            boss,
            (Kind.NOTE, events.note(note_id="n", text="Ask for more", author=GONE)),
            (Kind.NOTE, events.note(note_id="m", text="Well done", author=STAYS)),
            business=acme,
        )
        loud = file_of(own).read_bytes()
    mail, other_mail = (var() / "mail" / name for name in ("a.eml", "b.eml"))
    mail.parent.mkdir(exist_ok=True)
    mail.write_text("To: Vera <vera@example.com>\n\nHello")
    other_mail.write_text("To: Vera <vera@example.com.au>\n\nHello")

    done = erase_member(as_owner, rep)

    assert done.status == 0, done.err
    assert "costs (web)" in done.out
    assert rows_with(GONE, schemas="acme") == rows_with("vera@example", schemas="acme") == []
    assert client.get("/account/").status_code == 302
    assert (mail.exists(), other_mail.exists()) == (False, True)
    other_mail.unlink()
    with business_scope(acme):
        left = Member.objects.get(pk=rep.pk)
        assert (left.name, left.email, left.is_active) == (
            f"Erased member {rep.pk}", f"erased-{rep.pk}@erased.invalid", False,
        )  # fmt: skip
        assert not ApiKey.objects.filter(member=left).exists()
        assert not EmailAddress.objects.filter(user_id=rep.pk).exists()
        lines = {line["channel"]: line for line in _payloads(own, Kind.LINE)}
        assert (lines["rep"]["text"], lines["rep"]["words"]) == (ERASED, [])
        assert lines["customer"]["text"] == f"That is a lot {ERASED}"
        assert [each["quote"] for each in _payloads(own, Kind.SIGNAL)] == [ERASED, "That is a lot"]
        assert [each["quote"] for each in _payloads(own, Kind.MOMENT)] == [ERASED, "That is a lot"]
        assert [each["say"] for each in _payloads(own, Kind.CARD)] == [ERASED, "Pays back"]
        assert _payloads(own, Kind.CALL_STARTED)[0]["member"] == left.name
        report = Report.objects.get(call=own)
        assert (report.summary, report.origin, report.key_points) == ("", "erased", [])
        assert report.moments[0]["quote"] == ERASED
        notes = [(note["text"], note["author"]) for note in _payloads(theirs, Kind.NOTE)]
        assert notes == [(ERASED, left.name), ("Well done", STAYS)]
        now = file_of(own).read_bytes()
        assert now[0::4] == now[1::4] == bytes(len(loud) // 4)
        # The customer's channel, but where they said the name.
        assert silent_ms(own, CUSTOMER) == (4_900, 6_100)
        assert AuditLine.objects.get(action=Action.EXPORTED).actor_name == left.name
        # In no team any more, so no manager's to see.
        page = client_for(member("admin")).get(f"/calls/{own.pk}/report/").content.decode()
        assert "The summary was erased" in page
    with business_scope(globex):
        assert Member.objects.filter(pk=twin.pk, name=GONE, email="vera@example.com", is_active=True).exists()
    again = erase_member(as_owner, rep)
    assert again.status == 1
    assert "no member with this address" in again.err


def test_on_one_channel_all_of_a_members_recording_is_silence(
    as_owner: OwnerProcess, acme: Business, member: MakeMember
) -> None:
    rep = member("rep", name=GONE)
    with business_scope(acme):
        call = heard_call(rep, (Kind.LINE, spoken(REP, "Both of us", 0)), business=acme, channels=1)
    done = erase_member(as_owner, rep)
    assert done.status == 0, done.err
    with business_scope(acme):
        assert not any(file_of(call).read_bytes())


def test_a_run_that_is_killed_half_way_is_completed_by_the_next(
    as_owner: OwnerProcess, acme: Business, member: MakeMember
) -> None:
    with business_scope(acme):
        rep = member("rep")
        line = (Kind.LINE, spoken(CUSTOMER, "Hello", 0))
        calls = [heard_call(rep, line, business=acme, customer=GONE) for _ in range(40)]
        files = [file_of(call) for call in calls]
    running = subprocess.Popen(
        command("erase_person", "acme", "--customer", GONE, "--yes", GONE),
        cwd=services.ROOT,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_half_way() -> bool:
        return 0 < sum(file.exists() for file in files) < len(files)

    assert wait_until(lambda: is_half_way() or running.poll() is not None, seconds=60, every=0.002)
    running.kill()
    running.wait()
    assert is_half_way()
    done = erase_customer(as_owner)
    assert done.status == 0, done.err
    assert not any(file.exists() for file in files)
    with business_scope(acme):
        assert not Call.objects.filter(customer__iexact=GONE).exists()
        assert not CallEvent.objects.filter(call__in=calls).exists()
        assert AuditLine.objects.filter(action=Action.ERASED).count() == 1
    content = certificate()
    # The call that was treated when the run was killed may not have been written down as done.
    assert len(content["calls"]) in {39, 40}  # type: ignore[arg-type]
    assert content["runs"] == 2


def test_the_last_admin_stays(as_owner: OwnerProcess, acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    before = digest_of(acme)
    done = erase_member(as_owner, admin)
    assert done.status == 1
    assert "last active admin" in done.err
    assert digest_of(acme) == before


def test_the_wrong_word_changes_nothing(as_owner: OwnerProcess, acme: Business, member: MakeMember) -> None:
    rep = member("rep", name=GONE)
    before = digest_of(acme)
    done = as_owner.run("erase_person", "acme", "--member", rep.email, "--yes", "somebody@example.com")
    assert done.status == 1
    assert "nothing was changed" in done.err
    assert digest_of(acme) == before


def _signal(signal_id: str, channel: Channel, quote: str) -> events.Payload:
    return events.signal(Signal(signal_id, SignalKind.PRICE, "price", channel, 0.9, quote, 0, 500))


def _moment(signal_id: str, quote: str) -> events.Payload:
    return events.moment(
        Moment(f"m-{signal_id}", signal_id, SignalKind.PRICE, "price", MomentState.RAISED, quote, 0, 500)
    )


def _card(lane: Lane, say: str) -> events.Payload:
    return events.card(Card(f"card-{lane}", lane, SignalKind.PRICE, "Price", say, "", "price", 500))


def _payloads(call: Call, kind: Kind) -> list[dict[str, object]]:
    return list(CallEvent.objects.filter(call=call, kind=kind).order_by("seq").values_list("payload", flat=True))
