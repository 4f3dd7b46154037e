"""From a composed configuration to a study: look up every name in the catalog, and check every value and every size."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch

from regnet.config.advice import advice
from regnet.config.automatic import AUTO, DataFacts, describe_choices, open_settings, resolve
from regnet.config.dataset import build_dataset
from regnet.config.metrics import choose_headline, choose_metrics
from regnet.config.model import build_network
from regnet.config.randomness import training_sources
from regnet.config.rounding import check_rounded
from regnet.contracts import Buffer, Dataset, Layer, Split, Splits
from regnet.data.batches import batch_sizes
from regnet.data.prepare import load_examples, sources_of
from regnet.data.sampling import SampledDataset
from regnet.data.targets import choose_coding
from regnet.engines import NAMES as ENGINES
from regnet.engines import engine_name
from regnet.errors import ConfigError, ShapeError, one_of
from regnet.files import content_hash
from regnet.machine import torch_threads
from regnet.network.parameters import leaves
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Catalog, with_parts
from regnet.registry.discovery import Provenance
from regnet.registry.limits import check_files
from regnet.registry.options import options_of
from regnet.registry.selection import refuse_late_policy
from regnet.registry.settings import GROUPS, OWN_SETTINGS, Settings
from regnet.rng import Streams
from regnet.study.population import Population
from regnet.study.study import Replicas, Study


def assemble(config: Mapping[str, Any], catalog: Catalog) -> Study:
    """Return the study that a configuration of plain mappings, lists, numbers and strings describes.

    Raises:
        RegnetError: a name is unknown, or a value has the wrong type, is out of range or does not fit the others.
    """
    settings = read_settings(config, catalog)
    _check_numbers(config, settings.dtype)
    refuse_late_policy(settings.plugins)
    with torch_threads(settings.threads):
        return _assemble(settings, config, catalog)


def _assemble(settings: Settings, config: Mapping[str, Any], catalog: Catalog) -> Study:
    plugin_settings = _plugin_settings(config, catalog)
    at_default = {name for name, value in plugin_settings.items() if value == type(value)()} - OWN_SETTINGS.keys()
    config = {key: value for key, value in config.items() if key not in at_default}
    config |= {name: asdict(plugin_settings[name]) for name in OWN_SETTINGS}
    streams: Streams = plugin_settings["streams"]
    dataset = build_dataset(config["dataset"], catalog)
    engine = _engine(config["engine"])
    device = _device(settings)
    splits, validation = _first_examples(dataset, settings, streams)
    facts = DataFacts.of(dataset, splits)
    automatic, config = open_settings(config), resolve(config, facts, catalog)
    settings = read_settings(config, catalog)
    chosen = settings.chosen
    config |= chosen._asdict()
    loss = catalog.build("loss", config["loss"])
    optimizer = catalog.build("optimizer", config["optimizer"])
    task = facts.task
    coding = choose_coding(settings.coding, loss, config["loss"]["name"], task)
    metrics = choose_metrics(settings, task, loss, catalog)
    outputs = splits.classes or splits.train.y.shape[-1]
    network = _network(config["model"], splits, outputs, config["dataset"]["name"], catalog)
    sizes = batch_sizes(len(splits.train.x), chosen.batch_size, drop_last=settings.drop_last)
    _check_batches(sizes, chosen.batch_size, len(splits.train.x), network, catalog)
    for component in (network, loss, optimizer):
        check_rounded(component, getattr(torch, settings.dtype), catalog)
    drawn_from = dataset.dataset if isinstance(dataset, SampledDataset) else dataset
    components = catalog.origins(network, drawn_from, loss, optimizer, *metrics.values())
    features, examples = splits.train.x.shape[-1], (len(splits.train.x), len(splits.test.x))
    trained = training_sources(network, features, shuffled=chosen.shuffle and len(sizes) > 1)
    sources = tuple(filter(streams.varies, (*sources_of(dataset, settings.validation), *trained)))
    return Study(
        network=network,
        features=features,
        examples=examples,
        dataset=dataset,
        loss=loss,
        optimizer=optimizer,
        engine=engine,
        replay=settings.replay,
        seeds=settings.seed_list,
        replicas=_replicas(settings, engine),
        epochs=_epochs(settings.max_steps, chosen.epochs, sizes),
        max_steps=settings.max_steps,
        batch_size=chosen.batch_size,
        drop_last=settings.drop_last,
        shuffle=chosen.shuffle,
        validation=settings.validation,
        normalization=chosen.normalization,
        coding=coding,
        metrics=metrics,
        headline=choose_headline(settings, metrics),
        dtype=getattr(torch, settings.dtype),
        device=device,
        threads=settings.threads,
        workers=settings.workers,
        config=config,
        origins=_origins(components, plugin_settings.keys() - at_default - OWN_SETTINGS.keys(), catalog),
        content=_content(dataset),
        notes=(
            *map(str, dataset.describe()),
            *describe_choices(automatic, config),
            *advice(network, loss, coding, outputs, catalog),
        ),
        automatic=(*automatic, *(["seeds"] if settings.seeds == AUTO else [])),
        settings=plugin_settings,
        streams=streams,
        population=Population(dataset.variation, sources, examples[0], len(validation.x) if validation else 0, examples[1]),
    )


def _epochs(max_steps: int | None, epochs: int, sizes: Sequence[int]) -> int:
    """Return the number of epochs, the last of which may be incomplete, for as many steps as were asked for."""
    return epochs if max_steps is None else math.ceil(max_steps / len(sizes))


def _check_batches(sizes: Sequence[int], batch_size: int, examples: int, network: Sequential, catalog: Catalog) -> None:
    """Refuse batches that are too small for a layer, as PyTorch does."""
    if not sizes:
        raise ConfigError(f"drop_last=true leaves no batch: there are {examples} training examples, and batch_size is {batch_size}")
    refusing = [layer for layer in with_parts(network) if isinstance(layer, Layer) and sizes[-1] < layer.smallest_batch]
    if refusing:
        layer = refusing[-1]  # the innermost
        fits = batch_size >= layer.smallest_batch
        raise ConfigError(
            f"layer {catalog.describe(layer)['name']} needs {layer.smallest_batch} examples in a batch, and the last batch of "
            f"{examples} training examples has {sizes[-1]} with batch_size={batch_size}: "
            + ("set drop_last=true, or another batch_size" if fits else "raise batch_size")
        )


def _check_numbers(value: Any, dtype: str, path: str = "") -> None:
    """Refuse finite numbers that the type of the training has no room for."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_numbers(item, dtype, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check_numbers(item, dtype, f"{path}[{index}]")
    elif isinstance(value, float) and torch.finfo(getattr(torch, dtype)).max < abs(value) < math.inf:
        raise ConfigError(f"{path}={value} is beyond the largest number of {dtype}: choose a smaller one")


def _content(dataset: Dataset) -> str:
    try:
        return " ".join(map(content_hash, dataset.files()))
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}") from error


def read_settings(config: Mapping[str, Any], catalog: Catalog) -> Settings:
    """Return the top level of a configuration, checked."""
    top = {key: value for key, value in config.items() if key not in GROUPS and key not in catalog.settings}
    return catalog.construct(Settings, options_of(Settings), top, owner="", where="")


def _first_examples(dataset: Dataset, settings: Settings, streams: Streams) -> tuple[Splits, Split | None]:
    """Return the examples of the first seed whose examples can be loaded, which show the sizes and the task.

    The other seeds fail when they are trained. If no seed's examples can be loaded, the error of the first is raised.
    """
    check_files(dataset.files())
    errors = []
    varying = any(map(streams.varies, sources_of(dataset, settings.validation)))
    for seed in settings.seed_list if varying else settings.seed_list[:1]:
        try:
            return load_examples(dataset, settings.validation, seed, streams)
        except Exception as error:  # whatever a data set raises
            errors.append(error)
    raise errors[0]


def _plugin_settings(config: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Return the plugins' settings as instances of the plugins' classes; those that the config lacks are at their defaults."""
    return {
        name: catalog.construct(
            entry.component, entry.options, config.get(name) or {}, owner=f"settings {name} (from {entry.origin})", where=name
        )
        for name, entry in catalog.settings.items()
    }


def _engine(spec: Any) -> str:
    name = engine_name(spec)
    if name not in ENGINES:
        raise ConfigError(f"unknown engine {name!r}: {one_of(name, ENGINES)}")
    return name


def _replicas(settings: Settings, engine: str) -> Replicas:
    if engine == "torch" and settings.replicas == "lockstep":
        raise ConfigError("the torch engine trains one seed at a time: set replicas=solo, or engine=handbuilt")
    if settings.replicas == "auto":
        return "solo" if engine == "torch" else "lockstep"
    return settings.replicas


def _device(settings: Settings) -> torch.device:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device=cuda: torch finds no usable GPU on this machine; set device=cpu")
    return torch.device(settings.device)


def _network(spec: Mapping[str, Any], splits: Splits, outputs: int, dataset: str, catalog: Catalog) -> Sequential:
    network = build_network(spec, outputs, catalog)
    params, features = network.init(splits.train.x.shape[-1], torch.Generator())
    if all(isinstance(leaf, Buffer) for _, leaf in leaves(params)):
        raise ConfigError(f"model {spec['name']} has nothing to train: none of its {len(network.layers)} layers has a parameter")
    if features != outputs:
        last = len(network.layers) - 1
        raise ShapeError(
            f"the network's last layer ({last}) gives {features} features, expected {outputs}: data set {dataset} has "
            + (f"{splits.classes} classes" if splits.classes else f"{outputs} values to predict")
        )
    return network


def _origins(components: Collection[Provenance], settings: Collection[str], catalog: Catalog) -> tuple[Provenance, ...]:
    """Return the distributions of the components and of those settings, sorted by name."""
    found = {*components, *(catalog.settings[name].origin for name in settings)}
    return tuple(sorted(found, key=lambda origin: origin.distribution))
