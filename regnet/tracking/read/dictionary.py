"""`regnet.describe_columns`: the dictionary of a table of runs, with its settings in the words of the components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pandas as pd

from regnet.config.model import MODELS
from regnet.data.sampling import Sampling
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.meanings import meanings_of
from regnet.registry.settings import Settings
from regnet.tracking.read.columns import RUN_COLUMNS


def describe_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a dictionary of a frame from `regnet.load_results`: a row for each column, with its type, unit and meaning.

    Settings are explained as in the documentation of their components, as far as these are installed. Without that, each column's
    meaning is in ``frame.attrs["columns"]``, and its unit, if it has one, in ``frame.attrs["units"]``. Columns that were added to
    the frame later have no meaning.

    Args:
        frame: the frame, or a part of it that has kept its ``attrs``.
    """
    meanings = frame.attrs.get("columns", {}) | dict(_settings(frame, load_catalog()))
    units = frame.attrs.get("units", {})
    described = {
        "type": [str(dtype) for dtype in frame.dtypes],
        "unit": [units.get(name, "") for name in frame.columns],
        "meaning": [meanings.get(name, "") for name in frame.columns],
    }
    return pd.DataFrame(described, index=pd.Index(frame.columns, name="column"), dtype="string")


def _settings(frame: pd.DataFrame, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield the columns that are settings which a docstring explains, each with its meaning."""
    top = meanings_of(Settings)
    for name in frame.columns.difference(list(RUN_COLUMNS), sort=False):
        prefix, _, option = str(name).rpartition(".")
        if not prefix and name in top:
            yield name, top[name]
        elif prefix in catalog.settings:
            yield from ((name, text) for key, text in meanings_of(catalog.settings[prefix].component).items() if key == option)
        elif f"{prefix}.name" in frame:
            chosen = frame.loc[frame[name].notna(), f"{prefix}.name"].dropna().unique()
            texts = {component: _meanings(prefix, str(component), catalog).get(option) for component in chosen}
            if text := _joined({component: text for component, text in texts.items() if text}):
                yield name, text


def _meanings(prefix: str, name: str, catalog: Catalog) -> dict[str, str]:
    """Return the meanings of the options of the component that a configuration has at a dotted name."""
    if prefix == "model":
        return meanings_of(MODELS.get(name))
    kinds = [prefix] if prefix in catalog.entries else list(catalog.entries)  # an option's own kind is not known here
    classes = [entry.component for kind in kinds for entry in catalog.entries[kind].get(name.rpartition(":")[2], ())]
    found = meanings_of(Sampling) if prefix == "dataset" else {}
    for component in classes:
        found |= meanings_of(component)
    return found


def _joined(meanings: Mapping[str, str]) -> str:
    """Return the meanings that an option has for several components, each after their names if they differ."""
    components: dict[str, list[str]] = defaultdict(list)
    for component, text in meanings.items():
        components[text].append(component)
    if len(components) == 1:
        return next(iter(components))
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in components.items())
