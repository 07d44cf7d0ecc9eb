"""How likely a line means each of the eight labels. Pure, numpy alone, about a millisecond a line.

The weights are those of `manage.py train_signals`: nothing else writes `data/classifier.npz`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from coaching.signals.features import Floats, features
from coaching.signals.labels import LABELS, SHOWN, Label

WEIGHTS_FILE = Path(__file__).parent / "data" / "classifier.npz"
STEPS = 127
"""A weight is kept as one signed byte: so many steps to each side of 0."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """`weights` are (buckets × labels) in steps, one step of a label is `step`. `thresholds` are what a label's
    probability has to reach to be shown, in the order of `SHOWN`."""

    weights: np.ndarray
    step: Floats
    bias: Floats
    temperature: float
    thresholds: Mapping[Label, float]

    def probabilities(self, words: Sequence[str], rules: Iterable[str]) -> dict[Label, float]:
        """Calibrated, they add up to one. `words` are even, `rules` names what the rules found."""
        places, weights = features(words, rules)
        logits = (weights @ self.weights[places].astype(np.float32)) * self.step + self.bias
        raised = np.exp((logits - logits.max()) / self.temperature)
        return dict(zip(LABELS, (raised / raised.sum()).tolist(), strict=True))


@lru_cache(maxsize=1)
def shipped() -> Classifier:
    """The classifier of the repository. Reads the file the first time, which takes some tens of milliseconds."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as held:
        return Classifier(
            weights=held["weights"],
            step=held["step"],
            bias=held["bias"],
            temperature=float(held["temperature"]),
            thresholds=dict(zip(SHOWN, held["thresholds"].tolist(), strict=True)),
        )
