"""The business's audit log: who looked at, took out or changed what. Rows are added, never changed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone


class Action(models.TextChoices):
    """What an audit line tells of. Add here before recording anything new."""

    CALL_VIEWED = "call_viewed", "Looked at a call"
    CALL_WATCHED = "call_watched", "Watched a call live"
    AUDIO_PLAYED = "audio_played", "Played a recording"
    EXPORTED = "exported", "Exported data"
    IMPORTED = "imported", "Imported data"
    ERASED = "erased", "Erased data"
    PROMPT_CHANGED = "prompt_changed", "Changed a prompt"
    PLAYBOOK_CHANGED = "playbook_changed", "Changed the playbook"
    POLICY_CHANGED = "policy_changed", "Changed a policy"
    BRAND_CHANGED = "brand_changed", "Changed the brand"
    MEMBER_CHANGED = "member_changed", "Changed a member"
    ROLES_CHANGED = "roles_changed", "Changed a member's roles"
    TEAM_CHANGED = "team_changed", "Changed a team"
    KEY_CHANGED = "key_changed", "Issued or revoked an API key"
    ACCESS_CHANGED = "access_changed", "Changed how members sign in"
    REPORT_RELEASED = "report_released", "Released an own report"
    REPORT_REWRITTEN = "report_rewritten", "Had a report written again"
    OVERRIDDEN = "overridden", "Overrode a decision"


class Via(models.TextChoices):
    WEB = "web", "Web app"
    ADMIN = "admin", "Admin"
    API = "api", "API"
    SOCKET = "socket", "Socket"
    COMMAND = "command", "Command line"
    TASK = "task", "Background task"


class AuditLine(models.Model):
    """One act. `subject` and `subject_id` name the thing (`call`, its id); `detail` holds ids and names of fields.

    Never transcript, prompt text, secrets or what a person said. Postgres refuses UPDATE and DELETE to the
    business's role (tenants/postgresql/roles.sql).
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    actor_id = models.BigIntegerField(null=True, editable=False)
    actor_name = models.CharField(max_length=100, blank=True, editable=False)
    via = models.CharField(max_length=10, choices=Via.choices, editable=False)
    action = models.CharField(max_length=20, choices=Action.choices, editable=False)
    subject = models.CharField(max_length=40, editable=False)
    subject_id = models.CharField(max_length=64, blank=True, editable=False)
    subject_name = models.CharField(max_length=120, blank=True, editable=False)
    detail = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["-at"], name="audit_line_newest"),
            models.Index(fields=["actor_id", "-at"], name="audit_line_by_actor"),
            models.Index(fields=["subject", "subject_id", "-at"], name="audit_line_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or 'System'}: {self.get_action_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("An audit line never changes.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:  # noqa: ARG002
        raise ValidationError("An audit line is never deleted.")
