"""Softmax regression over sparse features. Pure, numpy alone; the same rows give the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coaching.signals.features import BUCKETS, Floats, Ints
from coaching.signals.labels import LABELS

ROUNDS = 100
RATE = 0.5


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of sparse features: row r has `places[starts[r]:starts[r + 1]]` with these `weights`. No row is empty."""

    places: Ints
    weights: Floats
    starts: Ints

    @classmethod
    def of(cls, rows: Sequence[tuple[Ints, Floats]]) -> Table:
        starts = np.cumsum([0, *(len(places) for places, _ in rows)])
        return cls(np.concatenate([row[0] for row in rows]), np.concatenate([row[1] for row in rows]), starts)

    def times(self, matrix: Floats) -> Floats:
        """(rows × labels) of this table and a (buckets × labels) matrix."""
        return np.add.reduceat(matrix[self.places] * self.weights[:, None], self.starts[:-1], axis=0)


@dataclass(frozen=True, slots=True)
class _Turned:
    """The same table by buckets, for gradients."""

    order: Ints
    rows: Ints
    used: Ints
    starts: Ints

    @classmethod
    def of(cls, table: Table) -> _Turned:
        order = np.argsort(table.places, kind="stable")
        rows = np.repeat(np.arange(len(table.starts) - 1), np.diff(table.starts))[order]
        used, starts = np.unique(table.places[order], return_index=True)
        return cls(order, rows, used, starts)


def fit(table: Table, labels: Ints, row_weights: Floats, *, shrink: float) -> tuple[Floats, Floats]:
    """Weights (buckets × labels) and bias (labels) that fit the rows, by Adam over all rows at once.

    `shrink` is the ridge penalty; only buckets that a row has differ from 0.
    """
    turned = _Turned.of(table)
    wanted = np.eye(len(LABELS), dtype=np.float32)[labels]
    share = (row_weights / row_weights.sum()).astype(np.float32)[:, None]
    compact = Table(np.searchsorted(turned.used, table.places), table.weights, table.starts)
    weights = np.zeros((len(turned.used) + 1, len(LABELS)), np.float32)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    sorted_weights = table.weights[turned.order][:, None]
    for number in range(1, ROUNDS + 1):
        error = (softmax(compact.times(weights) + weights[-1]) - wanted) * share
        slope = np.add.reduceat(error[turned.rows] * sorted_weights, turned.starts, axis=0) + shrink * weights[:-1]
        slope = np.vstack([slope, error.sum(axis=0)])
        mean += 0.1 * (slope - mean)
        square += 0.01 * (slope**2 - square)
        rate = RATE * (1 - (number - 1) / ROUNDS)
        weights -= rate * (mean / (1 - 0.9**number)) / (np.sqrt(square / (1 - 0.99**number)) + 1e-5)
    full = np.zeros((BUCKETS, len(LABELS)), np.float32)
    full[turned.used] = weights[:-1]
    return full, weights[-1]


def softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)
