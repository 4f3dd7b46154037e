"""The population of a study: which sources of randomness vary from run to run, and hence what its numbers are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # torch is not needed to read and compare results
    from regnet.contracts import Variation
    from regnet.rng import Source

IN_WORDS: Final[dict[Source, str]] = {
    "init": "the initial weights",
    "order": "the order of the examples",
    "noise": "the random numbers of layers",
}
"""The sources that do not concern the examples."""
SPLIT_IN_WORDS: Final = {"train": "training"}


@dataclass(frozen=True)
class Population:
    """What differs between two runs of a study. A verdict holds for runs that differ in the same way."""

    variation: Variation
    """How the data set's examples differ between seeds, if their stream follows the seed."""
    sources: tuple[Source, ...]
    """The sources of randomness that vary from run to run and have an influence."""
    train: int
    validation: int
    test: int
    """The numbers of examples of a run; those for validation are not among those for training."""

    def examples(self, split: str = "test") -> Variation:
        """Return how the examples of a split, train, validation or test, differ between two runs."""
        if self.variation == "draws" and "data" in self.sources:
            return "draws"
        varied = "split" in self.sources and (self.variation == "splits" or split != "test")
        return "splits" if varied else "fixed"

    def overlap(self, split: str = "test") -> float:
        """Return the correction for runs that share examples, of a metric of a split.

        A mean over n runs has the variance ``s² (1/n + overlap)``: 0 unless the runs are splits of one pool, and then the number of
        examples that are measured on divided by that of the others.

        Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52 (2003).
        """
        if self.examples(split) != "splits":
            return 0.0
        if split == "validation":
            return self.validation / self.train
        return self.test / (self.train + self.validation)

    def describe(self, split: str = "test") -> str:
        """Return in a sentence what the runs vary in, and what a metric of a split is measured on."""
        kind, measured = SPLIT_IN_WORDS.get(split, split), getattr(self, split)
        total = self.train + self.validation + self.test
        examples = self.examples(split)
        drawn = {"draws": ["the examples (drawn anew for every seed)"], "splits": [f"the split of one pool of {total:,} examples"]}
        varied = [*drawn.get(examples, ()), *(words for source, words in IN_WORDS.items() if source in self.sources)]
        same = ", so that nothing is said about other data" if examples == "fixed" else ""
        each = "all are measured on the same" if examples == "fixed" else "each is measured on"
        start = f"The runs vary in {_listed(varied)}" if varied else "The runs do not vary"
        weights = "" if "init" in self.sources else "; their initial weights are the same"
        return f"{start}; {each} {measured:,} {kind} examples{same}{weights}."

    def as_plain(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return {**asdict(self), "sources": list(self.sources)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any] | None) -> Population | None:
        """Return the population that `as_plain` described; None for None."""
        return cls(**{**plain, "sources": tuple(plain["sources"])}) if plain else None


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
