"""Which trained networks are kept as models: each study's best run, chosen by validation and never by test."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from regnet.config.model import build_network
from regnet.errors import ConfigError, one_of
from regnet.registry.catalog import Catalog, load_catalog
from regnet.serving.needs import needs_of
from regnet.study.final import final_values
from regnet.study.result import StudyResult
from regnet.tracking.store.messages import ModelsWanted, ModelWanted

POLICIES = ("validated", "all", "none")
"""Of which studies the best run is kept as a model: of those with validation examples, of all, or of none."""
UNFIT = "/:"
"""What MLflow allows in no registered model's name."""

log = logging.getLogger("regnet")


def check_choice(config: Mapping[str, Any]) -> None:
    """Looks whether what a study's config asks of models can be had.

    Raises:
        ConfigError: it cannot.
    """
    policy, name = _policy(config), _name(config)
    if policy not in POLICIES:
        raise ConfigError(f"unknown tracking.models {policy!r}: {one_of(policy, POLICIES)}")
    if name and set(name) & set(UNFIT):
        raise ConfigError(f"tracking.register={name!r}: a registered model's name has neither / nor : in it")
    if name and policy == "none":
        raise ConfigError(f"tracking.register={name} has nothing to register with tracking.models=none: take validated")
    if name and policy == "validated" and not config["validation"]:
        raise ConfigError(
            f"tracking.register={name} needs a model, and none is chosen without validation examples: set validation=0.1, or "
            "tracking.models=all to choose by training loss"
        )


def judged_by(result: StudyResult) -> str:
    """The metric that a study's runs are chosen by: the headline on validation examples, or where there are none training loss."""
    validated = f"validation/{result.headline.partition('/')[2]}"
    return validated if validated in result.history else "train/loss"


def best_seed(result: StudyResult) -> int | None:
    """The seed of the run that ends best by the metric it is judged by; the first of several, and none if every run failed."""
    losses = _losses(result)
    return min(losses, key=losses.__getitem__) if losses else None


def _losses(result: StudyResult) -> dict[int, float]:
    """What each run that did not fail is chosen by, the smaller the better, by seed."""
    metric = judged_by(result)
    sign = 1 if result.measure(metric).smaller_is_better else -1
    return {seed: sign * value for seed, value in final_values(result, metric).items()}


def models_wanted(results: Sequence[StudyResult], labels: Sequence[str], launch: str) -> ModelsWanted:
    """Which runs of a launch are to be kept as models, and which of those are to be registered: of each name the best one."""
    chosen = [(result, label) for result, label in zip(results, labels, strict=True) if _is_wanted(result)]
    if not chosen:
        if any(_policy(result.config) == "validated" and not result.config["validation"] for result in results):
            log.info("No run is kept as a model, since nothing was set aside to choose one by: validation=0.1 would do that.")
        return ModelsWanted(launch, ())
    winners, catalog = _winners([result for result, _ in chosen]), load_catalog()
    return ModelsWanted(launch, tuple(_wanted(result, label, winners, catalog) for result, label in chosen))


def _is_wanted(result: StudyResult) -> bool:
    validated = judged_by(result) != "train/loss"
    policy = _policy(result.config)
    return best_seed(result) is not None and (policy == "all" or (policy == "validated" and validated))


def _wanted(result: StudyResult, label: str, winners: Mapping[str, StudyResult], catalog: Catalog) -> ModelWanted:
    seed, name = best_seed(result), _name(result.config)
    assert seed is not None
    return ModelWanted(
        study=result.identity,
        seed=seed,
        label=label,
        judged_by=judged_by(result),
        needs=tuple(needs_of(build_network(result.config["model"], 1, catalog), catalog)),
        register=name if name and winners.get(name) is result else None,
    )


def _winners(results: Sequence[StudyResult]) -> dict[str, StudyResult]:
    """For each name that a model is to be registered under, the study with the best run, if there is one to be called that."""
    asked: dict[str, list[StudyResult]] = {}
    for result in results:
        if name := _name(result.config):
            asked.setdefault(name, []).append(result)
    unlike = [name for name, rivals in asked.items() if not all(_are_comparable(rivals[0], other) for other in rivals)]
    for name in unlike:
        log.warning(
            "No model is registered as %s: studies of different data sets ask for that, and their errors cannot be compared. Give "
            "each a name of its own, such as tracking.register='${dataset.name}'.",
            name,
        )
    return {name: min(rivals, key=_lowest) for name, rivals in asked.items() if name not in unlike}


def _are_comparable(result: StudyResult, other: StudyResult) -> bool:
    return bool(result.config["dataset"] == other.config["dataset"]) and judged_by(result) == judged_by(other)


def _lowest(result: StudyResult) -> float:
    return min(_losses(result).values())


def _policy(config: Mapping[str, Any]) -> str:
    return str(config["tracking"].get("models", "validated"))


def _name(config: Mapping[str, Any]) -> str | None:
    name = config["tracking"].get("register")
    return str(name) if name else None
