"""What processes use, read from the kernel: CPU time to the nanosecond, memory as proportional set size."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def cpu_ms(pids: Iterable[int]) -> float:
    """CPU time so far of the processes and all their threads, also those that ended. A gone process counts zero."""
    return sum(_cpu_ns(pid) for pid in pids) / 1e6


def _cpu_ns(pid: int) -> int:
    try:
        # The kernel's clock of another process: its number is the inverted pid, shifted, kind 2 (scheduler time).
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return 0


def pss_kb(pids: Iterable[int]) -> int:
    """Anonymous memory of the processes, shared pages divided among their users.

    Without file pages: how many processes happen to share a library is not the subject's doing.
    """
    return sum(_pss_kb(pid) for pid in pids)


def _pss_kb(pid: int) -> int:
    try:
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def working_in(directory: Path) -> list[int]:
    """Processes whose working directory is `directory`: the processes of an embedded database."""
    found = []
    for path in PROC.glob("[0-9]*/cwd"):
        try:
            if path.resolve(strict=True) == directory.resolve():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def about() -> dict[str, object]:
    """What a figure means little without."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": model[0].partition(":")[2].strip() if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }
