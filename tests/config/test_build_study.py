"""Errors in a configuration are reported in one line: the problem, the component, expected, got, available."""

from __future__ import annotations

import pytest
import torch

from regnet.config.compose import compose_config
from regnet.errors import BadOption, ConfigError, RegnetError, ShapeError, TargetError, UnknownComponent
from regnet.registry.catalog import Catalog
from tests.conftest import MakeStudy

WRONG = [
    (["optimizer=adm"], ConfigError, "unknown optimizer 'adm': did you mean 'adam'? Available: adam, adamw, rmsprop, sgd"),
    (["optimizer.lrr=1"], ConfigError, "optimizer sgd has no option 'lrr': did you mean 'lr'?"),
    (["epoch=3"], ConfigError, "has no option 'epoch': did you mean 'epochs'?"),
    (["optimizer.lr=abc"], ConfigError, "optimizer.lr of optimizer sgd should be a valid number"),
    (["epochs=2.5"], ConfigError, "should be a valid integer, got a number with a fractional part; got 2.5"),
    (["optimizer.lr=-1"], BadOption, "optimizer.lr of optimizer sgd should be greater than 0; got -1"),
    (["optimizer.momentum=2"], BadOption, "should be less than or equal to 1; got 2"),
    (["optimizer.nesterov=true"], BadOption, "nesterov needs momentum"),
    (["loss.reduction=summ"], BadOption, "should be 'sum' or 'mean'; got 'summ'"),
    (["epochs=0"], BadOption, "epochs should be 'auto', or should be greater than or equal to 1"),
    (["dtype=int8"], BadOption, "'float32' or 'float64'; got 'int8'"),
    (["model.hidden=[a]"], BadOption, "[0] should be a valid integer"),
    (["model.activation=geluu"], UnknownComponent, "unknown layer 'geluu': did you mean 'gelu'?"),
    (["model.activation={name: leaky_relu, slope: 1}"], BadOption, "leaky_relu has no option 'slope'"),
    (["model.activation=[relu, geluu]"], UnknownComponent, "unknown layer 'geluu': did you mean 'gelu'?"),
    (["model.output=linear"], BadOption, "layer linear needs its option 'out_features'"),
    (["model=layers"], BadOption, "needs its option 'layers'"),
    (["model=layers", "model.layers=relu"], BadOption, "takes a list of layers"),
    (["model=layers", "model.layers=[]"], ConfigError, "has nothing to train"),
    (["model=layers", "model.layers=[tanh]"], ConfigError, "has nothing to train"),
    (["coding=one_hott"], BadOption, "should be 'auto', or should be 'signed'"),
    (["dataset=csv"], ConfigError, "unknown dataset 'csv'"),
    (["engine=jax"], ConfigError, "unknown engine 'jax'"),
    (["engine=torch", "replicas=lockstep"], ConfigError, "one seed at a time"),
    (["seeds=[1,1,2]"], ConfigError, "names [1] more than once"),
    (["seeds=0"], BadOption, "greater than or equal to 1"),
    (["seeds=true"], BadOption, "true and false are not numbers; got True"),
    (["model.hidden=[true]"], BadOption, "true and false are not numbers"),
    (["model.hidden=64"], BadOption, "should be a list, such as [64]; got 64"),
    (["seed=-1"], BadOption, "greater than or equal to 0"),
    (["foo=1="], ConfigError, "foo=1="),
    (["+foo=1"], ConfigError, "has no option 'foo'"),
    (["loss=cross_entropy", "dataset=diabetes"], TargetError, "cannot be used for regression"),
    (["coding=index"], TargetError, "mse cannot take targets coded as 'index'"),
    (["coding=binary"], BadOption, "should be 'auto'"),
]


@pytest.mark.parametrize(
    ("overrides", "error", "words"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_errors_of_configurations(study: MakeStudy, overrides: list[str], error: type[RegnetError], words: str) -> None:
    with pytest.raises(error) as caught:
        study(*overrides)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_last_layer_must_fit_the_targets(study: MakeStudy) -> None:
    with pytest.raises(ShapeError, match=r"last layer \(0\) gives 3 features, expected 2: data set disc has 2 classes"):
        study("model=layers", "model.layers=[{name: linear, out_features: 3}]")


def test_error_inside_a_layer_has_its_index(study: MakeStudy) -> None:
    layers = "[{name: linear, out_features: 4}, {name: residual, layers: [{name: linear, out_features: 5}]}]"
    with pytest.raises(ShapeError, match="layer 1: residual: its layers turn 4 features into 5; expected 4"):
        study("model=layers", f"model.layers={layers}")


def test_cuda_without_a_gpu_is_an_error(study: MakeStudy) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ConfigError, match="no usable GPU"):
        study("device=cuda")


def test_mlp_is_the_network_of_the_paper(study: MakeStudy) -> None:
    made = study()
    params, _ = made.network.init(2, torch.Generator())
    shapes = [tuple(layer["weight"].shape) for layer in params.values() if layer]
    assert shapes == [(25, 2), (25, 25), (25, 25), (2, 25)]
    assert [type(layer).__name__ for layer in made.network.layers] == [*["Linear", "ReLU"] * 3, "Linear", "Tanh"]


def test_several_layers_after_each_linear_one(study: MakeStudy) -> None:
    layers = study("model.hidden=[4, 3]", "model.activation=[batch_norm, relu]").network.layers
    names = ["Linear", "BatchNorm", "ReLU"] * 2 + ["Linear", "Tanh"]
    assert [type(layer).__name__ for layer in layers] == names


@pytest.mark.parametrize(("dataset", "outputs"), [("disc", 2), ("digits", 10), ("diabetes", 1)])
@pytest.mark.parametrize("last", ["linear", "{name: linear, bias: false}", "{name: linear, out_features: ???}"])
def test_a_list_of_layers_follows_the_task(study: MakeStudy, dataset: str, outputs: int, last: str) -> None:
    """The last linear layer has as many outputs as the task needs, also with another layer after it."""
    words = [f"dataset={dataset}", "model=layers", "loss=huber" if dataset == "diabetes" else "loss=mse"]
    layers = study(*words, f"model.layers=[{{name: linear, out_features: 7}}, relu, {last}, tanh]").network.layers
    assert [layer.out_features for layer in layers if hasattr(layer, "out_features")] == [7, outputs]
    with pytest.raises(BadOption, match="needs its option 'out_features'"):
        study(*words, f"model.layers=[linear, relu, {last}]")


def test_last_layer_follows_the_data_set(study: MakeStudy) -> None:
    assert study("dataset=digits", "model.output=null").network.init(64, torch.Generator())[1] == 10
    assert study("dataset=diabetes", "model.output=null").network.init(10, torch.Generator())[1] == 1


@pytest.mark.parametrize(
    ("overrides", "seeds"),
    [(["seed=100", "seeds=3"], (100, 101, 102)), (["seeds=[7,3]"], (7, 3)), (["seed=5"], (5,)), ([], (0,))],
)
def test_seeds(study: MakeStudy, overrides: list[str], seeds: tuple[int, ...]) -> None:
    assert study(*overrides).seeds == seeds


def test_lockstep_is_the_default_if_the_engine_supports_it(study: MakeStudy) -> None:
    assert study("seeds=3").groups == ((0, 1, 2),)
    assert study("seeds=3", "replicas=solo").groups == ((0,), (1,), (2,))
    assert study("seeds=3", "engine=torch").groups == ((0,), (1,), (2,))


@pytest.mark.parametrize(
    ("overrides", "coding"),
    [
        ([], "signed"),
        (["coding=one_hot"], "one_hot"),
        (["loss=cross_entropy"], "index"),
        (["loss=binary_cross_entropy"], "one_hot"),
        (["dataset=diabetes"], "standardized"),
        (["dataset=diabetes", "coding=values", "loss=huber"], "values"),
    ],
)
def test_coding_follows_loss_and_task(study: MakeStudy, overrides: list[str], coding: str) -> None:
    assert study(*overrides).coding == coding


def test_identity_ignores_only_seeds_and_presentation(study: MakeStudy) -> None:
    first = study()
    assert study("seed=5", "seeds=3", "report=figures", "study=mine").identity == first.identity
    for other in ("optimizer.lr=0.002", "replicas=solo", "epochs=3", "engine=torch", "model.bias=false"):
        assert study(other).identity != first.identity


def test_a_config_imports_nothing(catalog: Catalog) -> None:
    """A name is looked up only in the catalog, even if it looks like a dotted path."""
    spec = {"name": "os.system", "command": "false"}
    with pytest.raises(UnknownComponent):
        catalog.build("layer", spec)
    with pytest.raises(BadOption, match="name"):
        catalog.build("layer", {"_target_": "os.system"})


def test_composed_config_is_plain_python(catalog: Catalog) -> None:
    config = compose_config(["model.hidden=[5]"], catalog)
    assert config["model"]["hidden"] == [5]
    assert type(config["model"]) is dict
    assert "hydra" not in config
