"""What a business allows on its calls: one row of policies, and its counsel's word on consent by place."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from tenants.consent.rules import Mode, standard_rules

FIFTY_YEARS_DAYS = 18_263
FOUR_WEEKS_HOURS = 672


class Redaction(models.TextChoices):
    """Names as the speech service knows them (Deepgram's `redact`). calls/redaction takes out what it misses."""

    PCI = "pci", "Card and bank account numbers, dates of cards, security codes"
    SSN = "ssn", "Social security and other national numbers"
    NUMBERS = "numbers", "All longer numbers"


class Listener(models.TextChoices):
    """Who may play a recording."""

    REP = "rep", "Reps: their own calls"
    MANAGER = "manager", "Managers: the calls they may see"
    ADMIN = "admin", "Admins: all calls"


def everyone() -> list[str]:
    return [listener.value for listener in Listener]


def card_numbers() -> list[str]:
    return [Redaction.PCI.value]


def known_place(value: str) -> None:
    if not standard_rules().knows(value):
        raise ValidationError("There is no such place: choose one of the list.")


def _days(name: str, default: int, what: str) -> Any:
    return models.PositiveIntegerField(
        f"{name}, days",
        default=default,
        validators=[MaxValueValidator(FIFTY_YEARS_DAYS)],
        help_text=f"{what} 0 keeps it for good. Holds from the next night on, also for calls that are there already.",
    )


def _from_percent(name: str) -> Any:
    return models.PositiveSmallIntegerField(
        name,
        default=0,
        db_default=0,
        validators=[MaxValueValidator(100)],
        help_text="Shown from this probability on, in percent. 0: from where nine of ten were right when it was "
        "measured. Holds for calls that start from now on.",
    )


class Policy(models.Model):
    """Exactly one row (id 1). Each `help_text` says what the field does and from when on; code that obeys it reads
    it through `tenants.house.policies`.
    """

    home_place = models.CharField(
        "where your reps are",
        max_length=10,
        blank=True,
        validators=[known_place],
        help_text="The rule of this place counts for every call, beside the customer's. Empty: only the customer's "
        "place counts. Holds for calls that start from now on.",
    )
    customers_place = models.CharField(
        "where your customers are",
        max_length=10,
        blank=True,
        validators=[known_place],
        help_text="Taken when a call does not say where the customer is. Empty: not known, so the customer is asked "
        "as the strictest rule wants. Holds for calls that start from now on.",
    )
    keep_recording = models.BooleanField(
        "record the audio",
        default=True,
        help_text="On: the audio of calls is kept, so that gaps can be transcribed later and calls can be heard "
        "again. Off: audio is transcribed and forgotten. Holds for calls that start from now on.",
    )
    recordings_heard_by = ArrayField(
        models.CharField(max_length=10, choices=Listener.choices),
        default=everyone,
        blank=True,
        verbose_name="who may play recordings",
        help_text="Nobody checked: recordings only serve to fill gaps of the transcript. Holds at once, for all calls.",
    )
    redact = ArrayField(
        models.CharField(max_length=10, choices=Redaction.choices),
        default=card_numbers,
        blank=True,
        verbose_name="what is blanked out",
        help_text="Taken out of everything that is said, whoever recognised it, and of notes and customers' names, "
        "before it is shown, kept or sent to a language model; the recording falls silent there after the call. Words "
        "for numbers are understood in English, digits in any language. No machine finds all. Holds for calls that "
        "start from now on.",
    )
    audio_days = _days("recordings", 180, "So many days after a call its recording is deleted.")
    log_days = _days(
        "transcripts and logs",
        730,
        "So many days after a call its transcript and the rest of its log are deleted, the whole of it.",
    )
    report_days = _days("reports", 1095, "So many days after a call its report is deleted.")
    audit_days = _days(
        "audit log",
        2555,
        "So many days after they were written, lines of the audit log may be deleted. The program that runs your "
        "calls has no right to do so: the operator does it by a command of the database's owner.",
    )
    allow_model_cards = models.BooleanField(
        "cards from the language model",
        default=True,
        help_text="Off: all cards come from your playbook, and nothing said on a call goes to a language model while "
        "it runs. Holds for calls that start from now on.",
    )
    allow_browser_speech = models.BooleanField(
        "speech recognition in the browser",
        default=True,
        help_text="On: while the speech service is away, the rep's browser may recognise the rep's side; some "
        "browsers send the sound to their maker for that. Off: what nobody can recognise is transcribed later. "
        "Holds for calls that start from now on.",
    )
    allow_live_watching = models.BooleanField(
        "watching calls as they happen",
        default=True,
        help_text="Off: managers and admins see a colleague's call only after it has ended. Holds at once; who "
        "watches a call is sent away within seconds.",
    )
    rep_first_hours = models.PositiveSmallIntegerField(
        "reps see it first, hours",
        default=0,
        validators=[MaxValueValidator(FOUR_WEEKS_HOURS)],
        help_text="So many hours after a call only its rep sees the transcript, the report and the recording; then the "
        "managers of the rep's teams and the admins do too. The rep may release them sooner on the report's page. An "
        "admin may as well: that is noted in the audit log. 0 lets them see it at once. Watching a call while it runs "
        "has its own switch. Holds at once, also for calls that are there already.",
    )
    customer_sentiment = models.BooleanField(
        "figures of the customer's mood",
        default=True,
        help_text="From the customer's words, never from voices and never of the rep. Off in the European Union "
        "unless you switch it on. Holds for reports written from now on.",
    )
    budget_per_day_cents = models.PositiveIntegerField(
        "budget of a day, in US cents",
        default=0,
        help_text="5000 is $50.00; 0 is no budget. A day (UTC) that costs more is marked on the billing page. Nothing "
        "is stopped. Holds at once.",
    )
    budget_per_call_cents = models.PositiveIntegerField(
        "budget of a call, in US cents",
        default=0,
        help_text="100 is $1.00; 0 is no budget. A call that costs more is marked on the billing page. Nothing is "
        "stopped. Holds at once.",
    )
    cards_per_10_minutes = models.PositiveSmallIntegerField(
        default=6, help_text="At most so many cards in ten minutes. Holds for calls that start from now on."
    )
    seconds_between_cards = models.PositiveSmallIntegerField(
        default=20, help_text="So long is at least between two cards. Holds for calls that start from now on."
    )
    price_objection_from_percent = _from_percent("objections to the price")
    timing_objection_from_percent = _from_percent("objections to the time")
    authority_objection_from_percent = _from_percent("“others decide”")
    need_objection_from_percent = _from_percent("“we do not need it”")
    trust_objection_from_percent = _from_percent("doubts")
    competitor_objection_from_percent = _from_percent("“others serve us”")
    buying_signal_from_percent = _from_percent("buying signals")

    class Meta:
        verbose_name_plural = "policies"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="house_policy_single_row")]

    def __str__(self) -> str:
        return "Call policy"


class ConsentOverride(models.Model):
    """Counsel's word for one place, in front of the rule that comes with the program."""

    place = models.CharField(max_length=10, unique=True, validators=[known_place])
    mode = models.CharField(
        max_length=10,
        blank=True,
        choices=[
            (Mode.ONE_PARTY.value, "Nothing has to be asked"),
            (Mode.ANNOUNCE.value, "Tell the customer; who stays agrees"),
            (Mode.ASK.value, "Ask the customer; yes or no"),
        ],
        help_text="Empty: as the rule says. Holds for calls that start from now on.",
    )
    wording = models.TextField(
        max_length=600,
        blank=True,
        help_text="What the rep says. {business} becomes your name, {what} becomes “recorded and transcribed” or "
        "“transcribed”. Empty: the words that come with the program. Holds for calls that start from now on.",
    )
    basis = models.CharField(
        max_length=200, help_text="Who decided this, when and why: for example “Counsel, 3 May 2027, opinion 12”."
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "consent rule of your own"
        verbose_name_plural = "consent rules of your own"
        ordering = ["place"]

    def __str__(self) -> str:
        return standard_rules().name_of(self.place)

    def clean(self) -> None:
        if not self.mode and not self.wording:
            raise ValidationError("Choose another mode, or write another wording: this changes nothing.")


def today() -> date:
    """The day whose rules count."""
    return timezone.now().date()
