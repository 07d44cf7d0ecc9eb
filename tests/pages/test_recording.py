"""The recording of a call: who hears it, by which pieces, what is noted, and what the page says without one."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from calls.live.recording import relative_path, storage_root
from calls.models import Call, Recording
from tenants.audit.models import AuditLine
from tenants.context import Business, require_tenant
from tenants.house.models import Policy
from tenants.members.models import Member
from tests.conftest import ClientFor, MakeMember
from tests.pages.conftest import MakeCall

PCM = bytes(range(256)) * 1_000
Record = Callable[[Call], Call]


@pytest.fixture
def record(rolled_back: None, tmp_path: Path, settings: Settings) -> Record:
    """`record(call)`: the call's sound is stored, two channels of `PCM`."""
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}/audio"

    def make(call: Call) -> Call:
        path = relative_path(require_tenant().id, call.pk)
        Recording.objects.create(call=call, path=path, channels=2, stored_samples=len(PCM) // 4)
        file = storage_root() / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PCM)
        return call

    return make


@pytest.fixture
def ada(rolled_back: None, member: MakeMember) -> Member:
    return member("rep", name="Ada")


@pytest.fixture
def recorded(ada: Member, call_of: MakeCall, record: Record) -> Call:
    return record(call_of(ada, report="model"))


def body_of(answer: Any) -> bytes:
    async def read() -> bytes:
        return b"".join([portion async for portion in answer.streaming_content])

    return async_to_sync(read)()


def sound(client: Client, call: Call, **headers: str) -> tuple[int, bytes]:
    answer = client.get(f"/calls/{call.pk}/recording.wav", headers=headers)
    return answer.status_code, body_of(answer) if answer.streaming else b""


def report_page(client: Client, call: Call) -> str:
    return client.get(f"/calls/{call.pk}/report/").content.decode()


def test_it_is_a_wav_file_of_what_was_stored(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    status, data = sound(client_for(ada), recorded)
    with wave.open(io.BytesIO(data)) as file:
        assert (status, file.getnchannels(), file.readframes(len(PCM))) == (200, 2, PCM)


def test_a_player_gets_the_piece_it_asks_for(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    whole = sound(client_for(ada), recorded)[1]
    answer = client_for(ada).get(f"/calls/{recorded.pk}/recording.wav", headers={"Range": "bytes=20-1019"})
    assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes 20-1019/{len(whole)}")
    assert (answer["Content-Length"], answer["Accept-Ranges"]) == ("1000", "bytes")
    assert body_of(answer) == whole[20:1_020]


def test_pieces_far_apart_are_right_across_portions(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    whole = sound(client_for(ada), recorded)[1]
    for start in (0, 43, 44, 45, 255_990):
        assert sound(client_for(ada), recorded, Range=f"bytes={start}-")[1] == whole[start:]


def test_a_range_of_a_file_that_has_changed_gives_the_whole(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    headers = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert sound(client_for(ada), recorded, **headers)[0] == 200


def test_a_range_behind_the_end_is_416(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    answer = client_for(ada).get(f"/calls/{recorded.pk}/recording.wav", headers={"Range": "bytes=9999999-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(PCM) + 44}")


def test_asking_for_its_size_plays_nothing(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    answer = client_for(ada).head(f"/calls/{recorded.pk}/recording.wav")
    assert (answer.status_code, answer["Content-Length"]) == (200, str(len(PCM) + 44))
    assert not AuditLine.objects.filter(action="audio_played").exists()


def test_playing_it_piece_by_piece_is_one_line(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    for start in (100_000, 0, 5_000):
        sound(client_for(ada), recorded, Range=f"bytes={start}-{start + 999}")
    (line,) = AuditLine.objects.filter(action="audio_played")
    assert (line.actor_name, line.subject, line.subject_id) == ("Ada", "call", str(recorded.pk))


def test_opening_the_report_is_not_playing(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    assert f'src="/calls/{recorded.pk}/recording.wav"' in report_page(client_for(ada), recorded)
    assert not AuditLine.objects.filter(action="audio_played").exists()


@pytest.mark.parametrize(
    ("heard_by", "statuses"),
    [
        (["rep", "manager", "admin"], {"rep": 200, "manager": 200, "admin": 200}),
        (["manager"], {"rep": 403, "manager": 200, "admin": 403}),
        ([], {"rep": 403, "manager": 403, "admin": 403}),
    ],
)
def test_the_policy_says_who_listens(
    recorded: Call,
    ada: Member,
    member: MakeMember,
    client_for: ClientFor,
    heard_by: list[str],
    statuses: dict[str, int],
) -> None:
    Policy.objects.update(recordings_heard_by=heard_by)
    people = {"rep": ada, "manager": member("manager"), "admin": member("admin")}
    assert {role: sound(client_for(who), recorded)[0] for role, who in people.items()} == statuses
    for role, who in people.items():
        page = report_page(client_for(who), recorded)
        assert ("does not let you play this recording" in page) is (statuses[role] == 403)


def test_who_may_not_see_the_call_does_not_hear_it(
    recorded: Call, member: MakeMember, client_for: ClientFor, globex: Business
) -> None:
    people = [member("rep"), member("manager", is_in_team=False), member("billing"), member("admin", business=globex)]
    assert [sound(client_for(who), recorded)[0] for who in people] == [403, 403, 403, 404]
    assert client_for(None).get(f"/calls/{recorded.pk}/recording.wav").status_code == 302
    assert not AuditLine.objects.filter(action="audio_played").exists()


def test_a_call_that_its_rep_sees_first_is_heard_by_nobody_else_before(
    recorded: Call, ada: Member, member: MakeMember, client_for: ClientFor
) -> None:
    Policy.objects.update(rep_first_hours=24)
    statuses = [sound(client_for(who), recorded)[0] for who in (ada, member("manager"), member("admin"))]
    assert statuses == [200, 403, 403]


def test_a_running_call_is_not_heard_yet(ada: Member, call_of: MakeCall, record: Record, client_for: ClientFor) -> None:
    assert sound(client_for(ada), record(call_of(ada)))[0] == 404


def test_the_page_says_that_nothing_was_recorded(ada: Member, call_of: MakeCall, client_for: ClientFor) -> None:
    call = call_of(ada, report="model")
    page = report_page(client_for(ada), call)
    assert ("This call was not recorded." in page, "<audio" in page) == (True, False)
    assert sound(client_for(ada), call)[0] == 404


def test_the_page_says_that_it_was_deleted_by_age(ada: Member, call_of: MakeCall, client_for: ClientFor) -> None:
    Policy.objects.update(audio_days=30)
    call = call_of(ada, report="model")
    Call.objects.filter(pk=call.pk).update(ended_at=timezone.now() - timedelta(days=31))
    assert "The recording was deleted: your business keeps recordings for 30 days." in report_page(
        client_for(ada), call
    )


def test_the_page_says_that_the_file_is_lost(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    (storage_root() / recorded.recording.path).unlink()
    assert "The recording is not where it was stored." in report_page(client_for(ada), recorded)


def test_a_file_that_vanishes_meanwhile_ends_the_answer(recorded: Call, ada: Member, client_for: ClientFor) -> None:
    answer = client_for(ada).get(f"/calls/{recorded.pk}/recording.wav")
    (storage_root() / recorded.recording.path).unlink()
    assert len(body_of(answer)) == 44
