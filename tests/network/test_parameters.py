"""The parameter store: a flat tensor with a contiguous stack of replicas for each parameter, and errors that name a parameter."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from regnet.contracts import Buffer, Params
from regnet.errors import ShapeError
from regnet.network.parameters import ParameterStore, leaves, rebuild

REPLICAS = 3
NAMES = ["0.weight", "0.bias", "2.0.scale"]
SIZES = [6, 2, 4]


def start(replica: int = 0) -> Params:
    """The initial parameters of a network of three layers: linear, without parameters, and with nested layers."""
    first = 100.0 * replica
    return {
        "0": {"weight": first + torch.arange(6.0).view(2, 3), "bias": first + torch.tensor([10.0, 11.0])},
        "1": {},
        "2": {"0": {"scale": first + torch.arange(20.0, 24.0), "running_mean": Buffer(first + torch.tensor([50.0]))}},
    }


def many() -> ParameterStore:
    return make([start(replica) for replica in range(REPLICAS)], replica_axis=True)


def make(replicas: list[Params], *, replica_axis: bool, dtype: torch.dtype = torch.float32) -> ParameterStore:
    return ParameterStore(replicas, replica_axis=replica_axis, dtype=dtype, device=torch.device("cpu"))


def tensors(tree: Params) -> dict[str, Tensor]:
    return {".".join(path): leaf for path, leaf in leaves(tree)}


def gradients(*, replica_axis: bool) -> Params:
    front = (REPLICAS,) if replica_axis else ()
    linear = {"bias": torch.full((*front, 2), 2.0), "weight": torch.ones(*front, 2, 3)}
    return {"0": linear, "2": {"0": {"scale": torch.zeros(*front, 4)}}}


def test_leaves_are_in_depth_first_order() -> None:
    found = list(leaves(start()))
    assert [path for path, _ in found] == [("0", "weight"), ("0", "bias"), ("2", "0", "scale"), ("2", "0", "running_mean")]
    assert isinstance(found[-1][1], Buffer)


def test_rebuild_keeps_the_structure() -> None:
    tree = start()
    replaced = {path: torch.tensor(float(index)) for index, (path, _) in enumerate(leaves(tree))}
    rebuilt = rebuild(tree, replaced)
    assert rebuilt == {
        "0": {"weight": torch.tensor(0.0), "bias": torch.tensor(1.0)},
        "1": {},
        "2": {"0": {"scale": torch.tensor(2.0), "running_mean": torch.tensor(3.0)}},
    }


def test_all_trained_numbers_are_in_one_flat_tensor() -> None:
    """Parameter after parameter, and replica after replica within each; buffers are separate."""
    store = many()
    assert [".".join(path) for path in store.trained] == NAMES
    assert store.values.shape == (REPLICAS * sum(SIZES),)
    expected = [100 * r + number for numbers in (range(6), (10, 11), range(20, 24)) for r in range(REPLICAS) for number in numbers]
    assert store.values.tolist() == expected


@pytest.mark.parametrize(("name", "index"), [("0.weight", 0), ("0.bias", 18), ("2.0.scale", 24)])
def test_stack_of_each_parameter_is_contiguous(name: str, index: int) -> None:
    """Batched products are fast with contiguous views into the flat tensor."""
    store = many()
    stack = tensors(store.tree)[name]
    assert stack.is_contiguous()
    assert stack.data_ptr() == store.values.data_ptr() + index * store.values.element_size()
    store.values[index] = -1.0
    assert stack.view(-1)[0] == -1


def test_shapes_with_and_without_a_replica_axis() -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors(many().tree).items()}
    assert shapes == {"0.weight": (3, 2, 3), "0.bias": (3, 2), "2.0.scale": (3, 4), "2.0.running_mean": (3, 1)}
    alone = make([start()], replica_axis=False)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors(alone.tree).items()}
    assert shapes == {"0.weight": (2, 3), "0.bias": (2,), "2.0.scale": (4,), "2.0.running_mean": (1,)}
    assert alone.tree["1"] == {}


def test_a_single_replica_may_have_an_axis() -> None:
    assert make([start()], replica_axis=True).tree["0"]["weight"].shape == (1, 2, 3)


def test_numbers_are_converted() -> None:
    store = make([start()], replica_axis=False, dtype=torch.float64)
    assert {tensor.dtype for tensor in (store.values, store.gradients, *tensors(store.tree).values())} == {torch.float64}


def test_initial_parameters_are_copied() -> None:
    """Training must not write into tensors that an initializer may return twice, nor into buffers."""
    given = start()
    store = make([given], replica_axis=False)
    store.values.zero_()
    store.tree["2"]["0"]["running_mean"].zero_()
    assert given["0"]["bias"].tolist() == [10, 11]
    assert given["2"]["0"]["running_mean"].value.tolist() == [50]


def test_gradients_are_collected_in_the_order_of_parameters() -> None:
    """By name, in any order, contiguous or not."""
    store = many()
    given = gradients(replica_axis=True)
    given["0"]["weight"] = torch.arange(18.0).view(3, 3, 2).mT
    before = store.gradients.data_ptr()
    store.collect(given)
    assert store.gradients.data_ptr() == before
    assert store.gradients.shape == store.values.shape
    assert store.gradients[:6].tolist() == [0, 2, 4, 1, 3, 5]
    assert store.gradients[18:24].tolist() == [2] * 6
    assert store.gradients[24:].tolist() == [0] * 12


@pytest.mark.parametrize("replica_axis", [True, False])
def test_check_of_right_gradients(replica_axis: bool) -> None:
    store = many() if replica_axis else make([start()], replica_axis=False)
    store.check(gradients(replica_axis=replica_axis))


def test_error_of_a_missing_gradient() -> None:
    given = gradients(replica_axis=False)
    del given["2"]["0"]["scale"]
    with pytest.raises(ShapeError, match=r"the network: backward gave no gradient for parameter 2\.0\.scale, expected .*\(4,\)"):
        make([start()], replica_axis=False).check(given)


def test_error_of_a_missing_layer() -> None:
    with pytest.raises(ShapeError, match=r"a layer of mine: .* no gradient for parameter 0\.weight"):
        make([start()], replica_axis=False).check({}, "a layer of mine")


def test_error_of_a_wrong_shape() -> None:
    """As if the batch was not summed over, or the replicas were."""
    given = gradients(replica_axis=True)
    given["0"]["bias"] = torch.zeros(2)
    with pytest.raises(ShapeError, match=r"parameter 0\.bias a gradient of shape \(2,\), expected \(3, 2\)"):
        many().check(given)


def test_weights_are_a_copy_by_dotted_name() -> None:
    store = many()
    weights = store.weights(1)
    assert list(weights) == [*NAMES, "2.0.running_mean"]
    assert weights["0.bias"].tolist() == [110, 111]
    assert weights["2.0.running_mean"].tolist() == [150]
    store.values.zero_()
    store.tree["2"]["0"]["running_mean"].zero_()
    assert weights["0.bias"].tolist() == [110, 111]
    assert weights["2.0.running_mean"].tolist() == [150]


def test_weights_can_be_loaded() -> None:
    weights = many().weights(2)
    store = make([start()], replica_axis=False)
    store.load(weights)
    assert store.values.tolist() == [*range(200, 206), 210, 211, *range(220, 224)]
    assert store.tree["2"]["0"]["running_mean"].tolist() == [250]


def test_a_network_without_parameters_has_a_store() -> None:
    store = make([{"0": {}}], replica_axis=False)
    assert store.values.shape == (0,)
    assert store.tree == {"0": {}}
    store.check({"0": {}})


def test_a_network_without_parameters_has_no_gradients() -> None:
    store = make([{"0": {}}], replica_axis=False)
    store.collect({"0": {}})
    assert store.gradients.shape == (0,)
