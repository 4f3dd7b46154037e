"""The paper's equations, one by one, compared with numbers computed by hand."""

from __future__ import annotations

from math import sqrt
from typing import Any

import torch
from torch import Tensor

from regnet.builtin.initializers.constant import Constant
from regnet.builtin.initializers.he_fan_out import HeFanOut
from regnet.builtin.layers.linear import Linear
from regnet.builtin.layers.relu import ReLU
from regnet.builtin.layers.residual import Residual
from regnet.builtin.layers.tanh import Tanh
from regnet.builtin.losses.mse import MSE
from regnet.builtin.optimizers.sgd import SGD
from regnet.contracts import Context, Layer, Params
from regnet.network.sequential import Sequential
from regnet.rng import Noise

X = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
"""Two examples of two features."""
W = torch.tensor([[2.0, -1.0], [0.5, 1.0], [-3.0, 0.0]])
"""Three outputs: `(m, n)` as in the paper."""
B = torch.tensor([0.5, -1.0, 2.0])
DY = torch.tensor([[1.0, 0.0, -1.0], [2.0, -1.0, 0.5]])
"""A gradient of the loss with respect to the linear layer's output."""

PREDICTION = torch.tensor([[0.5, -0.5], [1.0, 0.25]])
TARGET = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
"""Two examples, one of each class, in the paper's coding."""


def forward(layer: Layer, x: Tensor, params: Params | None = None) -> tuple[Tensor, Any]:
    return layer.forward(params or {}, x, Context(training=True, noise=Noise([0], replica_axis=False)))


def derivative(layer: Layer, x: Tensor) -> Tensor:
    """The slope of an activation: the gradient of its input for an output gradient of ones."""
    _, cache = forward(layer, x)
    return layer.backward({}, cache, torch.ones_like(x))[0]


def close(actual: Tensor, expected: Any) -> None:
    torch.testing.assert_close(actual, torch.tensor(expected), rtol=1e-5, atol=1e-6)


def test_equation_1_the_linear_layer() -> None:
    """1·2 - 2·1 + 0.5 = 0.5, and so on."""
    y, _ = forward(Linear(3), X, {"weight": W, "bias": B})
    close(y, [[0.5, 1.5, -1.0], [7.5, -0.5, -7.0]])
    y, _ = forward(Linear(3, bias=False), X, {"weight": W})
    close(y, [[0.0, 2.5, -3.0], [7.0, 0.5, -9.0]])


def test_equations_2_and_3_initialization() -> None:
    """He's form in the paper's code: the standard deviation is √(2 / m), 0.2828 for m = 25 outputs, up to chance."""
    params, out_features = Linear(25, initializer=HeFanOut()).init(4000, torch.Generator().manual_seed(0))
    assert out_features == 25
    assert params["weight"].shape == (25, 4000)
    assert abs(params["weight"].std().item() - sqrt(2 / 25)) < 5 * sqrt(2 / 25) / sqrt(2 * 100_000)
    assert params["bias"].tolist() == [0.0] * 25


def test_equation_4_relu() -> None:
    y, _ = forward(ReLU(), torch.tensor([[-2.0, -0.5, 0.0, 0.5, 3.0]]))
    close(y, [[0.0, 0.0, 0.0, 0.5, 3.0]])


def test_equation_5_tanh() -> None:
    """tanh(½) = (e^½ - e^-½) / (e^½ + e^-½) = 1.0421906 / 2.2552519 = 0.4621172."""
    y, _ = forward(Tanh(), torch.tensor([[0.0, 0.5, -0.5, 1.0, 2.0]]))
    close(y, [[0.0, 0.4621172, -0.4621172, 0.7615942, 0.9640276]])


def test_equation_6_the_loss() -> None:
    """(½² + ½²) + (2² + ¾²) = 0.5 + 4.5625 = 5.0625, over two examples; PyTorch's default divides by the outputs as well."""
    close(MSE().forward(PREDICTION, TARGET), 2.53125)
    close(MSE(reduction="sum").forward(PREDICTION, TARGET), 2.53125)
    close(MSE(reduction="mean").forward(PREDICTION, TARGET), 1.265625)


def test_equation_7_a_step_of_gradient_descent() -> None:
    """1 - 0.1·4 = 0.6, and so on, for two steps."""
    parameters, gradients = torch.tensor([1.0, -2.0, 0.0]), torch.tensor([4.0, -1.0, 0.5])
    SGD(lr=0.1).update(parameters, gradients, {})
    close(parameters, [0.6, -1.9, -0.05])
    SGD(lr=0.1).update(parameters, gradients, {})
    close(parameters, [0.2, -1.8, -0.1])


def test_equation_7_averages_over_the_batch() -> None:
    """The step of a batch is the mean of its examples' steps."""
    layer, params = Linear(2), {"weight": W[:2], "bias": B[:2]}

    def gradient(rows: slice) -> Tensor:
        y, cache = forward(layer, X[rows], params)
        return layer.gradients(params, cache, MSE().backward(y, TARGET[rows]))["weight"]

    torch.testing.assert_close(gradient(slice(0, 2)), (gradient(slice(0, 1)) + gradient(slice(1, 2))) / 2)


def test_equation_8_the_chain_rule() -> None:
    """z = tanh(relu(x)): at x = ½ the slope is 1 · (1 - 0.4621172²) = 0.7864477, at x = -½ it is 0."""
    chain = Sequential((ReLU(), Tanh()))
    _, cache = forward(chain, torch.tensor([[0.5, -0.5]]), {"0": {}, "1": {}})
    dx, _ = chain.backward({"0": {}, "1": {}}, cache, torch.ones(1, 2))
    close(dx, [[0.7864477, 0.0]])


def test_equation_9_two_paths() -> None:
    """y = x + tanh(x): at x = ½ the slope is 1 + 0.7864477."""
    layer, params = Residual((Tanh(),)), {"0": {}}
    y, cache = forward(layer, torch.tensor([[0.5]]), params)
    close(y, [[0.9621172]])
    close(layer.backward(params, cache, torch.ones(1, 1))[0], [[1.7864477]])


def test_equation_10_the_derivative_of_relu() -> None:
    """At 0, where the paper does not define it, it is 0."""
    close(derivative(ReLU(), torch.tensor([[-2.0, -0.5, 0.0, 0.5, 3.0]])), [[0.0, 0.0, 0.0, 1.0, 1.0]])


def test_equation_11_the_derivative_of_tanh() -> None:
    """1 - 0.4621172² = 0.7864477 and 1 - 0.7615942² = 0.4199743."""
    close(derivative(Tanh(), torch.tensor([[0.0, 0.5, -0.5, 1.0]])), [[1.0, 0.7864477, 0.7864477, 0.4199743]])


def test_an_activation_multiplies_the_gradient_by_its_derivative() -> None:
    x, dy = torch.tensor([[0.5, -0.5]]), torch.tensor([[2.0, -3.0]])
    _, cache = forward(Tanh(), x)
    close(Tanh().backward({}, cache, dy)[0], [[1.5728953, -2.3593430]])
    _, cache = forward(ReLU(), x)
    close(ReLU().backward({}, cache, dy)[0], [[2.0, 0.0]])


def linear_gradients() -> tuple[Tensor, Params]:
    layer, params = Linear(3), {"weight": W, "bias": B}
    _, cache = forward(layer, X, params)
    return layer.backward(params, cache, DY)


def test_equation_12_the_gradient_of_the_weight() -> None:
    """dyᵀ x: 1·1 + 2·3 = 7 and 1·2 + 2·(-1) = 0 for the first output, and so on."""
    _, gradients = linear_gradients()
    close(gradients["weight"], [[7.0, 0.0], [-3.0, 1.0], [0.5, -2.5]])


def test_equation_13_the_gradient_of_the_bias() -> None:
    """The sum over the examples: 1 + 2, 0 - 1, -1 + ½."""
    _, gradients = linear_gradients()
    close(gradients["bias"], [3.0, -1.0, -0.5])


def test_equation_14_the_gradient_of_the_input() -> None:
    """dy W: 1·2 + 0·0.5 + (-1)·(-3) = 5 and 1·(-1) + 0·1 + (-1)·0 = -1 for the first example, and so on."""
    dx, _ = linear_gradients()
    close(dx, [[5.0, -1.0], [2.0, -3.0]])


def test_equation_15_the_gradient_of_the_loss() -> None:
    """2/N (y - ŷ) with N = 2 is the error itself; PyTorch's default, over two outputs, is half of it."""
    close(MSE().backward(PREDICTION, TARGET), [[-0.5, 0.5], [2.0, -0.75]])
    close(MSE(reduction="mean").backward(PREDICTION, TARGET), [[-0.25, 0.25], [1.0, -0.375]])


def test_one_step_of_a_whole_network() -> None:
    """Every weight ½, no bias, x = (1, 2), target (1, -1), lr 0.1: forward, backward and update by hand.

    Hidden: (1.5, 1.5). Output: z = (1.5, 1.5), y = tanh(z) = 0.9051483 twice. Error: (-0.0948517, 1.9051483), times 2 for N = 1:
    (-0.1897035, 3.8102965). Times 1 - y² = 0.1807066: dz = (-0.0342807, 0.6885458), each times the hidden 1.5 for the
    second weight. Back through ½: 0.3271325 for both hidden units, times x for the first weight.
    """
    layers = (Linear(2, initializer=Constant(0.5)), ReLU(), Linear(2, initializer=Constant(0.5)), Tanh())
    network = Sequential(layers)
    params, _ = network.init(2, torch.Generator())
    y, cache = forward(network, torch.tensor([[1.0, 2.0]]), params)
    close(y, [[0.9051483, 0.9051483]])
    gradients = network.gradients(params, cache, MSE().backward(y, torch.tensor([[1.0, -1.0]])))
    close(gradients["2"]["weight"], [[-0.0514211, -0.0514211], [1.0328187, 1.0328187]])
    close(gradients["2"]["bias"], [-0.0342807, 0.6885458])
    close(gradients["0"]["weight"], [[0.3271325, 0.6542650], [0.3271325, 0.6542650]])
    close(gradients["0"]["bias"], [0.3271325, 0.3271325])
    SGD(lr=0.1).update(params["2"]["weight"], gradients["2"]["weight"], {})
    close(params["2"]["weight"], [[0.5051421, 0.5051421], [0.3967181, 0.3967181]])
