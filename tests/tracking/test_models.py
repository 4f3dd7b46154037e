"""The best run of a study as a model in an MLflow store: loading in another process, serving, registering."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

import regnet
from regnet.errors import ConfigError, DataError
from regnet.launch_folder.find import find_launch
from regnet.registry.selection import OWN, VARIABLE
from regnet.study.result import StudyResult
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store.connect import store_of
from regnet.tracking.write.model_selection import best_seed, models_wanted
from regnet.tracking.write.summary import write_summaries
from tests.servers import answers, free_port, wait_for
from tests.tracking.test_server import server

pytestmark = pytest.mark.slow


__all__ = ["server"]  # a fixture

Store = Callable[[], MlflowClient]
SMALL = ["seeds=4", "epochs=4", "dataset.train_size=80", "dataset.test_size=30", "validation=0.25"]
X = np.random.default_rng(0).random((50, 2))
PLUGIN = """
import dataclasses

import regnet
from regnet.launch_folder.find import find_launch

@dataclasses.dataclass(frozen=True)
class Halved(regnet.Layer):
    def forward(self, params, x, context):
        return x / 2, None

    def backward(self, params, cache, dy):
        return dy / 2, {}

@regnet.hookimpl
def regnet_layers():
    return {"halved": Halved}
"""
LOAD = """
import sys
import mlflow.pyfunc
import numpy as np
model = mlflow.pyfunc.load_model(sys.argv[1])
print(model.predict(np.array([[0.5, 0.5], [0.0, 1.0]])).tolist())
"""


def best_run(client: MlflowClient, result: StudyResult) -> Run:
    words = f"tags.`regnet.study` = '{result.identity}' and tags.`regnet.seed` = '{best_seed(result)}'"
    (run,) = client.search_runs(["1"], words)
    return run


def model_folder(client: MlflowClient, run: Run) -> Path:
    (output,) = run.outputs.model_outputs
    return Path(client.get_logged_model(output.model_id).artifact_location)


def test_best_run_is_stored_as_a_model(store: Store) -> None:
    result = regnet.run(SMALL)
    client = store()
    (model,) = client.search_logged_models(["1"])
    run = best_run(client, result)
    assert (model.source_run_id, model.status, model.name) == (run.info.run_id, "READY", "model")
    assert model.tags["regnet.chosen_by"] == "validation/error_rate"
    assert model.tags["regnet.seed"] == str(best_seed(result))
    assert model.params["validation"] == "0.25"
    loaded = mlflow.pyfunc.load_model(str(model_folder(client, run)))
    trained = result.networks[result.seeds.index(best_seed(result))]
    x = torch.tensor(X)
    assert loaded.predict(X).tolist() == trained.predict(x).tolist()
    assert loaded.predict(pd.DataFrame(X)).tolist() == trained.predict(x).tolist()
    assert np.array_equal(loaded.predict(X, params={"scores": True}), trained.output(x))
    assert loaded.predict(loaded.input_example).shape == (len(loaded.input_example),)
    with pytest.raises(DataError, match=r"shape \(50, 3\), expected \(N, 2\)"):
        loaded.predict(np.ones((50, 3)))


def test_model_contains_only_plain_data(store: Store) -> None:
    result = regnet.run(SMALL)
    folder = model_folder(store(), best_run(store(), result))
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {name for name in files if name.startswith("data/")} == {
        "data/model/config.yaml",
        "data/model/plugins.json",
        "data/model/weights.safetensors",
    }
    assert {Path(name).suffix for name in files} <= {"", ".yaml", ".json", ".safetensors", ".txt"}
    required = (folder / "requirements.txt").read_text().split()
    assert {line.partition("==")[0] for line in required} == {"mlflow", OWN, "torch"}


def test_model_of_a_regression(store: Store) -> None:
    result = regnet.run(["dataset=diabetes", "model.output=null", "epochs=2", "seeds=2", "validation=0.1"])
    loaded = mlflow.pyfunc.load_model(str(model_folder(store(), best_run(store(), result))))
    assert loaded.metadata.signature.outputs.to_dict() == [{"type": "double", "name": "progression", "required": True}]
    answer = loaded.predict(loaded.input_example)
    assert (answer.dtype, answer.shape) == (np.float64, (len(loaded.input_example),))


def test_no_model_without_validation_by_default(store: Store) -> None:
    regnet.run([*SMALL, "validation=0"])
    assert len(store().search_logged_models(["1"])) == 0
    regnet.run([*SMALL, "validation=0", "tracking.models=all"])
    (model,) = store().search_logged_models(["1"])
    assert model.tags["regnet.chosen_by"] == "train/loss"


def test_validation_metrics_are_tracked(store: Store) -> None:
    written = regnet.run(SMALL)
    client = store()
    (read,) = read_launch(store_of(client), "regnet", newest_launch(store_of(client), "regnet"))
    assert {"validation/loss", "validation/error_rate"} <= read.history.keys()
    assert all(np.array_equal(read.history[name], values) for name, values in written.history.items())
    tags = {tag.value: one.dataset for one in best_run(client, written).inputs.dataset_inputs for tag in one.tags}
    assert tags.keys() == {"training", "validation", "testing"}
    assert json.loads(tags["validation"].profile)["features_shape"] == [20, 2]


def test_the_newest_version_has_the_alias(store: Store) -> None:
    regnet.run([*SMALL, "tracking.register=disc"])
    result = regnet.run([*SMALL, "epochs=5", "tracking.register=disc"])
    client = store()
    assert [int(one.version) for one in client.search_model_versions("name = 'disc'")] == [2, 1]
    best = client.get_model_version_by_alias("disc", "best")
    assert (int(best.version), best.run_id) == (2, best_run(client, result).info.run_id)
    assert best.tags["regnet.study"] == result.identity
    there = client.get_model_version_download_uri("disc", "2")
    trained = result.networks[result.seeds.index(best_seed(result))]
    assert mlflow.pyfunc.load_model(there).predict(X).tolist() == trained.predict(torch.tensor(X)).tolist()


def test_run_is_stored_once(store: Store) -> None:
    result = regnet.run(SMALL)
    client = store()
    plan = find_launch(None, Path())
    write_summaries([result], plan.name)
    assert len(client.search_logged_models(["1"])) == 1


@pytest.mark.parametrize("killed", ["create_model_version", "log_outputs", "finalize_logged_model", "log_model_artifacts"])
def test_a_model_that_a_killed_process_left_incomplete_is_made_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    """Whatever it was about to do: there is one model, complete and linked to its run, and one registered version."""
    result = regnet.run([*SMALL, "tracking.register=disc"])
    client, plan = store(), find_launch(None, Path())
    (model,) = client.search_logged_models(["1"])
    for version in client.search_model_versions("name = 'disc'"):
        client.delete_model_version("disc", version.version)
    client.delete_logged_model(model.model_id)
    wanted = models_wanted([result], [""], plan.start.id)

    def end(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, killed, end)
        with pytest.raises(KeyboardInterrupt):
            store_of(store()).keep_models("1", wanted)
    store_of(store()).keep_models("1", wanted)
    (model,) = client.search_logged_models(["1"])
    assert model.status == "READY"
    assert model.model_id in [output.model_id for output in best_run(client, result).outputs.model_outputs]
    (version,) = client.search_model_versions("name = 'disc'")
    assert client.get_model_version_by_alias("disc", "best").version == version.version


def test_each_study_of_a_sweep_has_a_model(store: Store) -> None:
    command = [sys.executable, "-m", "regnet", "run", "-m", "optimizer.lr=0.00001,0.01", *SMALL, "tracking.register=disc"]
    subprocess.run(command, check=True, capture_output=True)
    client = store()
    models = client.search_logged_models(["1"])
    assert {model.tags["regnet.label"] for model in models} == {"lr=1e-05", "lr=0.01"}
    best = client.get_model_version_by_alias("disc", "best")
    assert best.tags["regnet.label"] == "lr=0.01"
    assert len(client.search_model_versions("name = 'disc'")) == 1


def test_through_a_server(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    result = regnet.run([*SMALL, "tracking.register=disc"])
    trained = result.networks[result.seeds.index(best_seed(result))]
    assert mlflow.pyfunc.load_model("models:/disc@best").predict(X).tolist() == trained.predict(torch.tensor(X)).tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]  # everything else is on the server


def test_name_without_a_model_is_an_error_before_training(store: Store) -> None:
    with pytest.raises(ConfigError, match=r"set validation=0\.1"):
        regnet.run([*SMALL, "validation=0", "tracking.register=disc"])
    assert store().get_experiment_by_name("regnet") is None


def test_another_process_needs_only_regnet_and_the_plugin(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    (site / "halving-1.5.dist-info").mkdir(parents=True)
    (site / "halving.py").write_text(PLUGIN)
    (site / "halving-1.5.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: halving\nVersion: 1.5\n")
    (site / "halving-1.5.dist-info" / "entry_points.txt").write_text("[regnet]\nplugin = halving\n")
    with monkeypatch.context() as patched:
        patched.syspath_prepend(str(site))
        result = regnet.run([*SMALL, "model.activation=halved"])
    folder = model_folder(store(), best_run(store(), result))
    assert "halving==1.5" in (folder / "requirements.txt").read_text()
    trained = result.networks[result.seeds.index(best_seed(result))]
    done = load_elsewhere(folder, PYTHONPATH=str(site), **{VARIABLE: "halving"})
    assert json.loads(done.stdout) == trained.predict(torch.tensor([[0.5, 0.5], [0.0, 1.0]])).tolist()
    done = load_elsewhere(folder, **{VARIABLE: "regnet"})
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith("it needs halving 1.5, which is not installed: pip install halving==1.5")


def load_elsewhere(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LOAD, str(folder)]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False, cwd=folder.parent)


def test_serving(store: Store, tmp_path: Path) -> None:
    result = regnet.run([*SMALL, "tracking.register=disc"])
    trained = result.networks[result.seeds.index(best_seed(result))]
    expected = trained.predict(torch.tensor(X)).tolist()
    with served("models:/disc@best", tmp_path) as ask:
        assert ask({"inputs": X.tolist()}) == {"predictions": expected}
        assert ask({"dataframe_split": {"columns": ["x", "y"], "data": X.tolist()}}) == {"predictions": expected}
        scores = ask({"inputs": X.tolist(), "params": {"scores": True}})["predictions"]
        assert np.argmax(scores, axis=1).tolist() == expected
        assert "expected (N, 2): the network takes 2 features" in ask({"inputs": [[1.0, 2.0, 3.0]]})["stack_trace"]
        assert ask("x,y\n0.5,0.5\n0,1\n", "text/csv") == {
            "predictions": trained.predict(torch.tensor([[0.5, 0.5], [0, 1.0]])).tolist()
        }
        assert "row 0 (the first is 0) has a feature that is missing" in ask({"inputs": [[1.0, None]]})["stack_trace"]


@contextmanager
def served(uri: str, folder: Path) -> Iterator[Callable[..., Any]]:
    """Context manager that runs `mlflow models serve` and yields a function that requests predictions."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", uri, "--env-manager", "local", "--port", str(port)]
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PATH": f"{Path(sys.executable).parent}:/bin",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), process, folder / "log")
        yield partial(ask, f"http://127.0.0.1:{port}/invocations")
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def ask(url: str, question: Any, kind: str = "application/json") -> Any:
    """The answer of the server: predictions or an error."""
    content = question if kind == "text/csv" else json.dumps(question)
    request = urllib.request.Request(url, content.encode(), {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def test_serving_a_table(store: Store, tmp_path: Path) -> None:
    """By the names of its columns, in any order; text/csv and whole numbers, too: mlflow#2920, #4084."""
    flowers = tmp_path / "flowers.csv"
    rows = [f"{row % 9},{row % 5}.5,{'red' if row % 2 else 'blue'},{'big' if row % 9 > row % 5 else 'small'}" for row in range(180)]
    flowers.write_text("\n".join(["height,width,colour,size", *rows]) + "\n")
    words = ["dataset=table", f"dataset.path={flowers}", "dataset.target=size", "loss=cross_entropy", "model.output=null"]
    words += ["optimizer=adam", "optimizer.lr=0.01", "epochs=20", "tracking.register=flowers", "tracking.models=all"]
    result = regnet.run([*words, "seeds=2"])
    trained = result.networks[result.seeds.index(best_seed(result))]
    new = pd.DataFrame({"colour": ["red", "green"], "width": [0.5, 4.5], "height": [8, 0]})
    expected = trained.predict(new).tolist()
    assert expected == ["big", "small"]
    model = mlflow.pyfunc.load_model("models:/flowers@best")
    run = best_run(store(), result)
    names = ["models:/flowers@best", "models:/flowers/1", f"models:/{model.metadata.model_id}", f"runs:/{run.info.run_id}/model"]
    for name in [*names, str(model_folder(store(), run))]:
        assert regnet.load_model(name).predict(new).tolist() == expected
    assert model.metadata.metadata == {"height": "numbers", "width": "numbers", "colour": "blue, red"}
    assert model.metadata.signature.outputs.to_dict() == [{"type": "string", "name": "size", "required": True}]
    assert model.predict(new).tolist() == expected
    assert model.predict(model.input_example).tolist() == trained.predict(model.input_example).tolist()
    with served("models:/flowers@best", tmp_path) as ask:
        assert ask({"dataframe_split": new.to_dict("split")}) == {"predictions": expected}
        assert ask({"dataframe_records": [{"width": None, "height": 8, "colour": "red"}]}) == {"predictions": ["big"]}
        assert ask("width,colour,height\n0.5,red,8\n4.5,,0\n", "text/csv") == {"predictions": expected}
        assert (
            "no column 'colour', which the network was trained with"
            in ask({"dataframe_records": [{"width": 1, "height": 8}]})["stack_trace"]
        )
