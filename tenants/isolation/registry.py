"""Every attempt, in the order of the matrix. A new one stands in one of two modules and is then tried everywhere."""

from __future__ import annotations

from tenants.isolation.attempt import Attempt
from tenants.isolation.situations import SITUATIONS
from tenants.isolation.statements import STATEMENTS

ATTEMPTS: tuple[Attempt, ...] = (*SITUATIONS, *STATEMENTS)
