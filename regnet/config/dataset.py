"""The data set that a configuration describes, with what is done to the training examples of any data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regnet.contracts import Dataset
from regnet.data.sampling import SampledDataset, Sampling
from regnet.registry.catalog import Catalog, Entry
from regnet.registry.options import Option, options_of


def sampling_options(entry: Entry) -> dict[str, Option]:
    """Return the options of `Sampling` that a data set does not have itself."""
    return {name: option for name, option in options_of(Sampling).items() if name not in entry.options}


def build_dataset(spec: Mapping[str, Any], catalog: Catalog) -> Dataset:
    """Return the data set that a configuration's `dataset` describes.

    Raises:
        ConfigError: its name or an option is unknown, or a value is wrong.
    """
    entry = catalog.find("dataset", spec["name"])
    options = sampling_options(entry)
    given = {key: value for key, value in spec.items() if key in options}
    dataset: Dataset = catalog.build("dataset", {key: value for key, value in spec.items() if key not in given})
    sampling = catalog.construct(Sampling, options, given, owner=str(entry), where="dataset")
    return dataset if sampling == Sampling() else SampledDataset(dataset, sampling)
