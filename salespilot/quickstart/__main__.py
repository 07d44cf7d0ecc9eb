"""`make run`: everything that Sales Pilot needs, from nothing but this folder, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from salespilot.quickstart import page
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.plan import ROOT, Plan, choose_port, read_plan
from salespilot.quickstart.processes import DirectoryLock
from salespilot.quickstart.screen import Screen
from salespilot.quickstart.stores import Stores, leave_word
from salespilot.quickstart.supervision import Supervisor, end_left_over

READY_SECONDS = 90.0
WATCH_SECONDS = 0.5
FALLS_ALLOWED = 3


class Stopped(BaseException):
    """Someone asked us to end: Ctrl-C, TERM, or the terminal is gone."""


def main() -> int:
    """0 after a wished end, 1 with a sentence on the screen when it can not start or go on."""
    screen = Screen()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        _run(read_plan(), screen)
    except Stopped:
        screen.say("Stopped. Start again with: make run")
        return 0
    except (QuickstartError, ImproperlyConfigured) as error:
        screen.fail(str(error))
        return 1
    return 1


def _run(plan: Plan, screen: Screen) -> None:
    began = time.monotonic()
    for folder in (plan.logs, plan.var / "static"):  # the latter only so that nobody warns of its absence
        folder.mkdir(parents=True, exist_ok=True)
    lock = DirectoryLock(plan.var / "run.lock")
    lock.acquire()
    end_left_over(plan)
    stores = Stores(plan)
    try:
        with screen.step("Starting the database and the queue"):
            stores.start()
        with screen.step("Bringing the database up to date" + (", with the demo" if plan.has_demo else "")):
            _update_database(plan, stores.settings)
        _serve(plan, screen, stores.settings, began)
    finally:
        _ignore_further_signals()
        plan.running_file.unlink(missing_ok=True)
        stores.stop()
        lock.release()


def _serve(plan: Plan, screen: Screen, settings: Mapping[str, str], began: float) -> None:
    port = choose_port(plan)
    leave_word(plan, port=port, settings=settings)
    supervisor = Supervisor(plan, port=port, settings=settings)
    try:
        with screen.step("Starting web, worker and beat"):
            supervisor.start()
            _wait_for_web(plan, supervisor, port)
        if port != plan.port:
            screen.warn(f"Port {plan.port} is taken: using {port}.")
        screen.page(f"Sales Pilot is ready after {time.monotonic() - began:.0f} s", page.lines(plan, port=port))
        _watch(plan, screen, supervisor)
    finally:
        _ignore_further_signals()
        with screen.step("Stopping"):
            supervisor.stop()


def _update_database(plan: Plan, settings: Mapping[str, str]) -> None:
    log = plan.logs / "database.log"
    command = [sys.executable, "-m", "salespilot.quickstart.database", *(["--demo"] if plan.has_demo else [])]
    environment = {**os.environ, **settings, "SALESPILOT_VAR": str(plan.var)}
    with log.open("wb") as output:
        # A session of its own: Ctrl-C must not cut a migration in two; we wait for its end.
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait()
        except Stopped:
            process.wait()
            raise
    if code:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise QuickstartError("\n".join([f"The database can not be brought up to date ({log}):", *last]))


def _wait_for_web(plan: Plan, supervisor: Supervisor, port: int) -> None:
    host = "127.0.0.1" if plan.bind in {"0.0.0.0", "::"} else plan.bind  # noqa: S104 -- compared, not bound
    deadline = time.monotonic() + READY_SECONDS
    falls = 0
    while not _answers(host, port):
        falls += sum(news.program == "web" for news in supervisor.news())
        if not supervisor.is_running():
            raise QuickstartError(f"The process manager ended: {supervisor.last_words()}")
        if falls >= FALLS_ALLOWED or time.monotonic() > deadline:
            raise QuickstartError(f"The web server does not start; its log says why: {plan.logs / 'web.log'}")
        time.sleep(0.1)


def _answers(host: str, port: int) -> bool:
    request = urllib.request.Request(f"http://{host}:{port}/healthz", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310 -- our own http address
            return True
    except urllib.error.HTTPError:
        return True  # it answers; what is unwell shows on the page it serves
    except OSError:
        return False


def _watch(plan: Plan, screen: Screen, supervisor: Supervisor) -> None:
    """Until a signal. Tells when a process ended by itself."""
    while supervisor.is_running():
        for news in supervisor.news():
            what = "does not start any more" if news.is_final else "ended and is started again"
            screen.warn(f"{news.program} {what}; its log: {plan.logs / f'{news.program}.log'}")
        time.sleep(WATCH_SECONDS)
    raise QuickstartError(f"The process manager ended: {supervisor.last_words() or plan.logs / 'supervisord.log'}")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _ignore_further_signals() -> None:
    """Stopping takes a moment and must not be cut short: what is half stopped can not be stopped again."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with suppress(ValueError):
            signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
