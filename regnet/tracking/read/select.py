"""Finding studies in a store by what people call them: a study's name or label, its identity, its launch, or any tag."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence

from regnet.errors import TrackingError
from regnet.tracking.read.studies import newest_experiment, newest_launch
from regnet.tracking.store.messages import LABEL
from regnet.tracking.store.store import ROLE, Store, TrackedRun

NAMES = ("regnet.study_name", LABEL, "regnet.study", "regnet.launch")
"""The tags that hold what a word may be, the first that fits before the others."""
SHOWN = 5
"""How many of the closest names are told where there is none such."""


def select_runs(store: Store, words: Sequence[str], experiment: str | None = None) -> list[TrackedRun]:
    """The runs of all studies that any of the words stands for, each run once; without words, those of the newest launch.

    A word is the name of a study, its label, its identity, the launch it was started with or, as `key=value`, a tag of its runs:
    the first of these that fits. They come in the order of the words, and of their start.

    Args:
        store: the store.
        words: Which studies.
        experiment: Where to look; by default in all experiments.

    Raises:
        TrackingError: a word fits nothing; there is no such experiment; there are no runs at all.
    """
    if not words:
        name = experiment or newest_experiment(store)
        return store.find_runs(store.experiments(name), ROLE | {"regnet.launch": newest_launch(store, name)})
    within = store.experiments(experiment)
    found = {run.run_id: run for word in words for run in _called(store, within, word)}
    return list(found.values())


def launched_runs(store: Store, launch: str | None = None, experiment: str | None = None) -> list[TrackedRun]:
    """The runs of a launch, or of all, in an experiment, or in all.

    Raises:
        TrackingError: there is no such launch or experiment; there are no runs.
    """
    within = store.experiments(experiment)
    runs = store.find_runs(within, ROLE if launch is None else ROLE | {"regnet.launch": launch})
    if not runs and launch is not None:
        raise _none_such("launch", launch, store.tag_values(within, ["regnet.launch"]))
    if not runs:
        where = "the MLflow store" if experiment is None else f"MLflow experiment {experiment!r}"
        raise TrackingError(f"{where} has no runs of regnet's: start some with `regnet run`")
    return runs


def _called(store: Store, within: Mapping[str, str], word: str) -> list[TrackedRun]:
    for key, value in _meanings(word):
        if runs := store.find_runs(within, ROLE | {key: value}):
            return runs
    raise _none_such("study, launch or tag key=value", word, store.tag_values(within, NAMES))


def _none_such(kind: str, word: str, names: Collection[str]) -> TrackingError:
    """The error about an unknown name, with the closest of those that there are."""
    closest = ", ".join(map(repr, difflib.get_close_matches(word, names, n=SHOWN, cutoff=0)))
    there = f"the closest names are {closest}" if names else "there are no runs of regnet's: start some with `regnet run`"
    return TrackingError(f"no {kind} is called {word!r}: {there}")


def _meanings(word: str) -> list[tuple[str, str]]:
    """The tags that the word may be meant for."""
    key, equals, value = word.partition("=")
    return [(name, word) for name in NAMES] + ([(key, value)] if equals and key else [])
