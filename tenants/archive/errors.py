"""Why an archive was not written or not taken, in words for the person at the command line."""

from __future__ import annotations

import errno

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ArchiveNotWritten(RuntimeError):
    """There is no archive under its final name. The message says why and what to do."""


class ArchiveRefused(ValueError):
    """The archive is not taken; nothing of it is left here. The message says what is wrong and what to do."""


def first_line(error: Exception) -> str:
    """Postgres puts the values of rows into the lines after it."""
    return (str(error).splitlines() or [""])[0]
