"""A local server that speaks Deepgram's live and pre-recorded protocol, for the real SDK.

As a library: `async with Emulator(script=Script(...)) as emulator:` and `emulator.url` as DEEPGRAM_BASE_URL.
As a program: `python -m tests.vendors.deepgram --port N --script file.json`; `GET /_seen` tells what it saw.
"""

from tests.vendors.deepgram.script import Script, Turn
from tests.vendors.deepgram.server import Emulator, Fault

__all__ = ["Emulator", "Fault", "Script", "Turn"]
