"""Check that a sweeper optimizes in the direction in which the headline metric is better."""

from __future__ import annotations

from typing import Final

from hydra.conf import HydraConf
from omegaconf import DictConfig

from regnet.errors import ConfigError
from regnet.study.study import Study

DIRECTIONS: Final = {
    "hydra.sweeper.direction": {"minimize": True, "maximize": False},
    "hydra.sweeper.optim.maximize": {"false": True, "true": False},
    "hydra.sweeper.ax_config.experiment.minimize": {"true": True, "false": False},
}
"""The options that give the sweepers for Optuna, Nevergrad and Ax their direction, and whether each value minimizes."""


def check_objective(study: Study, hydra: HydraConf) -> None:
    """Check that the job's sweeper, if it optimizes, does so in the direction in which the headline metric is better.

    Raises:
        ConfigError: the sweeper optimizes in the wrong direction.
    """
    smaller = study.measure(study.headline).smaller_is_better
    for option, values in DIRECTIONS.items():
        found = _value(hydra, option)
        if found in values and values[found] != smaller:
            right = next(value for value, minimizes in values.items() if minimizes == smaller)
            better = "smaller" if smaller else "larger"
            raise ConfigError(
                f"a {better} {study.headline} is better, but {option}={found} does the opposite: set {option}={right}"
            )


def _value(hydra: HydraConf, option: str) -> str | None:
    """An option of Hydra's configuration as a lower-case text; None if this sweeper has no such option."""
    node: object = hydra
    for name in option.removeprefix("hydra.").split("."):
        if not isinstance(node, DictConfig) or node._get_node(name, validate_access=False) is None:
            return None
        node = node[name]
    return str(getattr(node, "name", node)).lower()
