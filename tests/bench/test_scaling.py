"""The scaling curve shows the measurements and the smallest number of replicas at which lockstep is faster."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from regnet.bench.contender import WAYS, Contender
from regnet.bench.race import Plan, Race, Timing
from regnet.report.figures.scaling import crossover, describe_scaling, scaling
from regnet.report.tables.benchmark import as_json, comparison_table, timing_table
from tests.bench.test_race import explode
from tests.report.test_figures import assert_nothing_cut_off, texts


def timing(key: str, microseconds: float, *, cores: float = 1.0) -> Timing:
    way, _, replicas = key.partition(":")
    name = WAYS[way].name + (f", {replicas} replicas" if replicas else "")
    contender = Contender(way, int(replicas or 1), name, explode)
    rounds = microseconds * np.array([0.9, 1.0, 1.2])
    return Timing(contender, rounds, np.full(3, cores), 1.5, 2**30, 1e-7)


def measured(*timings: Timing, absent: tuple[Contender, ...] = ()) -> Race:
    return Race(timings, absent)


CURVE = measured(
    timing("torch", 300),
    timing("solo", 40),
    timing("lockstep:10", 8),
    timing("lockstep:2", 50),
    timing("lockstep:5", 20),
    timing("jax:10", 7),
    timing("c", 3),
)


def lines(figure: Figure) -> dict[str, tuple[list[float], list[float]]]:
    return {str(line.get_label()): (list(line.get_xdata()), list(line.get_ydata())) for line in figure.axes[0].lines}  # type: ignore[arg-type]


def test_curves_and_levels_are_the_medians() -> None:
    figure = scaling(CURVE)
    drawn = lines(figure)
    assert drawn["hand-built, lockstep"] == ([1, 2, 5, 10], [40, 50, 20, 8])
    assert drawn["JAX"] == ([10], [7])
    assert set(drawn["PyTorch engine"][1]) == {300}
    assert set(drawn["plain C"][1]) == {3}
    assert {"hand-built, lockstep", "JAX", "PyTorch engine", "plain C"} <= set(texts(figure))
    assert "PyTorch, vmap" not in drawn
    assert_nothing_cut_off(figure)


def test_the_crossover_is_marked() -> None:
    assert crossover(CURVE) == 5
    (mark,) = (text for text in texts(scaling(CURVE)) if "beats" in text)
    assert mark == "lockstep beats solo\nfrom 5 replicas on"
    assert "quicker than solo from 5 replicas on" in describe_scaling(CURVE)


def test_without_a_crossover_none_is_marked() -> None:
    never = measured(timing("solo", 4), timing("lockstep:2", 5))
    assert crossover(never) is None
    assert not any("beats" in text for text in texts(scaling(never)))
    assert "quicker" not in describe_scaling(never)
    assert crossover(measured(timing("lockstep:2", 5))) is None


def test_text_of_the_figure() -> None:
    words = describe_scaling(CURVE)
    assert words.startswith("Time of a step per replica, hand-built: 40 µs at 1, 50 µs at 2, 20 µs at 5, 8 µs at 10;")
    assert words.endswith("For comparison: PyTorch engine 300 µs, plain C 3 µs.")


def test_tables_give_medians_with_their_spread() -> None:
    absent = Contender("jax", 20, "JAX, 20 replicas", explode, "JAX is not installed: do something")
    table = timing_table(measured(timing("torch", 300), timing("solo", 40, cores=1.3), absent=(absent,)), Plan(3, 2))
    assert table.rows[1] == ("hand-built, solo", "40.0 µs (36.0 to 48.0)", "7.5× (7.5 to 7.5)", "1.5 s", "1.00 GB")
    assert table.rows[2] == ("JAX, 20 replicas", "not timed", "–", "–", "–")
    assert "JAX, 20 replicas was not timed: JAX is not installed: do something." in table.notes
    assert "Used more than one core: hand-built, solo (1.30)." in table.notes


def test_busy_machine_is_reported() -> None:
    table = timing_table(measured(timing("torch", 300, cores=0.5), timing("solo", 40)), Plan(3, 2))
    assert any(note.startswith("The machine was busy") for note in table.notes)
    assert not any(note.startswith("The machine was busy") for note in timing_table(CURVE, Plan(3, 2)).notes)


def test_side_by_side_has_only_timed_contenders() -> None:
    compared = comparison_table(measured(timing("torch", 300), timing("solo", 40), timing("lockstep:100", 4), timing("c", 3)))
    assert compared
    assert [row[:2] for row in compared.rows] == [
        ("hand-built, solo", "PyTorch engine"),
        ("hand-built, lockstep, 100 replicas", "plain C"),
    ]
    assert compared.rows[1][2] == "0.75× (0.75 to 0.75)"
    assert comparison_table(measured(timing("c", 3))) is None


@pytest.mark.parametrize("memory", [None, timing("lockstep:1000", 4)])
def test_without_the_baseline_there_is_no_speed(memory: Timing | None) -> None:
    found = as_json(measured(timing("solo", 40)), Plan(3, 2), memory)
    assert found["timings"][0]["speedup"] is None
    assert (found["memory"] is None) == (memory is None)
    assert timing_table(measured(timing("solo", 40)), Plan(3, 2)).rows[0][2] == "–"
