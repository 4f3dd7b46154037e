"""Events for listeners, listeners that raise exceptions, and stopping seeds without affecting the others."""

from __future__ import annotations

import logging
from dataclasses import FrozenInstanceError, dataclass
from typing import Annotated, Any

import numpy as np
import pytest
import torch
from annotated_types import Ge

from regnet import events
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.errors import ConfigError
from regnet.hookspecs import hookimpl
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import HOOKS, Listeners
from regnet.registry.loading import load_plugins
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import run_study
from tests.conftest import MakeStudy

SMALL = ("epochs=4", "dataset.train_size=40", "dataset.test_size=30")


class Diary:
    """A listener that records its events."""

    def __init__(self) -> None:
        self.heard: list[events.Event] = []

    def _note(self, event: events.Event) -> None:
        self.heard.append(event)


for _hook in HOOKS.values():
    setattr(Diary, _hook, hookimpl(specname=_hook)(lambda self, event: self._note(event)))


class Broken:
    """Raises an exception after the second epoch."""

    @hookimpl
    def regnet_epoch_ended(self, event: events.EpochEnded) -> None:
        if event.epoch == 2:
            raise ValueError("I am not well")


class Stopper:
    """Stops given seeds after a given epoch."""

    def __init__(self, when: dict[int, int]) -> None:
        self._when = when

    @hookimpl
    def regnet_seeds_to_stop(self, event: events.EpochEnded) -> list[int]:
        return [seed for seed, epoch in self._when.items() if epoch == event.epoch]


def train(study: MakeStudy, *overrides: str, plugins: tuple[object, ...] = ()) -> StudyResult:
    catalog: Catalog = load_catalog()
    for plugin in plugins:
        catalog.plugins.manager.register(plugin)
    return run_study(study(*SMALL, *overrides), Listeners(catalog.plugins))


def kinds(diary: Diary) -> list[str]:
    return [type(event).__name__ for event in diary.heard]


def test_events_of_a_study_in_lockstep(study: MakeStudy) -> None:
    diary = Diary()
    train(study, "seeds=2", plugins=(diary,))
    assert kinds(diary) == ["StudyStarted", *["RunStarted"] * 2, *["EpochEnded"] * 4, *["RunEnded"] * 2, "StudyEnded"]
    epoch = diary.heard[3]
    assert isinstance(epoch, events.EpochEnded)
    assert (epoch.epoch, epoch.seeds) == (1, (0, 1))
    assert epoch.metrics["test/loss"].shape == (2,)


def test_events_of_a_solo_study(study: MakeStudy) -> None:
    diary = Diary()
    train(study, "seeds=2", "replicas=solo", plugins=(diary,))
    one = ["RunStarted", *["EpochEnded"] * 4, "RunEnded"]
    assert kinds(diary) == ["StudyStarted", *one, *one, "StudyEnded"]


def test_events_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        events.ListenerFailed("a", "b", "c").hook = "d"  # type: ignore[misc]


def test_listener_that_raises_is_reported_once(study: MakeStudy, caplog: pytest.LogCaptureFixture) -> None:
    diary = Diary()
    with caplog.at_level(logging.WARNING, "regnet"):
        result = train(study, plugins=(diary, Broken()))
    assert result.history["test/loss"].shape == (1, 4)
    (failure,) = (event for event in diary.heard if isinstance(event, events.ListenerFailed))
    assert (failure.hook, failure.reason) == ("regnet_epoch_ended", "ValueError: I am not well")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "left out from here on: ValueError: I am not well" in caplog.text


def test_fatal_listener_ends_the_study(study: MakeStudy) -> None:
    listener: Any = Broken()
    listener.regnet_fatal = True
    diary = Diary()
    with pytest.raises(ValueError, match="not well"):
        train(study, plugins=(diary, listener))
    assert "RunFailed" in kinds(diary)


@pytest.mark.parametrize("overrides", [("seeds=3",), ("seeds=3", "replicas=solo"), ("seeds=3", "engine=torch")])
def test_stopped_seed_does_not_affect_the_others(study: MakeStudy, overrides: tuple[str, ...]) -> None:
    whole, stopped = train(study, *overrides), train(study, *overrides, plugins=(Stopper({1: 2}),))
    short = train(study, "seeds=[1]", "epochs=2", *overrides[1:])
    assert stopped.stopped == {1: 2}
    for name, values in whole.history.items():
        assert np.array_equal(stopped.history[name][[0, 2]], values[[0, 2]])
        assert np.array_equal(stopped.history[name][1, :2], values[1, :2])
        assert (stopped.history[name][1, 2:] == values[1, 1]).all()  # the value when it stopped
    for row in (0, 2):
        assert all(torch.equal(stopped.networks[row].weights[name], w) for name, w in whole.networks[row].weights.items())
    for name, w in short.network.weights.items():
        torch.testing.assert_close(stopped.networks[1].weights[name], w, rtol=1e-5, atol=1e-6)


def test_training_finishes_when_every_seed_has_stopped(study: MakeStudy) -> None:
    diary = Diary()
    result = train(study, "seeds=2", plugins=(diary, Stopper({0: 1, 1: 2})))
    assert result.stopped == {0: 1, 1: 2}
    assert kinds(diary).count("EpochEnded") == 2
    last = [event for event in diary.heard if isinstance(event, events.EpochEnded)][-1]
    assert np.isnan(last.metrics["test/loss"]).tolist() == [True, False]


@dataclass(frozen=True)
class Manners:
    """The settings of a plugin."""

    patience: Annotated[int, Ge(1)] | None = None


class Mannered:
    """A plugin with settings, which records their values in each study."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    @hookimpl
    def regnet_settings(self) -> dict[str, type]:
        return {"manners": Manners}

    @hookimpl
    def regnet_study_started(self, event: events.StudyStarted) -> None:
        self.seen.append(event.study.settings["manners"])


def mannered(*overrides: str) -> tuple[Study, Mannered]:
    plugin, plugins = Mannered(), load_plugins()
    plugins.manager.register(plugin, "mannered")
    catalog = load_catalog(plugins)
    study = assemble(compose_config(["tracking=none", *SMALL, *overrides], catalog), catalog)
    run_study(study, Listeners(catalog.plugins))
    return study, plugin


def test_plugin_with_settings() -> None:
    study, plugin = mannered("manners.patience=3")
    assert plugin.seen == [Manners(3)]
    assert study.config["manners"] == {"patience": 3}
    assert "mannered" in {origin.distribution for origin in study.origins}


def test_default_settings_are_not_part_of_the_study(study: MakeStudy) -> None:
    without, plugin = mannered()
    assert plugin.seen == [Manners()]
    assert without.identity == study(*SMALL).identity
    assert mannered("manners.patience=3")[0].identity != without.identity


@pytest.mark.parametrize(
    ("override", "words"),
    [("manners.patience=0", "manners.patience of settings manners"), ("manners.patient=3", "did you mean 'patience'?")],
)
def test_errors_of_settings(override: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mannered(override)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": Manners}, "regnet itself has a setting of that name"),
        ({"manners": int}, "is not a dataclass"),
        ({"my manners": Manners}, "a word of letters"),
        (None, "returned NoneType"),
    ],
)
def test_invalid_settings_of_a_plugin(settings: Any, words: str) -> None:
    class Odd:
        @hookimpl
        def regnet_settings(self) -> Any:
            return settings

    plugins = load_plugins()
    plugins.manager.register(Odd(), "odd")
    (broken,) = load_catalog(plugins).broken
    assert words in broken.reason
