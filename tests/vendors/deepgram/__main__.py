"""`python -m tests.vendors.deepgram --port N --script file.json [--faults JSON] [--delay S]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from tests.vendors.deepgram import Emulator, Fault, Script


async def serve(options: argparse.Namespace) -> None:
    emulator = Emulator(
        script=Script.load(options.script) if options.script else Script(),
        faults=[Fault(**fault) for fault in json.loads(options.faults)],
        recorded_faults=[Fault(**fault) for fault in json.loads(options.recorded_faults)],
        port=options.port,
        delay_s=options.delay,
        is_real_time=True,
    )
    async with emulator:
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one; the address is the first line")
    parser.add_argument("--script", type=Path, help="what is said in every call")
    parser.add_argument("--faults", default="[]", help='[{"kind": "abort", "after_bytes": 64000}, ...]')
    parser.add_argument("--recorded-faults", default="[]")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each message")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
