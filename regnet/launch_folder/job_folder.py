"""The folder of a job: the results of its study's seeds, in slices as they are finished and in one file at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from regnet.errors import DamagedFile, RegnetError
from regnet.files import DRAFT
from regnet.network.sequential import Sequential
from regnet.study.result import StudyResult, join
from regnet.study.storage import RESULT, read_result, write_result

SLICE: Final = "slice-{}.safetensors"
"""The name of a file with the results of some seeds, with the first of them."""

log = logging.getLogger("regnet")


@dataclass(frozen=True)
class JobFolder:
    """The folder of a job, which may not exist yet."""

    path: Path

    def finished(self, study: str, network: Sequential | None = None) -> StudyResult | None:
        """Return the result of the seeds that have been trained, or that have diverged; None if there are none.

        Seeds that failed for another reason are not among them. A damaged file is reported and ignored, and so is a file of
        another study.

        Args:
            study: the study's identity.
            network: the study's network; with it, the result has the trained networks.
        """
        return self._read(study, network, faults=False)

    def recorded(self, study: str, network: Sequential | None = None) -> StudyResult | None:
        """Return the result of all seeds that have one, also of those that failed; None if there are none."""
        return self._read(study, network, faults=True)

    def _read(self, study: str, network: Sequential | None, *, faults: bool) -> StudyResult | None:
        parts: list[StudyResult] = []
        known: set[int] = set()
        for path in self._files():
            try:
                found = read_result(path, network)
            except DamagedFile as error:
                log.warning("regnet: %s; its seeds are trained again", error)
                continue
            except OSError as error:
                log.warning("regnet: %s cannot be read: %s; its seeds are trained again", path, error.strerror)
                continue
            if found.identity == study:
                new = [seed for seed in found.seeds if seed not in known and (faults or seed not in found.faults)]
                parts += [found] if len(new) == len(found.seeds) else [found.of(seed) for seed in new]
                known |= set(new)
        return join(parts) if parts else None

    def keep(self, result: StudyResult) -> None:
        """Write the result of some seeds, as soon as they are finished.

        Raises:
            RegnetError: it cannot be written, for example because the disk is full.
        """
        with self._writing():
            write_result(result, self.path / SLICE.format(result.seeds[0]))

    def finish(self, result: StudyResult) -> None:
        """Write the result of all seeds, unless it is there, and remove the slices. A slice that has all of them is renamed.

        Raises:
            RegnetError: it cannot be written, for example because the disk is full.
        """
        with self._writing():
            self._finish(result)

    def _finish(self, result: StudyResult) -> None:
        whole = self.path / SLICE.format(result.seeds[0])
        if self._holds(whole, result):
            whole.replace(self.path / RESULT)
        elif not self._holds(self.path / RESULT, result):
            write_result(result, self.path / RESULT)
        for path in (*self._slices(), *self.path.glob(f"*{DRAFT}")):  # drafts are of processes that were killed
            path.unlink(missing_ok=True)

    def _holds(self, path: Path, result: StudyResult) -> bool:
        """Whether a file has exactly this result."""
        with suppress(OSError, DamagedFile):
            found = read_result(path)
            return (found.identity, found.seeds, dict(found.failures)) == (result.identity, result.seeds, dict(result.failures))
        return False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Context manager that converts an error of the disk."""
        try:
            yield
        except OSError as error:
            raise RegnetError(f"results cannot be written to {self.path}: {error.strerror or error}") from error

    def superseded(self) -> list[Path]:
        """Return the slices all of whose seeds are also in the result, which a killed process left."""
        with suppress(OSError, DamagedFile):
            known = read_result(self.path / RESULT)
            return [path for path in self._slices() if self._within(path, known)]
        return []

    def _within(self, path: Path, known: StudyResult) -> bool:
        with suppress(OSError, DamagedFile):
            found = read_result(path)
            return found.identity == known.identity and {*found.seeds} <= {*known.seeds} - {*known.faults}
        return False

    def _files(self) -> Iterator[Path]:
        if (self.path / RESULT).exists():
            yield self.path / RESULT
        yield from self._slices()

    def _slices(self) -> list[Path]:
        return sorted(self.path.glob(SLICE.format("*")))
