"""The value `auto`: settings that suit the data, for those that the user leaves open."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor

from regnet.config.override_text import override_text
from regnet.contracts import RECOMMENDABLE, Buffer, Context, Dataset, Loss, Splits, Task
from regnet.data.targets import choose_coding
from regnet.errors import BadOption, RegnetError, TargetError, one_of
from regnet.network.parameters import leaves, rebuild
from regnet.network.sequential import Sequential
from regnet.registry.catalog import MISSING, Catalog
from regnet.rng import Noise

AUTO: Final = "auto"
"""The value of a setting that is left open."""
COMPONENTS: Final = ("loss", "optimizer")
"""The components that may be left open."""
SETTINGS: Final = ("epochs", "shuffle", "normalization", "batch_size")
"""The settings of the top level that may be left open."""
HIDDEN: Final = 100
"""The size of the hidden layer, as in scikit-learn."""
BATCH, LARGE_BATCH, MANY = 32, 256, 20_000
"""The size of a batch, of one of a data set with many examples, and how many these are."""
EPOCHS: Final[Mapping[Task, int]] = {"classification": 200, "regression": 70}
"""The number of epochs: fewer for values, since networks fit their noise sooner than they fit wrong classes."""
PROBES: Final = 10_000
"""The number of random numbers that show what an activation does to the size of its inputs."""
WIDEST: Final = 1000
"""The most features that they have."""
SPREAD: Final = 5.0
"""The standard deviation of inputs at which a saturating activation is flat."""
FLAT: Final = 3.0
"""The largest range of a saturating activation's outputs."""
TOLERANCE: Final = 0.05
"""How far the mean and variance of an activation that keeps them may be from 0 and 1."""


@dataclass(frozen=True)
class DataFacts:
    """What the values of open settings depend on.

    Args:
        task: what is to be predicted.
        examples: the number of training examples.
        recommended: the settings that the data set recommends, by dotted name.
    """

    task: Task
    examples: int
    recommended: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, dataset: Dataset, splits: Splits) -> DataFacts:
        """Return the facts about loaded examples.

        Raises:
            BadOption: the data set recommends something that is never left open.
        """
        for name in dataset.recommended:
            if name not in RECOMMENDABLE:
                raise BadOption(
                    f"data set {type(dataset).__name__} recommends {name}, which is never auto: {one_of(name, RECOMMENDABLE)}"
                )
        task: Task = "regression" if splits.classes is None else "classification"
        return cls(task, len(splits.train.x), dataset.recommended)


def resolve(config: Mapping[str, Any], facts: DataFacts, catalog: Catalog) -> dict[str, Any]:
    """Return a configuration without `auto`.

    What the data set recommends comes first. Otherwise: cross-entropy of the network's outputs, or the mean square error of
    standardized values; Adam; 200 epochs, or 70 for values; one hidden layer; He's initialization, Glorot's for a saturating
    activation or LeCun's for one that keeps mean and variance; features standardized one by one; shuffled batches of 32, or 256 of
    many examples.

    Raises:
        ConfigError: an option was given that the chosen component does not have, or a component is unknown.
    """
    config = dict(config)
    usual = {
        "loss": "cross_entropy" if facts.task == "classification" else "mse",
        "optimizer": "adam",
        "epochs": EPOCHS[facts.task],
        "shuffle": True,
        "normalization": "feature",
        "batch_size": _batch_size(facts.examples),
    }
    for kind in COMPONENTS:
        spec = config.get(kind)
        if _is_open(spec):
            config[kind] = _component(kind, str(facts.recommended.get(kind, usual[kind])), spec, catalog)
        elif isinstance(spec, Mapping) and isinstance(spec.get("name"), str) and _is_incomplete(kind, spec, catalog):
            config[kind] = _component(kind, str(spec["name"]), spec, catalog)
    if isinstance(config.get("model"), Mapping) and config["model"].get("name") == "mlp":
        config["model"] = _model(config, facts, catalog)
    for name in SETTINGS:
        if config.get(name) == AUTO:
            config[name] = facts.recommended.get(name, usual[name])
    return config


def open_settings(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the settings of a configuration that are `auto`, by dotted name."""
    return tuple(name for name in RECOMMENDABLE if _is_open(_value(config, name)))


def describe_choices(automatic: Sequence[str], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line that says what `auto` became, in the form of overrides, if anything was left open."""
    if automatic:
        values = {name: _value(config, f"{name}.name" if name in COMPONENTS else name) for name in automatic}
        yield f"auto: {' '.join(f'{name}={override_text(value)}' for name, value in values.items())}"


def _value(config: Mapping[str, Any], name: str) -> Any:
    """The value of a setting by its dotted name; None if it is not there."""
    value: Any = config
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _is_open(spec: Any) -> bool:
    return spec == AUTO or (isinstance(spec, Mapping) and spec.get("name") == AUTO)


def _is_incomplete(kind: str, spec: Mapping[str, Any], catalog: Catalog) -> bool:
    """Whether a component was named by its option `name`, so that Hydra has not added its other options."""
    return not catalog.find(kind, spec["name"]).options.keys() <= spec.keys()


def _component(kind: str, name: str, spec: Any, catalog: Catalog) -> dict[str, Any]:
    """The description of a component with the options that were given."""
    given = {key: value for key, value in spec.items() if key != "name" and value != MISSING} if isinstance(spec, Mapping) else {}
    entry = catalog.find(kind, name)
    for option in given:
        if option not in entry.options:
            meant = f" ({kind}=auto is {name} here; name another if needed)" if _is_open(spec) else ""
            raise BadOption(f"{entry} has no option {option!r}: {one_of(option, entry.options)}{meant}")
    built = catalog.build(kind, {"name": name, **given})
    return {**catalog.describe(built), "name": name}


def _model(config: Mapping[str, Any], facts: DataFacts, catalog: Catalog) -> dict[str, Any]:
    model = dict(config["model"])
    if model.get("hidden") == AUTO:
        model["hidden"] = list(facts.recommended.get("model.hidden", [HIDDEN]))
    if model.get("output") == AUTO:
        model["output"] = facts.recommended.get("model.output") if _takes_recommended_output(config, facts, catalog) else None
    if model.get("initializer") == AUTO:
        model["initializer"] = facts.recommended.get("model.initializer") or _initializer(model, catalog)
    return model


def _takes_recommended_output(config: Mapping[str, Any], facts: DataFacts, catalog: Catalog) -> bool:
    """Whether the loss has the coding of the recommended loss, for which the recommended output is."""
    if "model.output" not in facts.recommended:
        return False
    wanted, recommended = str(config.get("coding", AUTO)), str(facts.recommended.get("loss", config["loss"]["name"]))
    loss: Loss = catalog.build("loss", config["loss"])
    try:
        chosen = choose_coding(wanted, loss, config["loss"]["name"], facts.task)
    except TargetError:  # reported where the coding is used
        return False
    return chosen == choose_coding(AUTO, catalog.build("loss", recommended), recommended, facts.task)


def _initializer(model: Mapping[str, Any], catalog: Catalog) -> str:
    """The initializer that keeps the size of signals through layers with the model's activation."""
    activation = model.get("activation")
    given = list(activation) if isinstance(activation, (list, tuple)) else [activation]
    try:
        layers = [catalog.build("layer", spec) for spec in given]
        y, wide = _outputs(Sequential(tuple(layers)), model.get("hidden"))
    except RegnetError:  # reported where the network is built
        return "he_fan_in"
    if float(wide.max() - wide.min()) < FLAT:
        return "xavier_uniform"
    keeps = abs(float(y.mean())) < TOLERANCE and abs(float(y.var()) - 1) < TOLERANCE
    return "lecun_normal" if keeps else "he_fan_in"


def _outputs(layers: Sequential, hidden: Any) -> tuple[Tensor, Tensor]:
    """What layers without training make of standard normal numbers, and of larger ones."""
    sizes = [size for size in hidden if isinstance(size, int) and size > 0] if isinstance(hidden, list) else []
    features = min([*sizes[:1], WIDEST])
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(math.ceil(PROBES / features), features, generator=generator)
    tree, _ = layers.init(features, generator)
    params = rebuild(tree, {path: leaf.value if isinstance(leaf, Buffer) else leaf for path, leaf in leaves(tree)})
    context = Context(training=False, noise=Noise([0], replica_axis=False))
    with torch.inference_mode():
        return layers.forward(params, x, context)[0].double(), layers.forward(params, SPREAD * x, context)[0]


def _batch_size(examples: int) -> int:
    """The size of a batch; one that leaves no last batch of one example, which batch normalization cannot take."""
    size = BATCH if examples < MANY else LARGE_BATCH
    return next((smaller for smaller in range(size, size // 2, -1) if examples % smaller != 1), size)
