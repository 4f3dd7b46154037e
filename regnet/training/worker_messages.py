"""Messages between a worker and the process that started it: tasks to the worker; events and outcomes from it."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch

from regnet.config.build_study import assemble
from regnet.registry.catalog import Catalog
from regnet.study.study import Study
from regnet.training.program import Program, Studies


class Recipe(NamedTuple):
    """The config that a worker assembles a study from, the sizes that its data must have, and what the config does not say."""

    config: Mapping[str, Any]
    features: int
    examples: tuple[int, int]
    notes: tuple[str, ...]
    automatic: tuple[str, ...]

    @classmethod
    def of(cls, study: Study) -> Recipe:
        return cls(study.config, study.features, study.examples, study.notes, study.automatic)

    def assemble(self, catalog: Catalog) -> Study:
        known = {name: value for name, value in self._asdict().items() if name != "config"}
        return replace(assemble(self.config, catalog), **known)


@dataclass(frozen=True)
class Task:
    """A program for a worker to train."""

    program: Program
    recipes: Mapping[int, Recipe]
    """A recipe for the study of each job of the program, since objects of a plugin's classes may not support pickling."""
    may_stop: bool
    """Whether the worker must wait after each epoch for the seeds to stop."""
    log_level: int


class StudyPickler(pickle.Pickler):
    """Leaves out what both processes have, which are the studies, their networks and their configs."""

    def __init__(self, file: io.BytesIO, studies: Mapping[int, Study]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {id(shared): (job, index) for job, study in studies.items() for index, shared in enumerate(_shared(study))}

    def persistent_id(self, obj: Any) -> tuple[int, int] | None:
        return self._names.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        """Pickle tensors as arrays, which takes a fifth of the time."""
        return (torch.from_numpy, (obj.detach().cpu().numpy(),)) if type(obj) is torch.Tensor else NotImplemented


class StudyUnpickler(pickle.Unpickler):
    """Inserts this process's studies, networks and configs."""

    def __init__(self, file: io.BytesIO, studies: Studies) -> None:
        super().__init__(file)
        self._studies = studies

    def persistent_load(self, pid: Any) -> Any:
        job, index = pid
        return _shared(self._studies[job])[index]


def _shared(study: Study) -> tuple[Study, object, object]:
    return study, study.network, study.config
