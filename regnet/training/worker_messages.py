"""What a worker and the process that started it send each other: tasks one way, events and outcomes the other."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch

from regnet.config.build_study import assemble
from regnet.registry.catalog import Catalog
from regnet.study.study import Study
from regnet.training.program import Program


class Recipe(NamedTuple):
    """What a worker assembles a study from, and the sizes that its data must have."""

    config: Mapping[str, Any]
    features: int
    examples: tuple[int, int]

    @classmethod
    def of(cls, study: Study) -> Recipe:
        return cls(study.config, study.features, study.examples)

    def assemble(self, catalog: Catalog) -> Study:
        return replace(assemble(self.config, catalog), features=self.features, examples=self.examples)


@dataclass(frozen=True)
class Task:
    """What a worker is given."""

    program: Program
    recipes: Mapping[int, Recipe]
    """For each job of the program, how to make its study: objects of a plugin's classes need not be fit for pickling."""
    may_stop: bool
    """Whether the answer to each epoch has to be waited for."""
    log_level: int


class StudyPickler(pickle.Pickler):
    """Leaves out what both processes have: the studies, their networks and their configs."""

    def __init__(self, file: io.BytesIO, studies: Mapping[int, Study]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {id(shared): (job, which) for job, study in studies.items() for which, shared in enumerate(_shared(study))}

    def persistent_id(self, obj: Any) -> tuple[int, int] | None:
        return self._names.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        """Tensors as arrays, which take a fifth of the time."""
        return (torch.from_numpy, (obj.detach().cpu().numpy(),)) if type(obj) is torch.Tensor else NotImplemented


class StudyUnpickler(pickle.Unpickler):
    """Puts this process's own in their place."""

    def __init__(self, file: io.BytesIO, studies: Sequence[Study]) -> None:
        super().__init__(file)
        self._studies = studies

    def persistent_load(self, pid: Any) -> Any:
        job, which = pid
        return _shared(self._studies[job])[which]


def _shared(study: Study) -> tuple[Study, object, object]:
    return study, study.network, study.config
