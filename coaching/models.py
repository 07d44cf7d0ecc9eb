"""The business's coaching material: its playbook as it is edited, and immutable versions of it and of prompts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models
from django.utils import timezone

from coaching.handbook import MAX_TITLE
from coaching.types import (
    LIVE_LIMITS,
    REPORT_LIMITS,
    Channel,
    Example,
    FactKind,
    Limits,
    Match,
    Prompt,
    SignalKind,
    Trigger,
)
from coaching.types import Knowledge as KnowledgeValue

MAX_FACT = 600
FACT_KINDS = [(kind.value, kind.value.capitalize()) for kind in FactKind]
KINDS = [(kind.value, kind.value.replace("_", " ").capitalize()) for kind in SignalKind]
TRIGGERS = [
    (Trigger.SAID.value, "Something is said"),
    (Trigger.NOT_SAID.value, "Something has not been said in time"),
    (Trigger.ELAPSED.value, "Time has passed"),
]
MATCHES = [(Match.ANY.value, "One phrase or signal is enough"), (Match.ALL.value, "Both: a phrase and a signal")]


class Play(models.Model):
    """When → what to show, as the admin edits it; calls use it once it is published. `coaching.types.Play` says more.

    `signals` is one subject a line, `since`, `before` and `after` are one subject or empty: `price`,
    `objection/price`. `coaching.handbook.check_play` says what makes sense.
    """

    key = models.SlugField(unique=True, help_text="A short name that stays, for files and logs.")
    title = models.CharField("headline", max_length=MAX_TITLE, help_text="At most 12 words.")
    kind = models.CharField(max_length=20, choices=KINDS, help_text="What the card is about.")
    topic = models.SlugField(max_length=40, help_text="Narrows the kind: price, timing, contract … One short word.")
    trigger = models.CharField("shows when", max_length=10, choices=TRIGGERS, default=Trigger.SAID.value)
    match = models.CharField("needs", max_length=5, choices=MATCHES, default=Match.ANY.value)
    channel = models.CharField(
        "said by",
        max_length=10,
        choices=[("", "Either side"), *((channel.value, channel.value.capitalize()) for channel in Channel)],
        default=Channel.CUSTOMER.value,
        blank=True,
    )
    patterns = models.TextField(
        "phrases",
        blank=True,
        help_text="One a line, as people say it. “too expensive” also finds “too expensively”; * stands for up to "
        "three words; re: starts a regular expression.",
    )
    signals = models.TextField(blank=True)
    unless = models.TextField("unless", blank=True, help_text="Phrases that stop this play when they are said with it.")
    since = models.CharField("counted from", max_length=80, blank=True)
    within_s = models.PositiveSmallIntegerField("seconds", default=0, help_text="120 is two minutes.")
    before = models.CharField("only before", max_length=80, blank=True)
    after = models.CharField("only after", max_length=80, blank=True)
    from_s = models.PositiveSmallIntegerField("not before second", default=0, help_text="0: from the start.")
    until_s = models.PositiveSmallIntegerField("not after second", default=0, help_text="0: to the end of the call.")
    say = models.TextField(help_text="In the rep's own voice: one line or two, at most 160 characters each.")
    question = models.CharField(max_length=160, blank=True, help_text="One to ask after it. May stay empty.")
    why = models.CharField(max_length=160, blank=True, help_text="The reason in a few words; reps learn from it.")
    source = models.CharField(
        max_length=160,
        blank=True,
        help_text="Where it is from: the key of a fact in your knowledge, or your own words.",
    )
    priority = models.PositiveSmallIntegerField(default=50, help_text="0 to 100. Of two cards the higher one is shown.")
    cooldown_s = models.PositiveSmallIntegerField(
        "rest, in seconds", default=60, help_text="So long the same play is not shown again."
    )
    once_per_call = models.BooleanField("at most once in a call", default=False)
    is_active = models.BooleanField("switched on", default=True)

    class Meta:
        ordering = ["-priority", "key"]

    def __str__(self) -> str:
        return self.title


class Knowledge(models.Model):
    """One short fact with its source: once approved, and until it expires, cards may claim it."""

    key = models.SlugField(unique=True, help_text="A short name that stays, for files and logs.")
    kind = models.CharField(max_length=12, choices=FACT_KINDS, default=FactKind.OTHER.value)
    title = models.CharField(max_length=120, help_text="What the fact is about. Reps see it below the card.")
    body = models.TextField(
        verbose_name="fact",
        validators=[MaxLengthValidator(MAX_FACT)],
        help_text=f"One to three short sentences, at most {MAX_FACT} characters. Cards quote it.",
    )
    source = models.CharField(
        max_length=160, blank=True, help_text="Where it is from: a document, a page, a person. Reps see it."
    )
    source_url = models.CharField(
        verbose_name="link to the source",
        max_length=300,
        blank=True,
        validators=[URLValidator(schemes=["https"], message="Give a link that begins with https://.")],
    )
    valid_until = models.DateField(
        null=True, blank=True, help_text="The last day on which it may be used. Empty: until you change it."
    )
    is_active = models.BooleanField(default=True, verbose_name="switched on")
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = "fact"
        verbose_name_plural = "knowledge"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def as_value(self) -> KnowledgeValue:
        """The fact as the pure code and a file know it."""
        return KnowledgeValue(
            key=self.key,
            title=self.title,
            body=self.body,
            kind=FactKind(self.kind),
            source=self.source,
            source_url=self.source_url,
            valid_until=self.valid_until,
        )


class Competitor(models.Model):
    name = models.CharField(max_length=80, unique=True)
    also_known_as = models.TextField(blank=True, help_text="Other spellings, one a line.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Keyterm(models.Model):
    """A word that recognition should know: names, products, jargon."""

    text = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


class PromptPurpose(models.TextChoices):
    LIVE = "live", "Live cards"
    REPORT = "report", "Report"


class PromptVersion(models.Model):
    """A prompt with its settings. A draft may be edited; once tested or published it never changes again.

    `frozen_at` marks that moment: from then on Postgres refuses to change or delete the row (0002). `revision`
    counts the edits of a draft, so that two people at one draft notice each other. Write through
    `coaching.prompt_versions`.
    """

    purpose = models.CharField(max_length=10, choices=PromptPurpose.choices)
    number = models.PositiveIntegerField(editable=False)
    system = models.TextField(verbose_name="instructions")
    examples = models.JSONField(default=list, blank=True)
    temperature = models.FloatField(default=0.3)
    model = models.CharField(max_length=60, blank=True)
    max_output_tokens = models.PositiveIntegerField(null=True, blank=True)
    deadline_ms = models.PositiveIntegerField(null=True, blank=True)
    max_requests = models.PositiveIntegerField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    frozen_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["purpose", "-number"]
        constraints = [models.UniqueConstraint(fields=["purpose", "number"], name="coaching_prompt_number")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: drafts are edited by `prompt_versions.change_draft`, which looks whether they still are."""
        if not self._state.adding:
            raise ValidationError("A prompt version never changes: save a new version instead.")
        super().save(*args, **kwargs)

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    def as_value(self) -> Prompt:
        """The version as the live path uses it; limits left empty are the usual ones."""
        usual = LIVE_LIMITS if self.purpose == PromptPurpose.LIVE else REPORT_LIMITS
        return Prompt(
            version_id=self.pk,
            system=self.system,
            temperature=self.temperature,
            number=self.number,
            examples=tuple(Example(row["heard"], row["say"]) for row in self.examples),
            model=self.model,
            limits=Limits(
                max_output_tokens=self.max_output_tokens or usual.max_output_tokens,
                deadline_ms=self.deadline_ms or usual.deadline_ms,
                max_requests=usual.max_requests if self.max_requests is None else self.max_requests,
            ),
        )


class PromptPublication(models.Model):
    """A version went into use: which, when, by whom and why. The newest of a purpose is the one in use.

    `number` counts a purpose's publications: two at once want the same number, and one of them gets it. Rows are
    added, never changed; Postgres sees to it (0002).
    """

    version = models.ForeignKey(PromptVersion, models.PROTECT, related_name="publications")
    purpose = models.CharField(max_length=10, choices=PromptPurpose.choices)
    number = models.PositiveIntegerField()
    is_rollback = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["purpose", "-number"]
        constraints = [models.UniqueConstraint(fields=["purpose", "number"], name="coaching_publication_once")]

    def __str__(self) -> str:
        return f"{self.version} in use since {self.published_at:%Y-%m-%d %H:%M}"


class PlaybookVersion(models.Model):
    """A published playbook: plays, facts, competitors and keyterms as they stood. The highest number is in use.

    `content` is `coaching.handbook.as_mapping`. Going back repeats an earlier one: `restored` is its number. Rows are
    added, never changed; Postgres sees to it (0002). Write through `coaching.playbook_versions`.
    """

    number = models.PositiveIntegerField(unique=True)
    content = models.JSONField()
    restored = models.PositiveIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Playbook v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("A published playbook never changes: publish a new version instead.")
        super().save(*args, **kwargs)
