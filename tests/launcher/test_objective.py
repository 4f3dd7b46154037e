"""A sweeper must optimize in the direction in which the headline metric is better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from regnet.errors import ConfigError
from regnet.launcher.objective import check_objective
from tests.cli.test_command import regnet as command
from tests.conftest import MakeStudy

OPTUNA = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=1", "optimizer.lr=interval(0.001,0.1)")
SMALL = ("epochs=1", "tracking=none", "report=none", "dataset.train_size=20", "dataset.test_size=20")


@pytest.mark.parametrize(
    ("sweeper", "minimizes"),
    [
        ({"direction": "minimize"}, True),
        ({"direction": "maximize"}, False),
        ({"optim": {"maximize": True}}, False),
        ({"optim": {"maximize": False}}, True),
        ({"ax_config": {"experiment": {"minimize": True}}}, True),
        ({"ax_config": {"experiment": {"minimize": False}}}, False),
    ],
)
def test_direction_must_be_that_of_the_headline(sweeper: dict[str, Any], minimizes: bool, study: MakeStudy) -> None:
    hydra: Any = OmegaConf.create({"sweeper": sweeper})
    smaller, larger = study(), study("metrics=[accuracy]")
    check_objective(smaller if minimizes else larger, hydra)
    with pytest.raises(ConfigError, match=r"does the opposite: set hydra\.sweeper\."):
        check_objective(larger if minimizes else smaller, hydra)


@pytest.mark.parametrize("sweeper", [{}, {"max_batch_size": None}, {"direction": ["minimize", "maximize"]}])
def test_sweepers_without_a_direction_are_accepted(sweeper: dict[str, Any], study: MakeStudy) -> None:
    hydra: Any = OmegaConf.create({"sweeper": sweeper})
    for each in (study(), study("metrics=[accuracy]")):
        check_objective(each, hydra)


@pytest.mark.slow
@pytest.mark.parametrize(("direction", "code"), [("minimize", 2), pytest.param("maximize", 0, marks=pytest.mark.long)])
def test_wrong_direction_of_optuna_is_an_error(direction: str, code: int, tmp_path: Path) -> None:
    done = command(tmp_path, "run", "-m", *OPTUNA, *SMALL, "headline=accuracy", f"hydra.sweeper.direction={direction}")
    assert done.returncode == code
    refused = f"a larger test/accuracy is better, but hydra.sweeper.direction={direction} does the opposite"
    assert (refused in done.stderr) == bool(code)
