"""As whom Postgres runs: it refuses root, so a start as root needs another user, a user namespace, or another place."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from salespilot.quickstart.errors import QuickstartError

RootMode = Literal["setuid", "userns", "relocate"]
RELOCATED = Path("/var/lib/sales-pilot")


class Credentials(TypedDict, total=False):
    """The part of `subprocess.Popen`'s arguments that changes the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """How to run one cluster: `prefix` before each command, `credentials` for it, `owner` of its files.

    `owner` is None when files simply belong to whoever runs us.
    """

    mode: Literal["user"] | RootMode
    data_dir: Path
    bin_dir: Path
    prefix: tuple[str, ...] = ()
    credentials: Credentials = field(default_factory=Credentials)
    owner: int | None = None


def choose_account(data_dir: Path, bin_dir: Path, *, root_mode: RootMode | None = None) -> Account:
    """The first of the three ways that works here; `root_mode` forces one. As an ordinary user, that user.

    setuid: the folder's owner when that is not root, else `nobody`, if it can reach binaries and data.
    userns: a user namespace in which we look like `nobody`; files stay root's. Works under a closed home.
    relocate: cluster and a copy of the binaries (42 MB) under /var/lib/sales-pilot.
    A cluster that exists decides for itself: its files already have an owner.
    """
    if os.geteuid() != 0:
        return Account("user", data_dir, bin_dir)
    nobody = pwd.getpwnam("nobody")
    existing = data_dir.stat().st_uid if data_dir.exists() else None
    owner = existing if existing is not None else data_dir.parent.stat().st_uid
    servant = _user(owner) if owner else nobody
    if root_mode in {None, "setuid"} and existing != 0 and _can_reach(servant.pw_uid, bin_dir, data_dir.parent):
        return Account("setuid", data_dir, bin_dir, credentials=_as(servant), owner=servant.pw_uid)
    prefix = ("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    if root_mode in {None, "userns"} and existing in {None, 0} and _works(prefix):
        return Account("userns", data_dir, bin_dir, prefix=prefix, owner=0)
    if root_mode in {None, "relocate"} and existing is None:
        return _relocated(data_dir, bin_dir, nobody)
    raise QuickstartError(
        f"Postgres can not run as root on {data_dir}: start as the user it belongs to (id {existing}), "
        "or set DATABASE_URL to a server of your own."
    )


def _user(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise QuickstartError(
            f"User {uid} owns the folder but has no account here: start as an ordinary user."
        ) from None


def _as(account: pwd.struct_passwd) -> Credentials:
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _can_reach(uid: int, *paths: Path) -> bool:
    """Whether `uid` may pass through every existing folder on the way to `paths`."""
    folders = [folder.stat() for path in paths for folder in (path, *path.parents) if folder.exists()]
    return all(f.st_mode & 0o001 or (f.st_uid == uid and f.st_mode & 0o100) for f in folders)


def _works(prefix: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _relocated(data_dir: Path, bin_dir: Path, servant: pwd.struct_passwd) -> Account:
    home = RELOCATED / _short(data_dir)
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, servant.pw_uid, -1)
    package = bin_dir.parent.parent
    copies = RELOCATED / _short(bin_dir)
    # The .libs folder is found by its place relative to the binaries.
    for source in (bin_dir.parent, package.parent / f"{package.name}.libs"):
        target = copies / source.relative_to(package.parent)
        if source.exists() and not target.exists():
            shutil.copytree(source, target, symlinks=True)
    binaries = copies / bin_dir.relative_to(package.parent)
    return Account("relocate", home / data_dir.name, binaries, credentials=_as(servant), owner=servant.pw_uid)


def _short(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
