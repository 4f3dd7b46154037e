"""What a sweeper that optimizes gets: which metric, from which examples, and what a failed seed counts as."""

from __future__ import annotations

from typing import Final

import numpy as np
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import DictConfig

from regnet.errors import BadObjective
from regnet.study.result import StudyResult
from regnet.study.study import Study

DIRECTIONS: Final = {
    "hydra.sweeper.direction": {"minimize": True, "maximize": False},
    "hydra.sweeper.optim.maximize": {"false": True, "true": False},
    "hydra.sweeper.ax_config.experiment.minimize": {"true": True, "false": False},
}
"""The options that give the sweepers for Optuna, Nevergrad and Ax their direction, and whether each value minimizes."""


def objective_metric(study: Study | StudyResult) -> str:
    """Return the metric whose value a sweeper gets, such as ``validation/error_rate``.

    It is the headline on the validation examples. A headline that names its split, such as ``headline=test/error_rate``, is used
    as it is, and so is every headline if there are no validation examples.
    """
    if _names_split(study) or not study.config["validation"]:
        return study.headline
    return f"validation/{study.headline.partition('/')[2]}"


def objective_value(result: StudyResult) -> float:
    """Return the value that a sweeper gets: the mean over the seeds of `objective_metric` after the last epoch.

    If a seed failed, or if the metric is undefined for every seed, it is the metric's worst value, so that no sweeper prefers it:
    1 for an error rate, 0 for an accuracy, and infinity for a loss, which has no upper bound (minus infinity for R²).
    """
    metric = objective_metric(result)
    if not result.failures:
        final = result.history[metric][:, -1]
        defined = final[~np.isnan(final)]
        if defined.size:
            return float(defined.mean())
    return result.measure(metric).worst


def optimizes(hydra: HydraConf) -> bool:
    """Return whether the sweeper of a job uses the job's value: all do but Hydra's basic one, which tries every combination."""
    return hydra.mode == RunMode.MULTIRUN and not tries_every_combination(hydra)


def tries_every_combination(hydra: HydraConf) -> bool:
    """Return whether the sweeper is Hydra's basic one."""
    sweeper = _text(hydra, "hydra.sweeper._target_") or ""
    return sweeper.rpartition(".")[2] == BasicSweeper.__name__


def check_objective(study: Study, hydra: HydraConf) -> None:
    """Check that a job's sweeper, if it optimizes, does so on examples for choosing, and in the direction of better values.

    Raises:
        BadObjective: it would optimize a metric of the test examples without being told so, or in the wrong direction.
    """
    if not optimizes(hydra):
        return
    metric = objective_metric(study)
    if metric.startswith("test/") and not _names_split(study):
        raise BadObjective(
            f"the sweeper would choose by the test examples, so that the best {metric} is too good: set validation=0.2 to choose "
            f"by validation examples, or headline={metric} to choose by the test examples all the same"
        )
    _check_direction(metric, hydra, smaller=study.measure(metric).smaller_is_better)


def _names_split(study: Study | StudyResult) -> bool:
    """Whether the user has given a headline with its split."""
    return "/" in str(study.config.get("headline") or "")


def _check_direction(metric: str, hydra: HydraConf, *, smaller: bool) -> None:
    for option, values in DIRECTIONS.items():
        found = (_text(hydra, option) or "").lower()
        if found in values and values[found] != smaller:
            right = next(value for value, minimizes in values.items() if minimizes == smaller)
            better = "smaller" if smaller else "larger"
            raise BadObjective(f"a {better} {metric} is better, but {option}={found} does the opposite: set {option}={right}")


def _text(hydra: HydraConf, option: str) -> str | None:
    """An option of Hydra's configuration as text; None if this sweeper has no such option."""
    node: object = hydra
    for name in option.removeprefix("hydra.").split("."):
        if not isinstance(node, DictConfig) or node._get_node(name, validate_access=False) is None:
            return None
        node = node[name]
    return str(getattr(node, "name", node))
