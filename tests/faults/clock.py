"""The wall clock of the house's processes: it can jump, as when somebody sets it; the monotonic clock goes on.

A small library in front of the C library's own adds seconds from a file that all of them share. Without a C compiler
there is no such clock, and `can_jump` is False.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile long *ahead;

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("FAULTS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *shared = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) ahead = shared;
}

static long jump(void) { return ahead ? *ahead : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += jump();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    static int (*real)(struct timeval *, void *);
    if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
    int failed = real(now, zone);
    if (!failed && now) now->tv_sec += jump();
    return failed;
}

time_t time(time_t *now) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (now) *now = at.tv_sec;
    return at.tv_sec;
}
"""


class Clock:
    """One for a house; `environment` makes a process go by it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._library = folder / "clock.so"
        self._compiler = shutil.which("cc") or shutil.which("gcc")
        self.can_jump = False

    def make(self) -> None:
        self._file.write_bytes(struct.pack("l", 0))
        if self._compiler is None:
            return
        source = self._library.with_suffix(".c")
        source.write_text(SOURCE, encoding="utf-8")
        built = subprocess.run(
            [self._compiler, "-shared", "-fPIC", "-O1", "-o", str(self._library), str(source), "-ldl"],
            capture_output=True, check=False,
        )  # fmt: skip
        self.can_jump = built.returncode == 0

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "FAULTS_CLOCK": str(self._file)} if self.can_jump else {}

    def jump(self, seconds: int) -> None:
        """Away from the true time by so much, from now on; 0 is the true time."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("l", seconds))
