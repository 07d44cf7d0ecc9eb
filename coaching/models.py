"""The business's coaching material: playbook, knowledge and immutable prompt versions."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from coaching.types import Channel, SignalKind

KINDS = [(kind.value, kind.value.replace("_", " ").capitalize()) for kind in SignalKind]


class Play(models.Model):
    """When → what to show. A phrase matches on word boundaries; `re:` starts a regular expression."""

    key = models.SlugField(unique=True)
    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=KINDS)
    topic = models.SlugField(max_length=40)
    channel = models.CharField(
        max_length=10,
        choices=[("", "Either side"), *((channel.value, channel.value.capitalize()) for channel in Channel)],
        default=Channel.CUSTOMER.value,
        blank=True,
    )
    patterns = models.TextField(help_text="One phrase a line, as customers say it; re: starts a regular expression.")
    unless = models.TextField(blank=True, help_text="Phrases that stop this play, one a line.")
    say = models.CharField(max_length=240, help_text="The sentence to say, in the rep's own voice.")
    why = models.CharField(max_length=160, blank=True)
    priority = models.PositiveSmallIntegerField(default=50)
    cooldown_s = models.PositiveSmallIntegerField(default=60, help_text="Seconds before the same play may show again.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["-priority", "key"]

    def __str__(self) -> str:
        return self.title


class Knowledge(models.Model):
    """One approved fact: the only material a card may claim from."""

    key = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    body = models.TextField()
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "knowledge"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


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
    """An immutable text with settings. The published version of a purpose is the newest `published_at`."""

    purpose = models.CharField(max_length=10, choices=PromptPurpose.choices)
    number = models.PositiveIntegerField(editable=False)
    system = models.TextField(verbose_name="instructions")
    temperature = models.FloatField(default=0.3)
    note = models.CharField(max_length=200, blank=True, help_text="What changed, for your colleagues.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["purpose", "-number"]
        constraints = [models.UniqueConstraint(fields=["purpose", "number"], name="coaching_prompt_number")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: a version never changes; `services.publish` sets `published_at` by UPDATE."""
        if not self._state.adding:
            raise ValidationError("A prompt version never changes: save a new version instead.")
        super().save(*args, **kwargs)
