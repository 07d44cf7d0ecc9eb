"""What templates need beyond Django's own: icons, the navigation of a role, times as people read them."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from calls.models import Call

register = template.Library()


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    href: str
    icon: str
    roles: frozenset[str]
    is_current: bool = False


SALES = frozenset({"rep", "manager", "admin"})
NAVIGATION = (
    NavItem("Home", "/", "home", SALES),
    NavItem("Calls", "/calls/", "list", SALES),
    NavItem("Live", "/live/", "live", frozenset({"manager", "admin"})),
    NavItem("Billing", "/billing/", "money", frozenset({"billing", "admin"})),
    NavItem("Admin", "/admin/", "settings", frozenset({"admin"})),
)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite, decorative: the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("img/icons.svg"), name
    )


@register.filter
def nav(user: object, path: str) -> list[NavItem]:
    """The places this member may go; the deepest one that contains `path` is current."""
    roles = getattr(user, "roles", ())
    items = [item for item in NAVIGATION if not item.roles.isdisjoint(roles)]
    here = max((item.href for item in items if path.startswith(item.href)), key=len, default="")
    return [NavItem(item.label, item.href, item.icon, item.roles, item.href == here) for item in items]


@register.filter
def initials(name: str) -> str:
    """At most two letters for the account button."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def clock(milliseconds: float | None) -> str:
    """`95000` → `1:35`; from an hour on `1:02:03`; nothing known → a dash."""
    if milliseconds is None:
        return "–"
    minutes, seconds = divmod(int(milliseconds) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@register.filter
def words(name: str) -> str:
    """A name of the wire as people read it: `buying_signal` → `Buying signal`."""
    return str(name).replace("_", " ").replace("-", " ").capitalize()


@register.filter
def percent(value: object) -> str:
    """`0.4312` or `"0.4312"` → `43 %`; nothing known → a dash."""
    try:
        return f"{float(str(value)) * 100:.0f} %"
    except ValueError:
        return "–"


@register.filter
def length_ms(call: Call) -> int | None:
    """How long a call was, by its audio where there is any; None while it is open."""
    if call.acked_samples:
        return call.acked_samples // 16
    if call.ended_at is None:
        return None
    return int((call.ended_at - call.started_at).total_seconds() * 1000)
