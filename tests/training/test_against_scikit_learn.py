"""Without overrides, runs are as good as scikit-learn's multilayer perceptron with its own defaults, on the same splits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import regnet
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.data.prepare import load_splits
from regnet.registry.catalog import Catalog

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

SEEDS = 20


def splits_of(data: str, catalog: Catalog) -> list[tuple[np.ndarray, ...]]:
    """The training and test examples of each seed."""
    dataset = assemble(compose_config([f"dataset={data}", "tracking=none"], catalog), catalog).dataset
    loaded = [load_splits(dataset, seed) for seed in range(SEEDS)]
    return [tuple(part.numpy() for split in (one.train, one.test) for part in (split.x, split.y)) for one in loaded]


def theirs(model: Any, splits: Sequence[tuple[np.ndarray, ...]]) -> np.ndarray:
    """The error, or the coefficient of determination, of scikit-learn's model for each seed."""
    scores = []
    for seed, (x, y, test_x, test_y) in enumerate(splits):
        fitted = model(seed).fit(x, y if y.ndim == 1 else y[:, 0])
        scores.append(fitted.score(test_x, test_y if test_y.ndim == 1 else test_y[:, 0]))
    return np.array(scores)


def classifier(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), MLPClassifier(random_state=seed))


def regressor(seed: int) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = make_pipeline(StandardScaler(), MLPRegressor(random_state=seed))
    return TransformedTargetRegressor(network, transformer=StandardScaler())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("data", ["digits", "wine", "breast_cancer", "diabetes"])
def test_no_worse_than_scikit_learn(data: str, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean of the paired differences is not below zero by more than two of its standard errors."""
    monkeypatch.chdir(tmp_path)
    result = regnet.run([f"dataset={data}", f"seeds={SEEDS}", "tracking=none", "report=none"])
    ours = result.history["test/r2"][:, -1] if data == "diabetes" else 1 - result.history["test/error_rate"][:, -1]
    differences = ours - theirs(regressor if data == "diabetes" else classifier, splits_of(data, catalog))
    error = differences.std(ddof=1) / math.sqrt(SEEDS)
    print(f"{data}: {differences.mean():+.4f} ± {error:.4f} (ours {ours.mean():.4f})")
    assert differences.mean() > -2 * error
