"""The content security policy: strict everywhere, and as strict as the admin's theme allows there."""

from __future__ import annotations

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

ADMIN_PREFIX = "/admin/"
# Alpine, which the theme is built on, evaluates the expressions in its attributes, and the theme sets widths in style
# attributes. Scripts and style sheets still are files of this host only: docs/adr/0010-content-policy-of-the-admin.md.
ADMIN_REPLACES = {"script-src": ["'self'", "'unsafe-eval'"], "style-src-attr": ["'unsafe-inline'"]}


class ContentPolicyMiddleware(CSPMiddleware):
    """Stands before the business is known, so that the 404 of an unknown host carries the policy too."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN_PREFIX):
            parts.replace = {**ADMIN_REPLACES, **(parts.replace or {})}
        return parts
