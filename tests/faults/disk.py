"""Small file systems, one each for recordings, Postgres and Valkey: each can be full while nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

ROOMY = "2g"
TRIES = 50


class Disk:
    """Where mounting is not allowed it is a folder like any other, and `can_fill` is False."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.can_fill = False

    def mount(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.can_fill = self._mount("-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs")

    def mount_over(self) -> None:
        """What is in the folder, and whose it is, stays."""
        aside = self._folder.with_name(f"{self._folder.name}.aside")
        self._folder.rename(aside)
        self.mount()
        subprocess.run(["cp", "-a", f"{aside}/.", str(self._folder)], check=True)
        shutil.rmtree(aside)

    def fill(self) -> None:
        """Not a block more than is used by now: what comes is refused with ENOSPC."""
        for _ in range(TRIES):
            stat = os.statvfs(self._folder)
            used = (stat.f_blocks - stat.f_bfree) * stat.f_frsize // 1_024
            if self._mount("-o", f"remount,size={max(4, used)}k"):
                return
            time.sleep(0.02)  # somebody wrote meanwhile
        raise AssertionError("The file system can not be made smaller.")

    def free(self) -> None:
        assert self._mount("-o", f"remount,size={ROOMY}"), "The file system can not be made larger."

    def unmount(self) -> None:
        if self.can_fill:
            subprocess.run(["umount", "--lazy", str(self._folder)], check=False)
            shutil.rmtree(self._folder, ignore_errors=True)
            self.can_fill = False

    def _mount(self, *arguments: str) -> bool:
        ran = subprocess.run(["mount", *arguments, str(self._folder)], capture_output=True, check=False)
        return ran.returncode == 0
