"""Mail of a business: its name, colours, logo and footer, and links to its own primary host.

A mail is one text, templates/mail/<template>.txt; the HTML beside it is made from that text, so the two never
disagree. In the text an empty line begins a paragraph, and a line that is only an address becomes a button.
"""

from __future__ import annotations

import logging
import secrets
import smtplib
from collections.abc import Mapping
from email.mime.image import MIMEImage
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from tenants.branding import Brand, get_brand, open_picture
from tenants.context import Business, business_scope, current, public_scope
from tenants.mail_text import paragraphs
from tenants.models import Domain

log = logging.getLogger(__name__)

LOGO_ID = "logo"


class MailNotSent(Exception):
    """The mail server did not take the mail. `retryable`: the same mail may pass later."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(f"The mail could not be sent: {reason}.")
        self.retryable = retryable


class NoAddress(RuntimeError):
    """A business without a primary host: no link can be made to it."""

    def __init__(self, business: Business) -> None:
        super().__init__(f"{business.schema_name} has no primary host. Set one in the operators' admin, under Domains.")


def send_mail(
    *, to: str, subject: str, template: str, context: Mapping[str, Any], business: Business | None = None
) -> None:
    """Sends one mail at once, in the brand of `business` (default: the current one; Sales Pilot's own on the public
    host and outside any).

    `template` names templates/mail/<template>.txt, which gets `context` and `brand`; `context["action"]` are the
    words on its button ("Open" without). Waits for the server at most `EMAIL_TIMEOUT` seconds. Raises `MailNotSent`.
    """
    with business_scope(business or current()):
        message = _message(to=to, subject=subject, template=template, context=context, brand=get_brand())
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("Mail %s not sent: %s", template, type(error).__name__)
        raise _reason(error) from error


def absolute_url(path: str, *, business: Business | None = None) -> str:
    """`path` on the primary host of `business` (default: the current one), or on the installation's public host.

    Never from a request: who sends a request also chooses its Host header. Raises `NoAddress`.
    """
    business = business or current()
    host = settings.PUBLIC_HOST if business is None or business.is_public else _primary_host(business)
    scheme = "https" if settings.HTTPS else "http"
    port = f":{settings.LINK_PORT}" if settings.LINK_PORT else ""
    return f"{scheme}://{host}{port}{path}"


def _primary_host(business: Business) -> str:
    with public_scope():
        host = Domain.objects.filter(tenant_id=business.id, is_primary=True).values_list("domain", flat=True).first()
    if host is None:
        raise NoAddress(business)
    return str(host)


def _message(
    *, to: str, subject: str, template: str, context: Mapping[str, Any], brand: Brand
) -> EmailMultiAlternatives:
    words = {"action": "Open", **context, "brand": brand}
    text = render_to_string(f"mail/{template}.txt", words).strip()
    subject = " ".join(subject.split())
    logo = _logo() if brand.logo_url else None
    frame = {**words, "subject": subject, "paragraphs": paragraphs(text), "home": absolute_url("/")}
    sender = settings.DEFAULT_FROM_EMAIL
    message = EmailMultiAlternatives(
        subject,
        render_to_string("mail/frame.txt", {**frame, "text": text}),
        formataddr((brand.mail_sender or brand.product_name, sender)),
        [to],
        reply_to=[answers] if (answers := brand.mail_reply_to or brand.support_email) else None,
        headers={
            # Not the machine's own name, which nobody outside needs to know.
            "Message-ID": f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(
        render_to_string("mail/frame.html", {**frame, "has_logo": logo is not None}), "text/html"
    )
    if logo is not None:
        # Inside the mail: many programs fetch no pictures, and an installation may not be reachable for them.
        message.mixed_subtype = "related"  # type: ignore[attr-defined]  # missing in the stubs
        message.attach(logo)
    return message


def _logo() -> MIMEImage | None:
    file = open_picture("logo")
    if file is None:
        return None
    with file:
        part = MIMEImage(file.read(), "png")
    part.add_header("Content-ID", f"<{LOGO_ID}>")
    part.add_header("Content-Disposition", "inline", filename="logo.png")
    return part


def _reason(error: Exception) -> MailNotSent:
    """In words that name nobody: the server's own answer may repeat the address."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return MailNotSent("the server refuses this address", retryable=all(code < 500 for code in codes))
        case smtplib.SMTPAuthenticationError():
            return MailNotSent("the mail server refuses our name and password", retryable=False)
        case smtplib.SMTPNotSupportedError():
            return MailNotSent("the mail server does not speak what MAIL_URL asks for", retryable=False)
        case smtplib.SMTPResponseException():
            return MailNotSent(f"the mail server answered {error.smtp_code}", retryable=error.smtp_code < 500)
        case _:
            return MailNotSent("the mail server is not reachable", retryable=True)
