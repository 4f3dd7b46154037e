"""Choose the metrics of a study and its headline metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regnet.contracts import Loss, Metric, Task
from regnet.errors import ConfigError, one_of
from regnet.registry.catalog import Catalog
from regnet.registry.settings import Settings
from regnet.study.result import SPLITS

DEFAULTS: Final[Mapping[Task, tuple[str, ...]]] = {"classification": ("error_rate",), "regression": ("rmse", "r2")}
"""The metrics that are measured if the config names none."""
LOSS: Final = "loss"


def choose_metrics(settings: Settings, task: Task, loss: Loss, catalog: Catalog) -> dict[str, Metric]:
    """Return the metrics that the settings ask for, by name; if they list none, the headline is measured besides the defaults.

    Raises:
        ConfigError: a name is unknown or given twice; a metric is for the other task, or needs what the loss does not provide.
    """
    if settings.metrics is None:
        _, wanted = split_headline(settings.headline)
        names = [*DEFAULTS[task], *([wanted] if wanted and wanted not in (*DEFAULTS[task], LOSS) else [])]
        chosen = [(name, catalog.build("metric", name)) for name in names]
    else:
        chosen = [(catalog.describe(metric)["name"], metric) for metric in settings.metrics]
    metrics: dict[str, Metric] = {}
    for name, metric in chosen:
        if name in metrics:
            raise ConfigError(f"metrics lists {name} twice: remove one of them")
        _check_task(name, metric, task, catalog)
        _check_loss(name, metric, loss, catalog)
        metrics[name] = metric
    return metrics


def _check_task(name: str, metric: Metric, task: Task, catalog: Catalog) -> None:
    if name == LOSS:
        raise ConfigError("a metric cannot be called loss: the loss is always measured under that name")
    if metric.task() != task:
        registered = [entry for claims in catalog.entries["metric"].values() for entry in claims]
        fitting = [entry.name for entry in registered if issubclass(entry.component, Metric) and entry.component.task() == task]
        raise ConfigError(f"metric {name} is for {metric.task()}, and the data set is for {task}: {one_of(name, fitting)}")


def _check_loss(name: str, metric: Metric, loss: Loss, catalog: Catalog) -> None:
    if metric.takes == "probabilities" and type(loss).probabilities is Loss.probabilities:
        raise ConfigError(
            f"metric {name} needs the probability of each class, which loss {catalog.describe(loss)['name']} does not provide: "
            "use loss=cross_entropy model.output=null, or another metric"
        )


def split_headline(headline: str | None) -> tuple[str, str | None]:
    """Return the split and the metric of a headline such as ``validation/f1``; the split is test if it names none."""
    if not headline:
        return "test", None
    split, slash, name = headline.partition("/")
    return (split, name) if slash else ("test", headline)


def choose_headline(settings: Settings, metrics: Mapping[str, Metric]) -> str:
    """Return the metric by which studies are compared, with its split.

    Raises:
        ConfigError: it is not measured, is a table, or needs validation examples and none are set aside.
    """
    numbers = [name for name, metric in metrics.items() if not metric.axes]
    split, name = split_headline(settings.headline)
    name = name or next(iter(numbers), LOSS)
    if split not in SPLITS:
        raise ConfigError(f"headline={settings.headline}: {split!r} is not a split: {one_of(split, SPLITS)}")
    if name in metrics and metrics[name].axes:
        raise ConfigError(f"headline={settings.headline}: {name} is a table, not a number: {one_of(name, [*numbers, LOSS])}")
    if name not in (*metrics, LOSS):
        raise ConfigError(f"headline={settings.headline} is not among metrics: {one_of(name, [*numbers, LOSS])}")
    if split == "validation" and not settings.validation:
        raise ConfigError(f"headline={settings.headline} needs validation examples: set validation=0.1")
    return f"{split}/{name}"
