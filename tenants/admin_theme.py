"""The admin in the business's brand: callables that django-unfold asks on every request.

A business's text is only ever returned from here, never put into settings: unfold would try it as an import path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from tenants.branding import get_brand, icon_url
from tenants.colour import palette
from tenants.context import current


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sidebar: the app it shows and its heading on a business's host and on the public one."""

    app_label: str
    title: str
    public_title: str = ""


SECTIONS = (
    Section("tenants", "Businesses"),
    Section("signup", "New businesses"),
    Section("rates", "Price list"),
    Section("members", "Members", "Operators"),
    Section("signin", "Sign-in"),
    Section("house", "Brand and policies"),
    Section("coaching", "Prompts and playbook"),
    Section("calls", "Calls"),
    Section("billing", "Billing"),
    Section("audit", "Audit"),
)
# Names of Material symbols, which unfold brings along. Within a section this is the order of the menu.
ICONS = {
    "tenants.tenant": "apartment",
    "tenants.domain": "language",
    "signup.businessrequest": "add_business",
    "rates.price": "sell",
    "members.member": "group",
    "members.team": "groups",
    "members.apikey": "key",
    "audit.auditline": "history",
    "signin.invitation": "mail",
    "signin.opensession": "devices",
    "signin.provider": "passkey",
    "signin.signinpolicy": "lock",
    "house.branding": "palette",
    "house.policy": "policy",
    "house.consentoverride": "gavel",
    "house.vendorkeys": "vpn_key",
    "coaching.play": "playing_cards",
    "coaching.knowledge": "menu_book",
    "coaching.competitor": "swords",
    "coaching.keyterm": "spellcheck",
    "coaching.promptversion": "edit_note",
    "coaching.playbookversion": "history",
    "calls.call": "call",
    "calls.report": "summarize",
    "calls.prompttest": "science",
    "calls.playtest": "labs",
    "billing.usageentry": "receipt_long",
}

_ORDER = {label: number for number, label in enumerate(ICONS)}
# What each list is for, on the overview.
PURPOSES = {
    "tenants.tenant": "Who uses the platform",
    "signup.businessrequest": "Who asked for a place here, and how far it is",
    "tenants.domain": "Which host leads to which business",
    "rates.price": "What the vendors ask for",
    "members.member": "Who may sign in, and as what",
    "members.team": "Whose calls which manager sees",
    "members.apikey": "For your programs: what they may do",
    "signin.invitation": "Invite somebody by mail, as rep, manager, admin or billing staff",
    "signin.opensession": "Who is signed in where; end what should not be",
    "signin.provider": "Your company's own sign-in",
    "signin.signinpolicy": "Who needs a second factor",
    "house.branding": "Name, colours and logo on every screen and mail",
    "house.policy": "Consent, recordings, how long things are kept",
    "house.consentoverride": "Where your counsel decided otherwise",
    "house.vendorkeys": "Your own contracts for speech and models",
    "coaching.play": "What to say when: write it, test it on stored calls, publish it",
    "coaching.knowledge": "Facts and prices that cards may claim",
    "coaching.competitor": "Names to listen for",
    "coaching.keyterm": "Words that recognition should know",
    "coaching.playbookversion": "What was published, and the way back to it",
    "coaching.promptversion": "How the language model is instructed",
    "calls.call": "Every call with its log",
    "calls.playtest": "How plays did on stored calls",
    "calls.prompttest": "Two versions of a prompt side by side",
    "billing.usageentry": "Each metered quantity with its price",
    "audit.auditline": "Who looked at what, and who changed what",
}


def site_title(request: HttpRequest) -> str:  # noqa: ARG001 - unfold's signature, also below
    return get_brand().product_name


def site_header(request: HttpRequest) -> str:  # noqa: ARG001
    return get_brand().product_name


def site_subheader(request: HttpRequest) -> str:  # noqa: ARG001
    return "Admin" if _is_business() else "Operators' admin"


def site_icon(request: HttpRequest) -> dict[str, str] | None:  # noqa: ARG001
    brand = get_brand()
    if not brand.logo_url:
        return None
    return {"light": brand.logo_url, "dark": brand.logo_dark_url or brand.logo_url}


def favicon(request: HttpRequest) -> str:  # noqa: ARG001
    return icon_url(get_brand(), 32)


def home_screen_icon(request: HttpRequest) -> str:  # noqa: ARG001
    return icon_url(get_brand(), 180)


def primary_colours(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001
    return palette(get_brand().colour)


def stylesheet(request: HttpRequest) -> str:  # noqa: ARG001
    """The theme's colours as a file: the theme itself would write them into the page."""
    return f"{reverse('admin:theme_css')}?{get_brand().palette}"


def corrections(request: HttpRequest) -> str:  # noqa: ARG001
    return static("css/admin/corrections.css")


def account_links(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001
    """The legal pages, in the menu of the account. Callables: unfold tries to import what is text."""
    return [
        {"title": words, "link": lambda request, url=url: url}  # noqa: ARG005
        for words, url in get_brand().legal_links
    ]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections this person may see on this host, in the order of `SECTIONS`; others after them."""
    apps = {app["app_label"]: app for app in admin.site.get_app_list(request)}
    known = [section for section in SECTIONS if section.app_label in apps]
    listed = {section.app_label for section in known}
    others = [Section(label, str(app["name"])) for label, app in apps.items() if label not in listed]
    return [_group(section, apps[section.app_label]) for section in (*known, *others)]


def _group(section: Section, app: dict[str, Any]) -> dict[str, Any]:
    title = section.title if _is_business() else section.public_title or section.title
    models = sorted(app["models"], key=lambda model: _ORDER.get(_label(model), len(_ORDER)))
    items = [_item(model) for model in models]
    if section.app_label == "house" and _is_business():
        # A page of its own: the table is the installation's, and a business sees its own rows of it only.
        purpose = "The addresses that lead here, your own domain among them."
        items.append({"title": "Domains", "icon": "language", "link": reverse("admin:hosts"), "purpose": purpose})
    return {"title": title, "separator": True, "items": items}


def _item(model: dict[str, Any]) -> dict[str, Any]:
    label = _label(model)
    return {
        "title": str(model["name"]),
        "icon": ICONS.get(label, "table_rows"),
        "link": model["admin_url"],
        "purpose": PURPOSES.get(label, ""),
    }


def _label(model: dict[str, Any]) -> str:
    return str(model["model"]._meta.label_lower)  # noqa: SLF001 - Django's documented introspection


def _is_business() -> bool:
    business = current()
    return business is not None and not business.is_public
