"""Choose the trained networks to keep as models: each study's best run by validation, never by test."""

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
"""The studies whose best run is kept as a model: those with validation examples, all, or none."""
FORBIDDEN = "/:"
"""The characters that MLflow does not allow in the name of a registered model."""

log = logging.getLogger("regnet")


def check_choice(config: Mapping[str, Any]) -> None:
    """Check a study's options for models.

    Raises:
        ConfigError: ``tracking.models`` or ``tracking.register`` is invalid, or contradicts another option.
    """
    policy, name = _policy(config), _name(config)
    if policy not in POLICIES:
        raise ConfigError(f"unknown tracking.models {policy!r}: {one_of(policy, POLICIES)}")
    if name and set(name) & set(FORBIDDEN):
        raise ConfigError(f"tracking.register={name!r}: the name of a registered model must not contain / or :")
    if name and policy == "none":
        raise ConfigError(
            f"tracking.register={name} has nothing to register with tracking.models=none: set tracking.models=validated"
        )
    if name and policy == "validated" and not config["validation"]:
        raise ConfigError(
            f"tracking.register={name} needs a model, and none is chosen without validation examples: set validation=0.1, or "
            "tracking.models=all to choose by training loss"
        )


def judged_by(result: StudyResult) -> str:
    """Return the metric that selects a study's best run: the headline on validation examples, or the training loss without any."""
    validated = f"validation/{result.headline.partition('/')[2]}"
    return validated if validated in result.history else "train/loss"


def best_seed(result: StudyResult) -> int | None:
    """Return the seed of the best run by the final value of `judged_by`.

    It is the first of several equal runs, and None if every run failed.
    """
    losses = _losses(result)
    return min(losses, key=losses.__getitem__) if losses else None


def _losses(result: StudyResult) -> dict[int, float]:
    """Return the final value of `judged_by` for each run that did not fail, by seed, with the sign that makes smaller better."""
    metric = judged_by(result)
    sign = 1 if result.measure(metric).smaller_is_better else -1
    return {seed: sign * value for seed, value in final_values(result, metric).items()}


def models_wanted(results: Sequence[StudyResult], labels: Sequence[str], launch_id: str) -> ModelsWanted:
    """Return the runs of a launch to keep as models; for each name, the best of them is registered."""
    chosen = [(result, label) for result, label in zip(results, labels, strict=True) if is_wanted(result)]
    if not chosen:
        told = [result for result in results if result.config.get("report") != "none"]
        if any(_policy(result.config) == "validated" and not result.config["validation"] for result in told):
            log.info("No run is kept as a model, because there are no validation examples to choose one by: set validation=0.1.")
        return ModelsWanted(launch_id, ())
    winners, catalog = _winners([result for result, _ in chosen]), load_catalog()
    return ModelsWanted(launch_id, tuple(_wanted(result, label, winners, catalog) for result, label in chosen))


def is_wanted(result: StudyResult) -> bool:
    """Return whether a study's best run is to be kept as a model."""
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
    """Return the study with the best run for each registered name; names requested by incomparable studies are left out."""
    requested: dict[str, list[StudyResult]] = {}
    for result in results:
        if name := _name(result.config):
            requested.setdefault(name, []).append(result)
    ambiguous = [name for name, studies in requested.items() if not all(_are_comparable(studies[0], study) for study in studies)]
    for name in ambiguous:
        log.warning(
            "No model is registered as %s: studies of different data sets request that name, and their errors cannot be compared. "
            "Use a name for each data set, such as tracking.register='${dataset.name}'.",
            name,
        )
    return {name: min(studies, key=_lowest) for name, studies in requested.items() if name not in ambiguous}


def _are_comparable(first: StudyResult, second: StudyResult) -> bool:
    return bool(first.config["dataset"] == second.config["dataset"]) and judged_by(first) == judged_by(second)


def _lowest(result: StudyResult) -> float:
    return min(_losses(result).values())


def _policy(config: Mapping[str, Any]) -> str:
    return str(config["tracking"].get("models", "validated"))


def _name(config: Mapping[str, Any]) -> str | None:
    name = config["tracking"].get("register")
    return str(name) if name else None
