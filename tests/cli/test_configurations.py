"""Configurations as people write them: config files, overrides, folders, and mappings that name a component."""

from __future__ import annotations

from pathlib import Path

import pytest

import regnet
from regnet.config.overrides import override, parse
from regnet.study.storage import find_results, load_result
from tests.cli.test_launching import RUN, SMALL, configs, refused
from tests.conftest import Inside

BOMB = "\n".join(f"x{n}: &x{n} [{', '.join(['x' if n == 0 else f'*x{n - 1}'] * 9)}]" for n in range(9))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfepochs: 2\n", "mine.yaml, line 1: starts with a byte order mark: save it as UTF-8 without one"),
        (b"defaults: [config]\n\tepochs: 2\n", "mine.yaml, line 2: a tab, which YAML does not take for indentation: use spaces"),
        (b"epochs: 2\nseed: 1\nepochs: 3\n", "mine.yaml, line 3: epochs is there already, in line 1: remove one"),
        (b"model:\n  a: 1\n  a: 2\n", "mine.yaml, line 3: a is there already, in line 2: remove one"),
        (b"epochs: 2\nstudy: caf\xe9\n", "mine.yaml, line 2: is not UTF-8, at byte 0xe9: save it as UTF-8"),
        (b"- a\n- b\n", "mine.yaml, line 1: expected options as `key: value`, got a list"),
        (b"\njust text\n", "mine.yaml, line 2: expected options as `key: value`, got a single value, 'just text'"),
        (b"a: [1,\n", "mine.yaml, line 2: is not YAML"),
        (b"", "begin your config file with `defaults: [config, _self_]`"),
        (b"a: 1\n", "begin your config file with `defaults: [config, _self_]`"),
        (
            b"defaults: [config, _self_]\nepochz: 2\n",
            "config file mine: the configuration has no option 'epochz': did you mean 'epochs'?",
        ),
        (BOMB.encode(), "mine.yaml: has more than 100000 values, when its aliases are replaced"),
        (b"a: " + b"[" * 60 + b"]" * 60, "mine.yaml: has more than 50 mappings and lists within each other"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "mine.yaml: has more than 50 mappings and lists within each other"),
        (b"a: &a [*a]\n", "mine.yaml"),
        (b"a: '" + b"x" * 2_000_000 + b"'\n", "mine.yaml has 2000006 bytes, and a config file may have 1000000"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else value[-40:],
)
def test_config_files(inside: Inside, tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    assert expected in refused(inside, "--config-dir", ".", "--config-name", "mine")


def test_a_missing_package_header(inside: Inside, tmp_path: Path) -> None:
    """hydra#1548."""
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("epochs: 2\n")
    line = refused(inside, "--config-dir", ".", "experiment=mine")
    assert "config file experiment/mine" in line
    assert "put `# @package _global_` into its first line" in line


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("study=#1", "'#' at character 7 cannot be read"),
        ("study=李明", "'李' at character 7 cannot be read"),
        ("study=foo=bar", "'=' at character 10 cannot be read"),
        ("dataset.target=espèce", "'è' at character 19 cannot be read"),
        ("study=it's", '"\'" at character 9 cannot be read'),
        ("study=a!b", "'!' at character 8 cannot be read"),
        ("seeds=[1,2", "close every bracket and quote"),
        ("seed=1,", "close every bracket and quote"),
        ("foo", "foo is no override: write KEY=VALUE"),
        ("é=1", "'é' is no key of the configuration"),
    ],
)
def test_overrides_that_cannot_be_read(inside: Inside, word: str, expected: str) -> None:
    line = refused(inside, word)
    assert line.startswith(f"regnet: {word}")
    assert expected in line


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["#1", "李明", "foo=bar", "it's", 'a "b" c', 'it\'s "so"', "a\\b\\", "${seed}", "", "{a: 1}", "1,2", " x "]
)
def test_any_text_can_be_given(inside: Inside, tmp_path: Path, text: str) -> None:
    """The quoted form that an error shows gives the text as it is."""
    word = override("study", text)
    assert parse(word).value() in (text, text.replace("${", "\\${"))
    assert inside(*RUN, word).code == 0
    assert load_result(next(find_results(tmp_path))).config["study"] == text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["it's", 'a "b"', "a, b", "a=b", "李明", "a[1]", "50%", "#1"])
@pytest.mark.parametrize("sweep", [False, pytest.param(True, marks=pytest.mark.long)])
def test_any_folder_can_be_the_working_directory(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sweep: bool
) -> None:
    """hydra#1832."""
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    done = inside("run", *SMALL, *(("-m", "seed=0,1") if sweep else ()))
    assert done.code == 0, done.stderr
    assert len(configs(tmp_path / name)) == 1 + sweep
    assert inside("resume").code == 0
    assert inside("results").code == 0


def test_a_folder_that_hydra_would_interpolate_is_refused(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "${x}").mkdir()
    monkeypatch.chdir(tmp_path / "${x}")
    assert "the name of the working directory has ${ in it, which Hydra reads as an interpolation" in refused(inside)


def test_a_mapping_starts_from_the_component_it_names(inside: Inside, tmp_path: Path) -> None:
    words = ("optimizer={name: adam, lr: 0.03},{name: sgd, momentum: 0.5},rmsprop", "hydra.sweep.dir=s")
    assert inside(*RUN, "-m", *words).code == 0
    found = {path.name: load_result(path).config["optimizer"] for path in find_results(tmp_path)}
    assert found["0"] == {
        "name": "adam",
        "lr": 0.03,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-08,
        "weight_decay": 0.0,
        "amsgrad": False,
    }
    assert (found["1"]["name"], found["1"]["momentum"], found["1"]["lr"]) == ("sgd", 0.5, 0.001)
    assert found["2"]["name"] == "rmsprop"
    assert regnet.run([*SMALL, "tracking=none", "optimizer={name: adam, lr: 0.03}"]).config["optimizer"] == found["0"]


def test_a_mapping_in_a_config_file_does_too(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\noptimizer: {name: adam, lr: 0.03}\n")
    (tmp_path / "own.yaml").write_text(
        "defaults: [config, _self_]\noptimizer: {name: adam, lr: 0.03}\nloss: {name: huber, delta: 2.0}\n"
    )
    assert inside(*RUN, "--config-dir", ".", "experiment=mine", "optimizer.beta1=0.5", "hydra.run.dir=a").code == 0
    assert inside(*RUN, "--config-dir", ".", "--config-name", "own", "hydra.run.dir=b").code == 0
    first, second = load_result(tmp_path / "a").config, load_result(tmp_path / "b").config
    assert first["optimizer"] == {
        "name": "adam",
        "lr": 0.03,
        "beta1": 0.5,
        "beta2": 0.999,
        "eps": 1e-08,
        "weight_decay": 0.0,
        "amsgrad": False,
    }
    assert (second["optimizer"]["beta1"], second["loss"]) == (0.9, {"name": "huber", "delta": 2.0, "reduction": "mean"})


def test_options_of_another_component_are_refused(inside: Inside) -> None:
    assert "optimizer adam has no option 'momentum'" in refused(inside, "optimizer={name: adam, momentum: 0.5}")
