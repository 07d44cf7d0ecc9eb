"""The call, its log and what is made of it afterwards."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class CallState(models.TextChoices):
    OPEN = "open", "In progress"
    ENDED = "ended", "Ended"


class ReportState(models.TextChoices):
    """`due` is set when the call ends; a task claims it by a conditional UPDATE; the sweeper finds the rest."""

    NONE = "none", "None yet"
    DUE = "due", "Due"
    WRITING = "writing", "Being written"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Call(models.Model):
    """One conversation. `epoch` proves ownership: every write of the log carries it, a stale owner's fails."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calls")
    customer = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=20, default="browser")
    channels = models.PositiveSmallIntegerField(default=2)
    state = models.CharField(max_length=10, choices=CallState.choices, default=CallState.OPEN)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, blank=True)
    heard_at = models.DateTimeField(default=timezone.now, help_text="Last sign of life; silent calls are ended.")
    epoch = models.PositiveIntegerField(default=0)
    last_seq = models.PositiveIntegerField(default=0)
    acked_samples = models.PositiveBigIntegerField(default=0)
    report_state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.NONE)
    report_due_at = models.DateTimeField(
        null=True, help_text="When a due report may be claimed; while written, when the claim expires."
    )
    report_attempts = models.PositiveSmallIntegerField(default=0)
    report_error = models.CharField(max_length=12, blank=True, help_text="Error id of the last failed attempt.")
    place = models.CharField(max_length=100, blank=True, help_text="Where the customer is, as far as was said.")
    consent_mode = models.CharField(max_length=10, default="one_party")
    consent_wording = models.TextField(blank=True)
    consent_language = models.CharField(max_length=8, blank=True)
    consent_answer = models.CharField(max_length=10, blank=True)
    consent_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True, help_text="When the rep, or an admin, let managers see the report.")
    log_deleted_at = models.DateTimeField(null=True, help_text="When retention deleted the log, the whole of it.")

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["-started_at"], name="calls_call_newest"),
            models.Index(fields=["member", "-started_at"], name="calls_call_by_member"),
            models.Index(
                fields=["report_due_at"],
                name="calls_call_due",
                condition=models.Q(report_state__in=["due", "writing"]),
            ),
            models.Index(fields=["heard_at"], name="calls_call_open", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.customer or 'Call'} {self.started_at:%Y-%m-%d %H:%M}"


class CallEvent(models.Model):
    """One numbered entry of a call's log. Kinds and payloads: `calls.events`. Append-only."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    payload = models.JSONField()

    class Meta:
        ordering = ["call", "seq"]
        constraints = [models.UniqueConstraint(fields=["call", "seq"], name="calls_event_seq")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class CallConsent(models.Model):
    """One answer of the customer: the proof, whatever becomes of the log. Rows are added, never changed.

    `wording` is what the rep was shown to say; `given_by` is `customer` or `recording`.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="consents")
    mode = models.CharField(max_length=10)
    answer = models.CharField(max_length=10)
    wording = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    place = models.CharField(max_length=100, blank=True)
    given_by = models.CharField(max_length=10)
    recorded_by_id = models.BigIntegerField()
    recorded_by_name = models.CharField(max_length=100)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["call", "id"]

    def __str__(self) -> str:
        return f"{self.answer} ({self.mode})"


class Recording(models.Model):
    """Where a call's audio lies: raw PCM16 at 16 kHz, interleaved, from sample 0 of the capture clock.

    A path that ends in `PASSING` is no recording that anybody keeps: late audio until it is transcribed (`calls.late`).
    """

    PASSING = ".late.pcm"

    call = models.OneToOneField(Call, models.CASCADE, related_name="recording")
    path = models.CharField(max_length=200)
    channels = models.PositiveSmallIntegerField()
    stored_samples = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.stored_samples // 16_000} s"

    @property
    def is_passing(self) -> bool:
        return self.path.endswith(self.PASSING)


class Gap(models.Model):
    """Audio that has no transcript yet."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="gaps")
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    reason = models.CharField(max_length=120)
    repaired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["call", "start_ms"]

    def __str__(self) -> str:
        return f"{self.start_ms}–{self.end_ms} ms"


class Report(models.Model):
    """What is left of a call: the words, the figures with their spans, the cards shown and used."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="report")
    summary = models.TextField()
    origin = models.CharField(max_length=12, help_text="model or extractive")
    model = models.CharField(max_length=60, blank=True)
    prompt_version = models.PositiveIntegerField(
        null=True, help_text="Number of the report prompt that wrote the summary; 0 the built-in text."
    )
    playbook_version = models.PositiveIntegerField(null=True)
    key_points = models.JSONField(default=list)
    next_steps = models.JSONField(default=list)
    moments = models.JSONField(default=list)
    figures = models.JSONField(default=dict)
    cards = models.JSONField(default=list)
    coverage = models.FloatField(null=True)
    written_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Report of {self.call_id}"


class CallInbox(models.Model):
    """What a person asked of a call whose session lives in another process: its owner drains this table.

    The wake-up that tells the owner carries no text. The owner deletes a row in the transaction that
    commits what came of it, so each is done once, also across a take-over. `message` is a
    `ClientMessage` of `types.d.ts`, `{"type": "end"}`, or `{"type": "consent", "payload"}` (`calls.consents`).
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="inbox")
    member_id = models.BigIntegerField()
    member_name = models.CharField(max_length=100)
    is_own_call = models.BooleanField()
    message = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "call inbox"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.message.get('type', '')} for {self.call_id}"


class TrialState(models.TextChoices):
    """`due` until a worker claims it by a conditional UPDATE; the sweeper finds what got lost."""

    DUE = "due", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Trial(models.Model):
    """A test on stored calls that a worker runs piece by piece; `calls.holding` says who.

    `due_at` is when it may be claimed, and while it runs when the claim lapses.
    """

    state = models.CharField(max_length=10, choices=TrialState.choices, default=TrialState.DUE)
    due_at = models.DateTimeField(null=True, default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=12, blank=True, help_text="Error id of the last failed attempt.")
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        abstract = True


class PromptTest(Trial):
    """A prompt version beside the one that was in use, on moments of stored calls. `against` None: the built-in text.

    Run by `calls.prompt_tests`.
    """

    version = models.ForeignKey("coaching.PromptVersion", models.PROTECT, related_name="+")
    against = models.ForeignKey("coaching.PromptVersion", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at"], name="calls_prompt_test_due", condition=models.Q(state__in=["due", "running"])
            )
        ]

    def __str__(self) -> str:
        return f"Test of {self.version}"


class PromptTestMoment(models.Model):
    """One moment of a call in a test, with both answers once they came. The transcript stays in the call's log.

    Deleted with the log: an answer may repeat what was said. A report's test has one row a call, without a signal.
    """

    test = models.ForeignKey(PromptTest, models.CASCADE, related_name="moments")
    call = models.ForeignKey(Call, models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    signal_id = models.CharField(max_length=160, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    topic = models.CharField(max_length=80, blank=True)
    start_ms = models.PositiveIntegerField(default=0)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["test", "number"]
        constraints = [models.UniqueConstraint(fields=["test", "number"], name="calls_test_moment")]

    def __str__(self) -> str:
        return f"Moment {self.number} of test {self.test_id}"


class PlayTest(Trial):
    """A play as it was written at that moment, saved or not, on stored calls beside the rest of the working copy.

    `play` is its mapping as in a playbook file. Run by `calls.play_tests`.
    """

    key = models.CharField(max_length=50)
    title = models.CharField(max_length=80)
    play = models.JSONField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["key", "-id"], name="calls_play_test_of_play"),
            models.Index(
                fields=["due_at"], name="calls_play_test_due", condition=models.Q(state__in=["due", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"Test of “{self.title}”"


class PlayTestCall(models.Model):
    """One call of a test: how often the play fired, was shown, and stood back behind a better one."""

    test = models.ForeignKey(PlayTest, models.CASCADE, related_name="calls")
    call = models.ForeignKey(Call, models.CASCADE, related_name="+")
    done_at = models.DateTimeField(null=True)
    fired = models.PositiveIntegerField(default=0)
    shown = models.PositiveIntegerField(default=0)
    stood_back = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["test", "call"], name="calls_play_test_call")]

    def __str__(self) -> str:
        return f"Call {self.call_id} in test {self.test_id}"


class PlayTestHit(models.Model):
    """One time that the play fired in a test, and whether the admin found it right. What was said stays in the log.

    Deleted with the log.
    """

    test = models.ForeignKey(PlayTest, models.CASCADE, related_name="hits")
    call = models.ForeignKey(Call, models.CASCADE, related_name="+")
    at_ms = models.PositiveIntegerField()
    is_shown = models.BooleanField()
    is_right = models.BooleanField(null=True)
    marked_at = models.DateTimeField(null=True)
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["test", "call", "at_ms"], name="calls_play_test_hit")]

    def __str__(self) -> str:
        return f"Hit at {self.at_ms} ms in test {self.test_id}"
