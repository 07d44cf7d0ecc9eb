"""The builder for tests that need many rounds of it: settings per line of JSON, how many it worked on for an answer."""

from __future__ import annotations

import json
import os
import sys

import django


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    django.setup()
    from django.test import override_settings

    from tenants.signup.building import build_due

    for line in sys.stdin:
        quiet = {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
        with override_settings(**{**quiet, **json.loads(line)}):
            print(json.dumps(build_due()), file=answers, flush=True)


if __name__ == "__main__":
    main()
