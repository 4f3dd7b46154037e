"""Every layer in the catalog: backward against autograd, one replica against many, and agreement with its PyTorch counterpart."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from regnet.contracts import Buffer, Context, Layer, Params
from regnet.network.parameters import Path, leaves, rebuild
from regnet.registry.options import values_of
from regnet.rng import Noise
from tests.builtin.cases import FEATURES, build, entries, variants

BATCH = 5
SEEDS = [3, 8, 5]

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("linear", {"bias": False}),
    ("gelu", {"approximate": "tanh"}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("dropout", {"p": 0.2}),
    ("layer_norm", {"eps": 0.1}),
    ("batch_norm", {"eps": 0.1, "momentum": 0.3}),
    ("residual", {"layers": ["batch_norm", {"name": "dropout", "p": 0.3}, "relu"]}),
    ("residual", {"layers": [{"name": "linear", "out_features": 6}, "silu", {"name": "linear", "out_features": 4, "bias": False}]}),
    ("residual", {"layers": [{"name": "residual", "layers": ["layer_norm", "tanh"]}, "softmax"]}),
]

every_layer = pytest.mark.parametrize(
    ("entry", "options"), [pytest.param(entry, options, id=label) for label, entry, options in variants("layer", VARIANTS)]
)
both_passes = pytest.mark.parametrize("training", [True, False], ids=["training", "predicting"])


@dataclass
class Case:
    """A layer in double precision with parameters that differ from one another, and what is known about them."""

    layer: Layer
    params: Params
    trained: list[Path]
    buffers: list[Path]
    out_features: int

    @property
    def trained_tensors(self) -> list[Tensor]:
        found = dict(leaves(self.params))
        return [found[path] for path in self.trained]


def make_case(layer: Layer, seed: int = 0) -> Case:
    """Weights of one and biases of zero would hide a wrong factor or a missing term, so all are moved at random.

    Buffers move upwards only, since a variance must stay positive.
    """
    start, out_features = layer.init(FEATURES, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(100 + seed)
    moved: dict[Path, Tensor] = {}
    buffers = []
    for path, leaf in leaves(start):
        if isinstance(leaf, Buffer):
            buffers.append(path)
            moved[path] = leaf.value.double() + torch.rand(leaf.value.shape, generator=generator, dtype=torch.float64)
        else:
            moved[path] = leaf.double() + 0.5 * torch.randn(leaf.shape, generator=generator, dtype=torch.float64)
    trained = [path for path in moved if path not in buffers]
    return Case(layer, rebuild(start, moved), trained, buffers, out_features)


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def context(training: bool, seeds: list[int] | None = None) -> Context:
    """Made anew for each pass, so that every pass of a test sees the same noise."""
    return Context(training, Noise(seeds or [7], replica_axis=seeds is not None))


def run(case: Case, x: Tensor, dy: Tensor, training: bool) -> tuple[Tensor, Tensor, Params]:
    """Output and both gradients, on parameters of their own so that buffers start alike in each pass."""
    params = deepcopy(case.params)
    y, cache = case.layer.forward(params, x, context(training))
    dx, gradients = case.layer.backward(params, cache, dy)
    return y, dx, gradients


def autograd(case: Case, x: Tensor, dy: Tensor, training: bool) -> tuple[Tensor, list[Tensor]]:
    """What autograd makes of the same forward: the gradients of the input and of each trained parameter."""
    own = make_like(case)
    trained = own.trained_tensors
    inputs = [x.clone(), *trained]
    for tensor in inputs:
        tensor.requires_grad_()
    y, _ = case.layer.forward(own.params, inputs[0], context(training))
    dx, *gradients = torch.autograd.grad(y, inputs, dy)
    return dx, gradients


def make_like(case: Case) -> Case:
    return Case(case.layer, deepcopy(case.params), case.trained, case.buffers, case.out_features)


def gradient_at(gradients: Params, path: Path) -> Tensor:
    return dict(leaves(gradients))[path]


def close(actual: Tensor, expected: Tensor, rtol: float = 1e-10, atol: float = 1e-12) -> None:
    """Same shape and type, and equal up to rounding in double precision at every index."""
    torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)


def check_against_autograd(case: Case, x: Tensor, training: bool) -> None:
    dy = normal(*x.shape[:-1], case.out_features, seed=2)
    _, dx, gradients = run(case, x, dy, training)
    expected_dx, expected = autograd(case, x, dy, training)
    close(dx, expected_dx)
    assert {path for path, _ in leaves(gradients)} == set(case.trained)
    for path, gradient in zip(case.trained, expected, strict=True):
        close(gradient_at(gradients, path), gradient)


@both_passes
@every_layer
def test_backward_is_what_autograd_makes_of_forward(entry: Any, options: Any, training: bool) -> None:
    check_against_autograd(make_case(build(entry, **options)), normal(BATCH, FEATURES), training)


@both_passes
@every_layer
def test_backward_of_a_single_example(entry: Any, options: Any, training: bool) -> None:
    case = make_case(build(entry, **options))
    x = normal(1, FEATURES)
    y, _, _ = run(case, x, normal(1, case.out_features), training)
    assert y.shape == (1, case.out_features)
    assert y.isfinite().all()
    check_against_autograd(case, x, training)


@both_passes
@every_layer
def test_backward_is_the_slope_of_forward(entry: Any, options: Any, training: bool) -> None:
    """Central differences, which know nothing of autograd: the error is of the order of the step squared."""
    case = make_case(build(entry, **options))
    x, dy = normal(3, FEATURES), normal(3, case.out_features, seed=2)
    _, dx, gradients = run(case, x, dy, training)
    close(dx, slope(case, x, x, dy, training), rtol=1e-6, atol=1e-7)
    for path, tensor in zip(case.trained, case.trained_tensors, strict=True):
        close(gradient_at(gradients, path), slope(case, x, tensor, dy, training), rtol=1e-6, atol=1e-7)


def slope(case: Case, x: Tensor, moved: Tensor, dy: Tensor, training: bool) -> Tensor:
    """How the output, weighted by `dy`, changes with each number of `moved`, which is `x` or one of the parameters."""
    step = 1e-5

    def weighted_output() -> Tensor:
        return (case.layer.forward(deepcopy(case.params), x, context(training))[0] * dy).sum()

    slopes = torch.empty_like(moved)
    flat, flat_slopes = moved.view(-1), slopes.view(-1)
    for index in range(flat.numel()):
        value = flat[index].item()
        flat[index] = value + step
        above = weighted_output()
        flat[index] = value - step
        flat_slopes[index] = (above - weighted_output()) / (2 * step)
        flat[index] = value
    return slopes


@both_passes
@every_layer
def test_gradients_is_the_second_half_of_backward(entry: Any, options: Any, training: bool) -> None:
    case = make_case(build(entry, **options))
    y, cache = case.layer.forward(case.params, normal(BATCH, FEATURES), context(training))
    dy = normal(*y.shape, seed=2)
    _, expected = case.layer.backward(case.params, cache, dy)
    found = case.layer.gradients(case.params, cache, dy)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@both_passes
@every_layer
def test_replicas_are_as_if_alone(entry: Any, options: Any, training: bool) -> None:
    layer = build(entry, **options)
    alone = [make_case(layer, seed) for seed in SEEDS]
    stacked = stack(alone)
    x = normal(len(SEEDS), BATCH, FEATURES)
    y, cache = layer.forward(stacked.params, x, context(training, SEEDS))
    dy = normal(*y.shape, seed=2)
    dx, gradients = layer.backward(stacked.params, cache, dy)
    short = layer.gradients(stacked.params, cache, dy)
    for row, (seed, case) in enumerate(zip(SEEDS, alone, strict=True)):
        own = Context(training, Noise([seed], replica_axis=False))
        own_y, own_cache = layer.forward(case.params, x[row], own)
        own_dx, own_gradients = layer.backward(case.params, own_cache, dy[row])
        close(y[row], own_y)
        close(dx[row], own_dx)
        for path in case.trained:
            close(gradient_at(gradients, path)[row], gradient_at(own_gradients, path))
            close(gradient_at(short, path)[row], gradient_at(own_gradients, path))
        for path in case.buffers:
            close(dict(leaves(stacked.params))[path][row], dict(leaves(case.params))[path])


def stack(cases: list[Case]) -> Case:
    """The cases' parameters and buffers with a replica axis in front."""
    found = [dict(leaves(case.params)) for case in cases]
    stacked = {path: torch.stack([one[path] for one in found]) for path in found[0]}
    first = cases[0]
    return Case(first.layer, rebuild(first.params, stacked), first.trained, first.buffers, first.out_features)


per_replica_options = [
    pytest.param(entry, option.name, id=f"{entry.name} {option.name}")
    for entry in entries("layer")
    for option in entry.options.values()
    if option.per_replica
]


@pytest.mark.parametrize(("entry", "option"), per_replica_options)
def test_replicas_may_differ_in_marked_options(entry: Any, option: str) -> None:
    options = values_of(build(entry))
    values = [options[option] * share for share in (1.0, 0.5, 0.1)]
    alone = [make_case(entry.component(**options | {option: value}), seed) for seed, value in zip(SEEDS, values, strict=True)]
    together = entry.component(**options | {option: torch.tensor(values, dtype=torch.float64).view(-1, 1, 1)})
    params = stack(alone).params
    x, dy = normal(len(SEEDS), BATCH, FEATURES), normal(len(SEEDS), BATCH, alone[0].out_features, seed=2)
    y, cache = together.forward(params, x, context(True, SEEDS))
    dx, gradients = together.backward(params, cache, dy)
    for row, (seed, case) in enumerate(zip(SEEDS, alone, strict=True)):
        own_y, own_cache = case.layer.forward(case.params, x[row], Context(True, Noise([seed], replica_axis=False)))
        own_dx, own_gradients = case.layer.backward(case.params, own_cache, dy[row])
        close(y[row], own_y)
        close(dx[row], own_dx)
        for path in case.trained:
            close(gradient_at(gradients, path)[row], gradient_at(own_gradients, path))


@both_passes
@every_layer
def test_nothing_given_is_changed(entry: Any, options: Any, training: bool) -> None:
    """But for buffers, and those only while training."""
    case = make_case(build(entry, **options))
    x, params = normal(BATCH, FEATURES), deepcopy(case.params)
    x_before = x.clone()
    y, cache = case.layer.forward(params, x, context(training))
    after_forward = deepcopy(params)
    dy = normal(*y.shape, seed=2)
    dy_before, y_before, cache_before = dy.clone(), y.clone(), deepcopy(cache)
    dx, gradients = case.layer.backward(params, cache, dy)
    again = case.layer.backward(params, cache, dy)

    before, after = dict(leaves(case.params)), dict(leaves(params))
    for path in case.trained if training else [*case.trained, *case.buffers]:
        assert torch.equal(before[path], after[path]), path
    torch.testing.assert_close(params, after_forward, rtol=0, atol=0)
    for now, then in ((x, x_before), (dy, dy_before), (y, y_before)):
        assert torch.equal(now, then)
    for now, then in zip(tensors_in(cache), tensors_in(cache_before), strict=True):
        assert torch.equal(now, then)
    torch.testing.assert_close(again, (dx, gradients), rtol=0, atol=0)


def tensors_in(cache: Any) -> Iterator[Tensor]:
    """The tensors anywhere in a cache of tuples, lists and mappings."""
    if isinstance(cache, Tensor):
        yield cache
    elif isinstance(cache, dict):
        for value in cache.values():
            yield from tensors_in(value)
    elif isinstance(cache, (list, tuple)):
        for value in cache:
            yield from tensors_in(value)


@both_passes
@every_layer
def test_all_that_backward_needs_is_in_the_cache(entry: Any, options: Any, training: bool) -> None:
    """A layer that kept the last input on itself would give the first input's gradient wrongly after a second forward."""
    case = make_case(build(entry, **options))
    x, other = normal(BATCH, FEATURES), normal(BATCH + 1, FEATURES, seed=9)
    dy = normal(BATCH, case.out_features, seed=2)
    _, expected_dx, expected = run(case, x, dy, training)
    params = deepcopy(case.params)
    _, cache = case.layer.forward(params, x, context(training))
    case.layer.forward(deepcopy(case.params), other, context(not training))
    torch.testing.assert_close(case.layer.backward(params, cache, dy), (expected_dx, expected), rtol=0, atol=0)
    assert case.layer == build(entry, **options)


@pytest.mark.filterwarnings("ignore:var_mean")  # torch warns of a variance over no examples, though each has its features
@both_passes
@every_layer
def test_an_empty_batch(entry: Any, options: Any, training: bool) -> None:
    case = make_case(build(entry, **options))
    if training and case.buffers:
        pytest.skip("a batch of nothing has no statistics to remember")
    y, dx, gradients = run(case, torch.empty(0, FEATURES).double(), torch.empty(0, case.out_features).double(), training)
    assert y.shape == (0, case.out_features)
    assert dx.shape == (0, FEATURES)
    for path, tensor in zip(case.trained, case.trained_tensors, strict=True):
        assert torch.equal(gradient_at(gradients, path), torch.zeros_like(tensor))


@both_passes
@every_layer
def test_single_precision_stays_single(entry: Any, options: Any, training: bool) -> None:
    layer = build(entry, **options)
    start, out_features = layer.init(FEATURES, torch.Generator())
    params = rebuild(start, {path: leaf.value if isinstance(leaf, Buffer) else leaf for path, leaf in leaves(start)})
    x = normal(BATCH, FEATURES).float()
    y, cache = layer.forward(params, x, context(training))
    dx, gradients = layer.backward(params, cache, y)
    assert y.shape == (BATCH, out_features)
    assert {tensor.dtype for tensor in (y, dx, *(leaf for _, leaf in leaves(gradients)))} == {torch.float32}


@every_layer
def test_init_draws_from_its_generator_alone(entry: Any, options: Any) -> None:
    layer = build(entry, **options)
    before = torch.get_rng_state()
    first, again = (plain(layer.init(FEATURES, torch.Generator().manual_seed(4))[0]) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    torch.testing.assert_close(first, again, rtol=0, atol=0)


def plain(params: Params) -> dict[Path, Tensor]:
    return {path: leaf.value if isinstance(leaf, Buffer) else leaf for path, leaf in leaves(params)}


every_counterpart = pytest.mark.parametrize(
    ("entry", "options"),
    [
        pytest.param(entry, options, id=label)
        for label, entry, options in variants("layer", VARIANTS)
        if build(entry, **options).torch_module(nn, FEATURES) is not None
    ],
)


def counterpart(case: Case, training: bool) -> nn.Module:
    """PyTorch's module with the case's parameters and buffers."""
    module = case.layer.torch_module(nn, FEATURES)
    values = {path[0]: tensor.clone() for path, tensor in leaves(case.params)}
    module.double().load_state_dict(module.state_dict() | values)
    return module.train(training)


@both_passes
@every_counterpart
def test_counterpart_computes_the_same(entry: Any, options: Any, training: bool) -> None:
    """Three passes, so that running statistics which start alike but move differently come apart."""
    case = make_case(build(entry, **options))
    module = counterpart(case, training)
    for seed in (10, 11, 12):
        x = normal(BATCH, FEATURES, seed=seed).requires_grad_()
        expected = module(x)
        y, cache = case.layer.forward(case.params, x.detach(), context(training))
        close(y, expected.detach())
        dy = normal(*y.shape, seed=2)
        dx, gradients = case.layer.backward(case.params, cache, dy)
        expected_dx, *expected_gradients = torch.autograd.grad(expected, [x, *module.parameters()], dy)
        close(dx, expected_dx)
        for (name, _), gradient in zip(module.named_parameters(), expected_gradients, strict=True):
            close(gradients[name], gradient)
        state = module.state_dict()
        for (name,) in case.buffers:
            close(case.params[name], state[name])


@every_counterpart
def test_counterpart_agrees_at_zero(entry: Any, options: Any) -> None:
    """Where a function has a kink its derivative is a choice: the baseline's, or the engines would part."""
    case = make_case(build(entry, **options))
    x = torch.zeros(2, FEATURES, dtype=torch.float64, requires_grad=True)
    y, cache = case.layer.forward(case.params, x.detach(), context(False))
    dy = normal(*y.shape, seed=2)
    (expected,) = torch.autograd.grad(counterpart(case, False)(x), [x], dy)
    close(case.layer.backward(case.params, cache, dy)[0], expected)


@every_counterpart
def test_counterpart_has_the_same_names(entry: Any, options: Any) -> None:
    case = make_case(build(entry, **options))
    module = case.layer.torch_module(nn, FEATURES)
    assert {name for name, _ in module.named_parameters()} == {".".join(path) for path in case.trained}
    assert {name for name, _ in module.named_buffers()} - {"num_batches_tracked"} == {".".join(path) for path in case.buffers}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_dropout_silences_the_share_it_says(catalog: Any, p: float) -> None:
    """Of 40,000 features the silenced share is within five standard deviations of `p`; the others are scaled by 1 / (1 - p)."""
    x = torch.ones(200, 200)
    y, _ = catalog.build("layer", {"name": "dropout", "p": p}).forward({}, x, context(True))
    silenced = (y == 0).double().mean().item()
    assert abs(silenced - p) < 5 * (p * (1 - p) / x.numel()) ** 0.5
    torch.testing.assert_close(y[y != 0].unique(), torch.tensor([1 / (1 - p)]))


def test_which_layers_name_no_counterpart() -> None:
    """Dropout draws from a stream of its own, and PyTorch has no residual connection; no other layer may lose its baseline."""
    own = [entry for entry in entries("layer") if entry.origin.is_called("regnet")]
    assert [entry.name for entry in own if build(entry).torch_module(nn, FEATURES) is None] == ["dropout", "residual"]
