"""`make run`: everything that Sales Pilot needs, from nothing but this folder, until Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

from salespilot import env
from salespilot.quickstart import page
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.plan import ROOT, Plan, choose_port, read_plan
from salespilot.quickstart.processes import LOOPBACK, DirectoryLock
from salespilot.quickstart.screen import Screen
from salespilot.quickstart.stopping import Stopped, StopRequest
from salespilot.quickstart.stores import Stores, leave_word
from salespilot.quickstart.supervision import Supervisor, end_left_over

READY_SECONDS = 120.0
WATCH_SECONDS = 0.5
FALLS_ALLOWED = 3


class Quickstart:
    """One run. `run` returns never: it raises `Stopped` after a wished end, `QuickstartError` else."""

    def __init__(self, plan: Plan, screen: Screen, stop: StopRequest) -> None:
        self._plan = plan
        self._screen = screen
        self._stop = stop
        self._began = time.monotonic()

    def run(self) -> None:
        for folder in (self._plan.logs, self._plan.var / "static"):  # the latter so that nobody warns of its absence
            folder.mkdir(parents=True, exist_ok=True)
        lock = DirectoryLock(self._plan.var / "run.lock")
        lock.acquire()
        end_left_over(self._plan)
        stores = Stores(self._plan)
        try:
            with self._screen.step("Starting the database and the queue"):
                stores.start()
            if not stores.is_up_to_date():
                what = "Bringing the database up to date" + (", with the demo" if self._plan.has_demo else "")
                with self._screen.step(what):
                    self._update_database(stores.settings)
                stores.note_up_to_date()
            self._stop.check()
            self._serve(stores.settings)
        finally:
            self._plan.running_file.unlink(missing_ok=True)
            stores.stop()
            lock.release()

    def _update_database(self, settings: Mapping[str, str]) -> None:
        """To its end even when asked to stop: a migration is not to be cut in two."""
        log = self._plan.logs / "database.log"
        command = [sys.executable, "-m", "salespilot.quickstart.database", *(["--demo"] if self._plan.has_demo else [])]
        with log.open("wb") as output:
            code = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, **settings, "SALESPILOT_VAR": str(self._plan.var)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches us alone
                check=False,
            ).returncode
        if code:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
            raise QuickstartError("\n".join([f"The database can not be brought up to date ({log}):", *last]))

    def _serve(self, settings: Mapping[str, str]) -> None:
        port = choose_port(self._plan)
        if not env.text("LINK_PORT"):
            settings = {**settings, "LINK_PORT": str(port)}
        leave_word(self._plan, port=port, settings=settings)
        supervisor = Supervisor(self._plan, port=port, settings=settings)
        try:
            with self._screen.step("Starting web, worker, beat and builder"):
                supervisor.start()
                self._wait_for_web(supervisor, port)
            if port != self._plan.port:
                self._screen.warn(f"Port {self._plan.port} is taken: using {port}.")
            title = f"Sales Pilot is ready after {time.monotonic() - self._began:.0f} s"
            self._screen.page(title, page.lines(self._plan, port=port))
            self._watch(supervisor)
        finally:
            with self._screen.step("Stopping"):
                supervisor.stop()

    def _wait_for_web(self, supervisor: Supervisor, port: int) -> None:
        host = LOOPBACK if self._plan.bind in {"0.0.0.0", "::"} else self._plan.bind  # noqa: S104 -- compared only
        deadline = time.monotonic() + READY_SECONDS
        falls = 0
        while not _answers(host, port):
            self._stop.check()
            falls += sum(news.program == "web" for news in supervisor.news())
            if not supervisor.is_running():
                raise QuickstartError(f"The process manager ended: {supervisor.last_words()}")
            if falls >= FALLS_ALLOWED or time.monotonic() > deadline:
                raise QuickstartError(f"The web server does not start; its log says why: {self._plan.logs / 'web.log'}")
            time.sleep(0.1)

    def _watch(self, supervisor: Supervisor) -> None:
        """Until someone asks to stop. Tells when a process ended by itself."""
        while supervisor.is_running():
            self._stop.check()
            for news in supervisor.news():
                what = "does not start any more" if news.is_final else "ended and is started again"
                self._screen.warn(f"{news.program} {what}; its log: {self._plan.logs / f'{news.program}.log'}")
            time.sleep(WATCH_SECONDS)
        raise QuickstartError(f"The process manager ended: {supervisor.last_words() or 'without a word'}")


def main() -> int:
    """0 after a wished end, 1 with a sentence on the screen when it can not start or go on."""
    screen, stop = Screen(), StopRequest()
    stop.listen()
    try:
        Quickstart(read_plan(), screen, stop).run()
    except Stopped:
        screen.say("Stopped. Start again with: make run")
        return 0
    except (QuickstartError, ImproperlyConfigured) as error:
        screen.fail(str(error))
    return 1


def _answers(host: str, port: int) -> bool:
    request = urllib.request.Request(f"http://{host}:{port}/livez", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310 -- our own http address
            return True
    except urllib.error.HTTPError:
        return True  # it answers; what is unwell shows on the page it serves
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
