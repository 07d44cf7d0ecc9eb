"""`python -m calls.speech.engine --fd N [--model-dir DIR] [--nice N]`: the engine behind an inherited socket."""

from __future__ import annotations

import argparse
import os
import signal
import socket
from pathlib import Path

# One thread of linear algebra: the model has its own, and more would only fight over the core.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--model-dir", default="")
    parser.add_argument("--nice", type=int, default=0)
    options = parser.parse_args()
    # The web process decides when we end: its socket closes. A Ctrl-C in the terminal is not for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(options.nice)

    from calls.speech.engine.decoding import WhisperDecoder  # noqa: PLC0415 - after the thread limits above
    from calls.speech.engine.serving import Server  # noqa: PLC0415
    from calls.speech.engine.utterances import SileroVoice  # noqa: PLC0415

    decoder = WhisperDecoder(Path(options.model_dir) if options.model_dir else None)
    Server(socket.socket(fileno=options.fd), decoder, SileroVoice).serve()


if __name__ == "__main__":
    main()
