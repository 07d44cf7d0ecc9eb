"""What a business looks like. One row, in the business's own schema."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models

from tenants.storage import brand_storage, icon_path, logo_dark_path, logo_path

hex_colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write a colour as #rrggbb, for example #0f766e.")
sender_name = RegexValidator(r"^[^<>\"@\x00-\x1f]*$", 'Write a name, without @, quotation marks, "<" and ">".')
_is_https = URLValidator(schemes=["https"])

PICTURE_HELP = "PNG, JPEG or WebP, at most 512 KB and 2,000 pixels on a side."


def https_address(value: str) -> None:
    """A whole https address without a user name, which could make it look like another host's."""
    try:
        _is_https(value)
        is_plain = "@" not in value.split("/")[2]
    except ValidationError:
        is_plain = False
    if not is_plain:
        raise ValidationError("Write the whole address, for example https://www.example.com/imprint.")


class Branding(models.Model):
    """Name, colours, pictures, mail and legal links: on every screen and in every mail. Exactly one row (id 1)."""

    product_name = models.CharField(
        max_length=60, default="Sales Pilot", help_text="Stands in the head of every page, in mails and in exports."
    )
    tagline = models.CharField(max_length=120, blank=True, help_text="One line under the name on the sign-in page.")
    support_email = models.EmailField(
        "support address", blank=True, help_text="Shown where something went wrong, and in mails."
    )
    logo = models.ImageField(upload_to=logo_path, storage=brand_storage, blank=True, help_text=PICTURE_HELP)
    logo_dark = models.ImageField(
        "logo on dark",
        upload_to=logo_dark_path,
        storage=brand_storage,
        blank=True,
        help_text="For dark screens. Without one the logo above is used there too.",
    )
    icon = models.ImageField(
        upload_to=icon_path,
        storage=brand_storage,
        blank=True,
        help_text="For browser tabs and home screens: a square of at least 180 pixels. Without one it is made from "
        "your colour.",
    )
    colour = models.CharField(
        max_length=7, default="#1d4ed8", validators=[hex_colour], help_text="All shades are made from this one."
    )
    accent = models.CharField(
        max_length=7,
        blank=True,
        validators=[hex_colour],
        help_text="For the customer's side in charts. Empty: made from your colour.",
    )
    mail_sender = models.CharField(
        "sender's name",
        max_length=60,
        blank=True,
        validators=[sender_name],
        help_text="Who mails seem to come from. Empty: the product name.",
    )
    mail_reply_to = models.EmailField(
        "answers go to", blank=True, help_text="Empty: to the support address, if there is one."
    )
    mail_footer = models.TextField(
        "footer of mails", max_length=500, blank=True, help_text="Company, address and whatever your law asks for."
    )
    imprint_url = models.CharField("imprint", max_length=300, blank=True, validators=[https_address])
    privacy_url = models.CharField("privacy notice", max_length=300, blank=True, validators=[https_address])
    terms_url = models.CharField("terms of use", max_length=300, blank=True, validators=[https_address])

    class Meta:
        verbose_name_plural = "branding"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="house_branding_single_row")]

    def __str__(self) -> str:
        return self.product_name
