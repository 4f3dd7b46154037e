"""Python's UTF-8 mode, for systems whose encoding is ASCII, where no file with an accent in its name can be opened."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from typing import Final

SWITCH: Final = "PYTHONUTF8"
STREAMS: Final = "PYTHONIOENCODING"


def restart_in_utf8_mode() -> None:
    """Starts this program again in UTF-8 mode, in the same process, where Python takes file names and arguments to be ASCII.

    Python does so by itself in the C and POSIX locales, unless ``PYTHONUTF8=0`` is set. What is printed stays in ASCII.
    """
    if codecs.lookup(sys.getfilesystemencoding()).name != "ascii" or os.environ.get(SWITCH) == "1":
        return
    environment = {STREAMS: "ascii:backslashreplace"} | os.environ | {SWITCH: "1"}
    with suppress(OSError):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)
