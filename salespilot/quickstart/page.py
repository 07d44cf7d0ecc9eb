"""The one page that `make run` ends with: where to go, as whom, what to try."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from salespilot import env, mailing
from salespilot.quickstart.plan import ROOT, Plan

DEMO_PASSWORD = "sales-pilot-demo"  # noqa: S105 -- printed on purpose; the demo's members only
BUSINESSES = {"acme": "Acme Cloud, business software", "globex": "Globex, solar installation"}
RESOLVE_SECONDS = 0.3
ROLES = ("rep", "manager", "admin", "billing")


def lines(plan: Plan, *, port: int) -> list[str]:
    """Plain text, one entry per line of the page."""
    return [
        *_addresses(plan, port),
        "",
        *_engines(),
        _mail(plan),
        "",
        f"Logs        {_shown(plan.logs)}",
        "Stop        Ctrl-C",
    ]


def _addresses(plan: Plan, port: int) -> list[str]:
    operators = f"Operators   http://localhost:{port}/admin/"
    if not plan.has_demo:
        return [operators, "            Make a business: .venv/bin/python manage.py create_business --help"]
    hosts = [f"{name}.localhost" for name in BUSINESSES]
    return [
        *(
            f"{name:<11} http://{host}:{port}   {BUSINESSES[name]}"
            for name, host in zip(BUSINESSES, hosts, strict=True)
        ),
        operators,
        *_names_that_do_not_resolve(hosts),
        "",
        *_in_two_columns([f"{role}@acme.example" for role in ROLES]),
        "            and the same at globex.example;",
        "            operator@salespilot.example at the operators' address",
        f"Password    {DEMO_PASSWORD}",
        "",
        f"Try         as rep: http://acme.localhost:{port}/calls/new/",
        "            and play the sample call; watch it live as manager in a",
        "            private window; read its report afterwards",
        "            Or play a recording of your own, from another shell:",
        "            .venv/bin/python manage.py replay_call CALL.wav \\",
        "                --business acme --member rep@acme.example",
    ]


def _in_two_columns(addresses: list[str]) -> list[str]:
    pairs = [addresses[at : at + 2] for at in range(0, len(addresses), 2)]
    return [f"{'' if at else 'Sign in as':<12}{', '.join(pair)}" for at, pair in enumerate(pairs)]


def _engines() -> list[str]:
    provider = env.choice("SPEECH_PROVIDER", "auto", ("auto", "deepgram", "local", "browser", "none"))
    has_deepgram = bool(env.text("DEEPGRAM_API_KEY") or env.text("DEEPGRAM_BASE_URL"))
    has_model = bool(env.text("OPENAI_API_KEY") or env.text("OPENAI_BASE_URL"))
    spoken = {
        "browser": ["recognised by each rep's browser"],
        "none": ["no recognition: audio is kept, talk meters work"],
        "deepgram": [f"Deepgram, model {env.text('DEEPGRAM_MODEL', 'nova-3')}"],
        "local": [
            "Whisper tiny.en on this machine, English, good for trying;",
            "            DEEPGRAM_API_KEY gives production accuracy",
        ],
    }
    key = ("deepgram" if has_deepgram else "local") if provider == "auto" else provider
    model = env.text("OPENAI_LIVE_MODEL", "gpt-6-luna")
    return [
        f"Speech      {spoken[key][0]}",
        *spoken[key][1:],
        f"Cards       playbook and {model}" if has_model else "Cards       playbook; OPENAI_API_KEY adds a model's",
    ]


def _mail(plan: Plan) -> str:
    """Where mails go; never the whole MAIL_URL, which may hold a password."""
    address = urlsplit(env.url("MAIL_URL", "", schemes=mailing.SCHEMES))
    if address.hostname:
        return f"Mail        by {address.hostname}"
    folder = Path(address.path) if address.path else plan.var / "mail"
    return f"Mail        written into {_shown(folder)}; MAIL_URL sends it"


def _names_that_do_not_resolve(hosts: list[str]) -> list[str]:
    """Browsers and curl know *.localhost themselves; other programs may need a line in /etc/hosts."""
    unknown = [host for host in hosts if not _resolves(host)]
    if not unknown:
        return []
    return [
        "            Browsers and curl find these names. For other programs add",
        f"            to /etc/hosts: 127.0.0.1 {' '.join(unknown)}",
    ]


def _resolves(host: str) -> bool:
    """False also when the answer takes long: a name of this machine is not worth waiting for a name server."""
    found = threading.Event()

    def ask() -> None:
        with suppress(OSError):
            socket.getaddrinfo(host, None)
            found.set()

    threading.Thread(target=ask, daemon=True).start()
    return found.wait(RESOLVE_SECONDS)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
