"""The conformance check: whether a component meets its contract, and if not, what is wrong and the likely cause.

Offers `check_component`. `layers/`, `losses/`, `optimizers/`, `datasets`, `initializers` and `metrics` check each kind;
`finite_differences` and `comparison` compare numbers; `diagnosis`, `patterns` and `formulas` find the cause; `report` presents the
result.

May import contracts, data, engines, network, registry, rng.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from regnet.check.datasets import dataset_stages
from regnet.check.finding import Finding, Property
from regnet.check.initializers import initializer_stages
from regnet.check.layers import layer_stages
from regnet.check.losses import loss_stages
from regnet.check.metrics import metric_stages
from regnet.check.optimizers import optimizer_stages
from regnet.check.randomness import watched_generators
from regnet.check.report import Report
from regnet.check.running import Stage, run_stages
from regnet.check.subject import Subject, find_subject
from regnet.registry.catalog import Catalog, load_catalog

__all__ = ["Finding", "Property", "Report", "check_component"]

STAGES: dict[str, Callable[[Subject], Iterator[Stage]]] = {
    "layer": layer_stages,
    "loss": loss_stages,
    "optimizer": optimizer_stages,
    "dataset": dataset_stages,
    "initializer": initializer_stages,
    "metric": metric_stages,
}


def check_component(component: object, catalog: Catalog | None = None, /, **options: Any) -> Report:
    """Check a component against its contract.

    >>> check_component("tanh").state
    'passed'

    Args:
        component: a class; an object; an entry of the catalog; or a name, preceded by its kind where several kinds have it
            (``initializer/constant``) or its distribution where several distributions do (``layer/my-plugin:swish``).
        catalog: where names are looked up; by default the catalog of all installed plugins.
        **options: for a class or a name. Options without a default may be left out if they can be guessed: numbers,
            switches, and other components.

    Raises:
        ConfigError: there is no such component, or a given option is wrong. Faults of the component itself are reported, not
            raised.
    """
    subject = find_subject(component, catalog or load_catalog(), options)
    with _isolated():
        findings, passed, skipped = run_stages(STAGES[subject.kind](subject))
    return Report(subject.kind, subject.name, subject.origin, tuple(findings), tuple(passed), skipped)


@contextmanager
def _isolated() -> Iterator[None]:
    """Context manager that restores global generators, enables autograd, and ignores warnings."""
    with watched_generators(), torch.inference_mode(False), torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
