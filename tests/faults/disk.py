"""The disk of the recordings: a small file system of its own, so that it can be full while nothing else is."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOMY = "2g"


class Disk:
    """Where mounting is not allowed it is a folder like any other, and `can_fill` is False."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.can_fill = False

    def mount(self) -> None:
        self._folder.mkdir(parents=True)
        self.can_fill = self._mount("-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs")

    def fill(self) -> None:
        """Not a block more than is used by now: what comes is refused with ENOSPC."""
        used = sum(-(-file.stat().st_blocks // 8) for file in self._folder.rglob("*") if file.is_file())
        assert self._mount("-o", f"remount,size={max(1, used) * 4}k"), "The file system can not be made smaller."

    def free(self) -> None:
        assert self._mount("-o", f"remount,size={ROOMY}"), "The file system can not be made larger."

    def unmount(self) -> None:
        if self.can_fill:
            subprocess.run(["umount", "--lazy", str(self._folder)], check=False)
            self.can_fill = False

    def _mount(self, *arguments: str) -> bool:
        ran = subprocess.run(["mount", *arguments, str(self._folder)], capture_output=True, check=False)
        return ran.returncode == 0
