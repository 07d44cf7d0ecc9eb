"""Background work of the shared schema."""

from __future__ import annotations

from tenants.domains.watching import check_due
from tenants.jobs import public_task
from tenants.signup.services import forget_old


@public_task(name="tenants.check_domains")
def check_domains() -> None:
    check_due()


@public_task(name="tenants.forget_sign_ups")
def forget_sign_ups() -> None:
    forget_old()
