"""The bill on the screen and as CSV, for billing staff and admins."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import reports
from billing.period import Period, PeriodError
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.branding import export_name
from tenants.members.access import require_role
from tenants.members.models import Member, Role


@require_safe
@require_role(Role.BILLING, Role.ADMIN)
def overview(request: HttpRequest) -> HttpResponse:
    """Costs by call, by day and by rep of the chosen days."""
    today = timezone.now().date()
    problem = ""
    try:
        period = Period.parse(request.GET.dict(), today=today)
    except PeriodError as error:
        problem, period = str(error), Period.parse({}, today=today)
    context = {"bill": reports.bill(period), "components": reports.COMPONENTS, "problem": problem}
    return render(request, "billing/overview.html", context, status=400 if problem else 200)


@require_safe
@require_role(Role.BILLING, Role.ADMIN)
def export(request: HttpRequest, table: str) -> HttpResponseBase:
    """One of the tables as CSV, all of its rows."""
    if table not in reports.TABLES:
        raise Http404
    try:
        period = Period.parse(request.GET.dict(), today=timezone.now().date())
    except PeriodError as error:
        return HttpResponse(f"{error}\n", status=400, content_type="text/plain")
    record(
        Action.EXPORTED,
        actor=cast(Member, request.user),
        via=Via.WEB,
        subject="costs",
        subject_id=table,
        detail={"first": period.first.isoformat(), "last": period.last.isoformat()},
    )
    # Built now, inside the request's business; only the lines are streamed.
    rows = reports.table(table, period)
    name = export_name(f"{table}-{period.first}-{period.last}", "csv")
    return StreamingHttpResponse(
        reports.csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
