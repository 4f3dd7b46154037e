"""Find studies in a store by their name, label, identity or launch, or by any tag."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence

from regnet.errors import TrackingError
from regnet.tracking.read.params import Value, value_of
from regnet.tracking.read.studies import newest_experiment, newest_launch
from regnet.tracking.store.messages import LABEL
from regnet.tracking.store.store import ROLE, Store, TrackedRun

NAMES = ("regnet.study_name", LABEL, "regnet.study", "regnet.launch")
"""The tags that a word is compared with, in this order."""
SHOWN = 5
"""Number of similar names in an error message about an unknown name."""


def select_runs(store: Store, words: Sequence[str], experiment: str | None = None) -> list[TrackedRun]:
    """Return the runs of the studies that the words select, without duplicates; without words, the runs of the newest launch.

    A word is the name of a study, its label, its identity, its launch, or `key=value` for a tag or a setting, such as
    `optimizer.lr=0.1`; the first of these that matches any run is used. Runs are sorted by word, then by start.

    Args:
        store: the store.
        words: the studies to select.
        experiment: the experiment to search; by default all.

    Raises:
        TrackingError: a word matches nothing, the experiment does not exist, or there are no runs.
    """
    if not words:
        name = experiment or newest_experiment(store)
        return store.find_runs(store.experiments(name), ROLE | {"regnet.launch": newest_launch(store, name)})
    within = store.experiments(experiment)
    found = {run.run_id: run for word in words for run in _matching(store, within, word)}
    return list(found.values())


def launched_runs(store: Store, launch: str | None = None, experiment: str | None = None) -> list[TrackedRun]:
    """Return the runs of a launch in an experiment; by default of all launches, in all experiments.

    Raises:
        TrackingError: the launch or experiment does not exist, or there are no runs.
    """
    within = store.experiments(experiment)
    runs = store.find_runs(within, ROLE if launch is None else ROLE | {"regnet.launch": launch})
    if not runs and launch is not None:
        raise _unknown("launch", launch, store.tag_values(within, ["regnet.launch"]))
    if not runs:
        where = "the MLflow store" if experiment is None else f"MLflow experiment {experiment!r}"
        raise TrackingError(f"{where} has no regnet runs: start one with `regnet run`")
    return runs


def _matching(store: Store, within: Mapping[str, str], word: str) -> list[TrackedRun]:
    for key, value in _possible_tags(word):
        if runs := store.find_runs(within, ROLE | {key: value}):
            return runs
    key, equals, value = word.partition("=")
    if equals and (runs := [run for run in store.find_runs(within, ROLE) if _is_set(run.params, key, value)]):
        return runs
    raise _unknown("study, launch, or tag or setting key=value", word, store.tag_values(within, NAMES))


def _is_set(params: Mapping[str, str], key: str, value: str) -> bool:
    """Return whether a setting, by its dotted name or that of a component, has this value."""
    stored = params.get(key, params.get(f"{key}.name"))
    return stored is not None and _read(stored) == _read(value)


def _read(text: str) -> Value:
    """Return the value of a text as MLflow or a command line has it: ``True`` or ``true``, ``[25, 25]`` or ``[25,25]``."""
    plain = text.replace(" ", "")
    return value_of({"true": "True", "false": "False", "null": "None"}.get(plain, plain))


def _unknown(kind: str, word: str, names: Collection[str]) -> TrackingError:
    """Return the error about an unknown name, with the most similar available names."""
    closest = ", ".join(map(repr, difflib.get_close_matches(word, names, n=SHOWN, cutoff=0)))
    available = f"the closest names are {closest}" if names else "there are no regnet runs: start one with `regnet run`"
    return TrackingError(f"no {kind} is called {word!r}: {available}")


def _possible_tags(word: str) -> list[tuple[str, str]]:
    """Return the tags that a word may stand for, in order of precedence."""
    key, equals, value = word.partition("=")
    return [(name, word) for name in NAMES] + ([(key, value)] if equals and key else [])
