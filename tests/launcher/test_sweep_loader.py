"""The jobs of a sweep are composed as by Hydra, for all kinds of overrides."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hydra
import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from omegaconf import Container, DictConfig, Node, OmegaConf, open_dict

from regnet.config.compose import CONFIG_NAME, register_groups
from regnet.config.loader import Loader
from regnet.launcher.sweep_loader import SweepLoader
from regnet.registry.catalog import Catalog

SEARCH_PATH = create_config_search_path("pkg://regnet.conf")

CHOICES: list[list[str]] = [
    ["seed=0", "seed=1", "seed=7", "seed=-2", "seed=007", "seed='3'", "seed=null"],
    ["optimizer.lr=0.1", "optimizer.lr=1e-3", "optimizer.lr=1", "optimizer.lr='0.5'", "optimizer.lr=${seed}"],
    ["optimizer=sgd", "optimizer=adam", "optimizer=rmsprop"],
    ["seeds=2", "seeds=20", "seeds=[1,2]", "seeds=null"],
    ["model.hidden=[3]", "model.hidden=[4,4]", "model.hidden=5"],
    ["model.activation=relu", "model.activation=tanh", "model.activation='a: b'", "model.activation={name:gelu}"],
    ["model.output=null", "model.output=tanh", "model.output=softmax"],
    ["engine=handbuilt", "engine=torch"],
    ["+extra=1", "+extra=23", "+extra=text", "++optimizer.lr=0.2", "~report", "+model.more={a:{b:1}}"],
    ["+model.more.c=1", "+model.more.c=2", "model.initializer={name:xavier_normal,gain:2}", "model.initializer=he_fan_in"],
    ["contender=pytorch", "contender=handbuilt_solo", "contender=null"],
    ["experiment=figures", "experiment=attribution"],
    ["shuffle=true", "shuffle=false", "shuffle=1", "study=name", "study=null", "study=12"],
    ["loss={reduction:mean}", "loss.reduction=mean", "loss.reduction=sum"],
    ["hydra.verbose=true", "hydra.job.name=other", "hydra.job.env_copy=[HOME]"],
]
"""Rows of overrides; a job takes one override from each of some rows."""

WRONG = ["epochs=abc", "epochs=1.5", "shuffle=maybe", "optimizer.lr=[1]", "nothing=1", "optimizer=none_such", "optimizer.lr=???"]
"""Invalid overrides, and a value that is missing."""


@pytest.fixture(scope="module")
def master(catalog: Catalog) -> Iterator[DictConfig]:
    hydra.version.setbase("1.3")
    register_groups(catalog)
    setup_globals()
    driver = Hydra("regnet", ConfigLoaderImpl(SEARCH_PATH))
    yield driver.compose_config(
        CONFIG_NAME, ["seed=0,1", "hydra.sweep.subdir=${hydra.job.num}"], RunMode.MULTIRUN, with_log_configuration=False
    )
    GlobalHydra.instance().clear()


@pytest.fixture(scope="module")
def reference() -> Loader:
    return Loader(SEARCH_PATH)


def composed(loader: ConfigLoaderImpl, master: DictConfig, job: list[str]) -> DictConfig | tuple[type, str]:
    try:
        return loader.load_sweep_config(master, job)
    except Exception as error:
        return type(error), f"{error} / {error.__cause__}"


def described(node: Node) -> Any:
    """A configuration as values, with all metadata of each node: its types, its flags, its key."""
    metadata = node._metadata
    own = (type(node), metadata.ref_type, metadata.object_type, metadata.optional, metadata.key, metadata.flags)
    content = node.__dict__.get("_content")
    if isinstance(content, dict):
        return own, [(key, described(child)) for key, child in content.items()]
    if isinstance(content, list):
        return own, [described(child) for child in content]
    return own, repr(node._value()) if not isinstance(content, Node) else described(content)


def assert_same(first: Any, second: Any) -> None:
    if isinstance(first, DictConfig) and isinstance(second, DictConfig):
        assert OmegaConf.to_yaml(first) == OmegaConf.to_yaml(second)
        assert described(first) == described(second)
        assert OmegaConf.get_cache(first) == OmegaConf.get_cache(second)
    else:
        assert first == second


def sweep(count: int, number: int, rows: list[list[str]]) -> list[list[str]]:
    draw = random.Random(number)
    jobs = []
    for _ in range(count):
        some = draw.sample(rows, draw.randint(1, 4))
        job = [draw.choice(row) for row in some]
        jobs.append([*job, draw.choice(WRONG)] if draw.random() < 0.1 else job)
    return jobs


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2))
def test_mixed_sweep_equals_hydra(number: int, master: DictConfig, reference: ConfigLoaderImpl) -> None:
    loader = SweepLoader(SEARCH_PATH)
    for job in sweep(20, number, CHOICES):
        assert_same(composed(loader, master, job), composed(reference, master, job))


@pytest.mark.parametrize(
    "jobs",
    [
        [["seed=1", "optimizer.lr=1"], ["seed=2", "optimizer.lr=0.5"], ["seed=1", "optimizer.lr=1"]],
        [["optimizer.lr=1", "optimizer=adam"], ["optimizer.lr=2", "optimizer=adam"], ["optimizer=adam", "optimizer.lr=2"]],
        [["seed=1", "seed=2"], ["seed=3", "seed=1"]],
        [["optimizer.lr=1", "optimizer={lr:2}"], ["optimizer.lr=3", "optimizer={lr:2}"]],
        [["optimizer={lr:2}", "optimizer.lr=1"], ["optimizer={lr:2}", "optimizer.lr=5"]],
        [
            ["model.activation={name:gelu}", "model.activation.name=relu"],
            ["model.activation={name:gelu}", "model.activation.name=a"],
        ],
        [["model.hidden=5", "model.hidden.a=1"], ["model.hidden=6", "model.hidden.a=1"]],
        [["epochs=1"], ["epochs=abc"], ["epochs=2"], ["epochs=1.5"], ["epochs=3.0"], ["epochs='4'"]],
        [["study=a"], ["study=1"], ["study=${seed}"], ["study=b"], ["study=null"], ["study=c"], ["study='${seed}'"]],
        [
            ["model=layers", "model.layers=[relu]", "model.layers.0=tanh"],
            ["model=layers", "model.layers=[relu]", "model.layers.0=gelu"],
        ],
        [["+new.deep.key=1"], ["+new.deep.key=2"], ["+new=1"], ["seed=a=b"], ["study=a=b"], ["study='a,b'"]],
    ],
    ids=lambda jobs: " ".join(jobs[0]),
)
def test_jobs_of_the_same_structure(jobs: list[list[str]], master: DictConfig, reference: ConfigLoaderImpl) -> None:
    loader = SweepLoader(SEARCH_PATH)
    for job in jobs:
        assert_same(composed(loader, master, job), composed(reference, master, job))


def test_each_structure_is_composed_once(master: DictConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = ConfigLoaderImpl.load_sweep_config
    monkeypatch.setattr(ConfigLoaderImpl, "load_sweep_config", lambda *given: calls.append(given[2]) or original(*given))
    loader = SweepLoader(SEARCH_PATH)
    for seed in range(20):
        for rate in (0.1, 1e-3, 1):
            loader.load_sweep_config(master, ["optimizer=adam", f"seed={seed}", f"optimizer.lr={rate}"])
    assert calls == [["optimizer=adam", "seed=0", "optimizer.lr=0.1"]]


@pytest.mark.slow
def test_changes_between_jobs(
    master: DictConfig, reference: ConfigLoaderImpl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loader = SweepLoader(SEARCH_PATH)
    monkeypatch.setenv("CHANGES", "at first")
    copies = reference.load_configuration(CONFIG_NAME, ["hydra.job.env_copy=[CHANGES]"], RunMode.MULTIRUN)
    changes = [
        lambda: monkeypatch.setenv("CHANGES", "before"),
        lambda: monkeypatch.setenv("CHANGES", "after"),
        lambda: OmegaConf.get_cache(master)["now"].update({"%B": "a month that was resolved"}),
        lambda: monkeypatch.chdir(tmp_path),
    ]
    for change in changes:
        change()
        for job in (["seed=1"], ["seed=2"]):
            assert_same(composed(loader, master, job), composed(reference, master, job))
            assert_same(composed(loader, copies, job), composed(reference, copies, job))


def test_jobs_share_no_values(master: DictConfig) -> None:
    loader = SweepLoader(SEARCH_PATH)
    first, second = (launched(loader.load_sweep_config(master, ["seed=1"])) for _ in range(2))
    before, cache = described(second), OmegaConf.get_cache(master).copy()
    for node in nodes(first):
        node._set_flag("readonly", True)
        node._metadata.optional = not node._metadata.optional
    OmegaConf.get_cache(first)["now"]["%Y"] = "1999"
    assert described(second) == before
    assert described(launched(loader.load_sweep_config(master, ["seed=1"]))) == before
    assert OmegaConf.get_cache(second) == OmegaConf.get_cache(master) == cache
    assert not set(map(id, nodes(first))) & set(map(id, nodes(second)))


def launched(config: DictConfig) -> DictConfig:
    """The configuration after a launcher has set the job's number."""
    with open_dict(config):
        config.hydra.job.num = 0
    return config


def test_jobs_composed_for_validation_are_reused(master: DictConfig) -> None:
    """Once for each job, even if two are equal."""
    loader = SweepLoader(SEARCH_PATH)
    jobs = [["seed=1"], ["seed=2"], ["seed=1"]]
    validated = [loader.load_sweep_config(master, job) for job in jobs]
    run = [launched(loader.load_sweep_config(master, job)) for job in jobs]
    assert run[1] is validated[1]
    assert len(set(map(id, run))) == 3
    assert [config.seed for config in run] == [1, 2, 1]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Container):
        content = node.__dict__["_content"]
        for child in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
            yield from nodes(child)


@pytest.mark.parametrize("prefix", ["seed", "+seed", "++a.b", "group@here", "hydra.job.num"])
def test_cached_parsing_of_whole_numbers_equals_hydra(prefix: str) -> None:
    loader, parser = SweepLoader(SEARCH_PATH), OverridesParser.create()
    for value in ("1", "0", "-7", "123456789012345678901234567890", "-0", "007", "1_000", "+3", "1.0", "1e3", "'4'", "4 ", "4"):
        text = f"{prefix}={value}"
        assert loader._parse(text) == parser.parse_overrides([text])[0], text
        assert type(loader._parse(text).value()) is type(parser.parse_overrides([text])[0].value())
