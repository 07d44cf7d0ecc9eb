"""Keys of a business's own at the vendors: entered by its admins, tried at once, sealed, and nobody's else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from coaching.llm.base import ModelError
from coaching.llm.choice import get_card_model
from coaching.llm.tips import GuardedModel
from salespilot.quickstart.processes import free_port
from tenants.audit.models import Action, AuditLine
from tenants.context import Business, business_scope
from tenants.house import vendor_keys
from tenants.house.models import VendorKeys
from tests.conftest import ClientFor, MakeMember
from tests.vendors.deepgram import Emulator
from tests.vendors.openai import OpenAIServer

PAGE = "/admin/house/vendorkeys/1/change/"
KEY = "acmes-own-secret-key-4711"

pytestmark = pytest.mark.usefixtures("rolled_back")


@pytest.fixture
def deepgram(settings: Any) -> Iterator[Emulator]:
    """The vendor, on a loop of its own thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    emulator = Emulator()
    asyncio.run_coroutine_threadsafe(emulator.__aenter__(), loop).result(20)
    settings.DEEPGRAM_BASE_URL = emulator.url
    yield emulator
    asyncio.run_coroutine_threadsafe(emulator.__aexit__(None, None, None), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


@pytest.fixture
def admin(member: MakeMember, client_for: ClientFor) -> Client:
    return client_for(member("admin"))


def save(client: Client, **fields: str) -> Any:
    client.get("/admin/house/vendorkeys/")
    blank = {"speech_key": "", "model_key": "", "speech_slots_max": ""}
    return client.post(PAGE, {**blank, **fields}, follow=True)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_key_goes_in_is_tried_and_never_comes_out(deepgram: Emulator, admin: Client) -> None:
    page = text(save(admin, speech_key=KEY, speech_slots_max="12"))
    assert deepgram.asked_keys == [f"Token {KEY}"]
    assert "which ends in 4711" in page
    assert KEY not in page
    assert KEY not in text(admin.get(PAGE))
    row = VendorKeys.objects.get()
    assert KEY not in row.speech_sealed
    found = vendor_keys.speech_key()
    assert found is not None
    assert (found.key, found.slots_max) == (KEY, 12)
    assert KEY not in repr(found)


def test_who_changed_it_is_written_down_without_the_key(deepgram: Emulator, admin: Client) -> None:
    save(admin, speech_key=KEY)
    save(admin, remove_speech_key="on")
    lines = list(AuditLine.objects.filter(action=Action.POLICY_CHANGED, subject="vendorkeys").order_by("id"))
    assert [line.detail["fields"] for line in lines] == [["speech_key"], ["remove_speech_key"]]
    assert KEY not in str([line.__dict__ for line in lines])
    assert vendor_keys.speech_key() is None
    assert VendorKeys.objects.get().speech_ending == ""


def test_a_refused_key_says_so_and_the_present_one_stays(deepgram: Emulator, admin: Client) -> None:
    save(admin, speech_key=KEY)
    deepgram.refused_keys.add("Token some-other-key-0815")
    answer = save(admin, speech_key="some-other-key-0815")
    assert "Deepgram refuses this key" in text(answer)
    assert "some-other-key-0815" not in text(answer)
    found = vendor_keys.speech_key()
    assert found is not None
    assert found.key == KEY


def test_a_vendor_that_does_not_answer_is_no_reason_to_refuse(admin: Client, settings: Any) -> None:
    settings.DEEPGRAM_BASE_URL = f"http://127.0.0.1:{free_port()}"
    assert "could not be checked" in text(save(admin, speech_key=KEY))
    assert vendor_keys.speech_key() is not None


def test_other_fields_are_saved_without_asking_anybody(deepgram: Emulator, admin: Client) -> None:
    save(admin, speech_key=KEY)
    save(admin, speech_slots_max="3")
    found = vendor_keys.speech_key()
    assert found is not None
    assert (found.key, found.slots_max) == (KEY, 3)
    assert len(deepgram.asked_keys) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"speech_key": "short"},
        {"speech_key": "with a blank inside it"},
        {"speech_key": "line\nbreak-in-a-header"},
        {"speech_key": KEY, "remove_speech_key": "on"},
        {"speech_slots_max": "0"},
    ],
)
def test_what_makes_no_sense_is_not_saved_and_not_sent(
    deepgram: Emulator, admin: Client, fields: dict[str, str]
) -> None:
    assert save(admin, **fields).context["adminform"].form.errors
    assert vendor_keys.speech_key() is None
    assert deepgram.asked_keys == []


def test_another_business_sees_and_uses_nothing_of_it(
    deepgram: Emulator, admin: Client, member: MakeMember, client_for: ClientFor, globex: Business
) -> None:
    save(admin, speech_key=KEY)
    sealed = VendorKeys.objects.get().speech_sealed
    with business_scope(globex):
        stranger = client_for(member("admin", business=globex))
        page = text(stranger.get("/admin/house/vendorkeys/", follow=True))
        assert "4711" not in page
        assert "The installation&#x27;s key" in page
        assert vendor_keys.speech_key() is None
        VendorKeys.objects.update(speech_sealed=sealed, speech_ending="4711")
        assert vendor_keys.speech_key() is None, "what another business sealed does not open"
        assert "Enter it again" in text(stranger.get(PAGE))


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_only_admins_come_near_it(role: str, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member(role))
    assert client.get(PAGE).status_code in {302, 403}
    assert client.post(PAGE, {"speech_key": KEY}).status_code in {302, 403}
    assert not VendorKeys.objects.exists()


def test_a_model_key_of_its_own_is_the_one_its_calls_ask_with(admin: Client, settings: Any) -> None:
    settings.OPENAI_API_KEY = "of-the-installation"
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    assert "could not be checked" in text(save(admin, model_key=KEY))
    with OpenAIServer(key=KEY) as vendor:
        settings.OPENAI_BASE_URL = vendor.url
        own, shared = get_card_model(1, vendor_keys.model_key()), get_card_model(2)
        assert isinstance(own, GuardedModel)
        assert isinstance(shared, GuardedModel)
        asyncio.run(warmed_up(own))
        with pytest.raises(ModelError, match="refused"):
            asyncio.run(warmed_up(shared))


async def warmed_up(model: GuardedModel) -> None:
    await model.warm_up()
