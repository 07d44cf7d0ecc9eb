"""A business with something in every table: a call with log, report and recording, a brand, prompts, a playbook."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile

from calls.live.recording import relative_path, storage_root
from calls.models import Call, Recording
from calls.reports import write_report
from coaching.models import PromptPurpose
from coaching.playbook_versions import publish_first
from coaching.prompt_versions import Wording, publish_text
from coaching.services import apply_pack
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import Business, business_scope
from tenants.house.models import Branding
from tenants.house.pictures import redraw, store
from tenants.members.models import ApiKey, Member
from tenants.sealing import seal
from tenants.signin.models import Provider
from tests.branding.pictures import picture, png
from tests.conftest import MakeMember
from tests.reports.written import ended_call

PCM = bytes(range(256)) * 500
ODD = 'a "quoted" \\ back\\nslash\ttab\nline — 𝄞, and =1+1'


@dataclass(frozen=True)
class Full:
    business: Business
    rep: Member
    admin: Member
    call: Call
    key: str


def fill(business: Business, member: MakeMember) -> Full:
    """Committed rows and real files; `Full.key` is an API key."""
    rep, admin = member("rep", business=business, name="Rep Riley"), member("admin", business=business)
    with business_scope(business):
        apply_pack("b2b_software", publish=False)
        publish_first("Test")
        publish_text(Wording(PromptPurpose.LIVE, "Ask before you argue.", note=ODD))
        _, key = ApiKey.issue(member=rep, name="crm")
        _sign_in(rep)
        _pictures()
        call = ended_call(rep, customer=ODD)
        assert write_report(call.pk)
        path = relative_path(business.id, call.pk)
        Recording.objects.create(call=call, path=path, channels=2, stored_samples=len(PCM) // 4)
        (storage_root() / path).parent.mkdir(parents=True, exist_ok=True)
        (storage_root() / path).write_bytes(PCM)
        record(Action.CALL_VIEWED, actor=admin, via=Via.WEB, subject="call", subject_id=call.pk)
    return Full(business, rep, admin, call, key)


def _sign_in(rep: Member) -> None:
    Authenticator.objects.create(user=rep, type="totp", data={"secret": seal("JBSWY3DP", purpose="second factor")})
    Authenticator.objects.create(user=rep, type="webauthn", data={"name": "key", "credential": {"id": "x"}})
    Provider.objects.create(name="Login", secret_sealed=seal("hunter2", purpose="sso"), domains=["example.com"])


def _pictures() -> None:
    row = Branding.objects.get(pk=1)
    row.product_name = "=Acme, moved"
    for kind, content in (("logo", png()), ("icon", picture(size=(400, 400)))):
        setattr(row, kind, store(row, kind, redraw(kind, SimpleUploadedFile("x.png", content))))
    row.save()
