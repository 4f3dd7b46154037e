"""regnet's own components, registered like those of any plugin, through the entry-point group `regnet`."""

from __future__ import annotations

from regnet.builtin.datasets.breast_cancer import BreastCancer
from regnet.builtin.datasets.diabetes import Diabetes
from regnet.builtin.datasets.digits import Digits
from regnet.builtin.datasets.disc import Disc
from regnet.builtin.datasets.iris import Iris
from regnet.builtin.datasets.table import Table
from regnet.builtin.datasets.wine import Wine
from regnet.builtin.initializers.constant import Constant
from regnet.builtin.initializers.he_fan_in import HeFanIn
from regnet.builtin.initializers.he_fan_out import HeFanOut
from regnet.builtin.initializers.lecun_normal import LeCunNormal
from regnet.builtin.initializers.lecun_uniform import LeCunUniform
from regnet.builtin.initializers.orthogonal import Orthogonal
from regnet.builtin.initializers.torch_default import TorchDefault
from regnet.builtin.initializers.xavier_normal import XavierNormal
from regnet.builtin.initializers.xavier_uniform import XavierUniform
from regnet.builtin.initializers.zeros import Zeros
from regnet.builtin.layers.batch_norm import BatchNorm
from regnet.builtin.layers.dropout import Dropout
from regnet.builtin.layers.gelu import GELU
from regnet.builtin.layers.layer_norm import LayerNorm
from regnet.builtin.layers.leaky_relu import LeakyReLU
from regnet.builtin.layers.linear import Linear
from regnet.builtin.layers.relu import ReLU
from regnet.builtin.layers.residual import Residual
from regnet.builtin.layers.sigmoid import Sigmoid
from regnet.builtin.layers.silu import SiLU
from regnet.builtin.layers.softmax import Softmax
from regnet.builtin.layers.tanh import Tanh
from regnet.builtin.losses.binary_cross_entropy import BinaryCrossEntropy
from regnet.builtin.losses.cross_entropy import CrossEntropy
from regnet.builtin.losses.huber import Huber
from regnet.builtin.losses.mse import MSE
from regnet.builtin.metrics.accuracy import Accuracy
from regnet.builtin.metrics.auroc import AUROC
from regnet.builtin.metrics.balanced_accuracy import BalancedAccuracy
from regnet.builtin.metrics.brier import Brier
from regnet.builtin.metrics.calibration_error import CalibrationError
from regnet.builtin.metrics.class_f1 import ClassF1
from regnet.builtin.metrics.class_precision import ClassPrecision
from regnet.builtin.metrics.class_recall import ClassRecall
from regnet.builtin.metrics.confusion_matrix import ConfusionMatrix
from regnet.builtin.metrics.error_rate import ErrorRate
from regnet.builtin.metrics.f1 import F1
from regnet.builtin.metrics.log_loss import LogLoss
from regnet.builtin.metrics.mae import MAE
from regnet.builtin.metrics.median_absolute_error import MedianAbsoluteError
from regnet.builtin.metrics.r2 import R2
from regnet.builtin.metrics.rmse import RMSE
from regnet.builtin.optimizers.adam import Adam
from regnet.builtin.optimizers.adamw import AdamW
from regnet.builtin.optimizers.rmsprop import RMSprop
from regnet.builtin.optimizers.sgd import SGD
from regnet.contracts import Dataset, Initializer, Layer, Loss, Metric, Optimizer
from regnet.hookspecs import hookimpl


@hookimpl
def regnet_layers() -> dict[str, type[Layer]]:
    return {
        "linear": Linear,
        "relu": ReLU,
        "tanh": Tanh,
        "sigmoid": Sigmoid,
        "leaky_relu": LeakyReLU,
        "gelu": GELU,
        "silu": SiLU,
        "softmax": Softmax,
        "dropout": Dropout,
        "layer_norm": LayerNorm,
        "batch_norm": BatchNorm,
        "residual": Residual,
    }


@hookimpl
def regnet_losses() -> dict[str, type[Loss]]:
    return {
        "mse": MSE,
        "cross_entropy": CrossEntropy,
        "binary_cross_entropy": BinaryCrossEntropy,
        "huber": Huber,
    }


@hookimpl
def regnet_optimizers() -> dict[str, type[Optimizer]]:
    return {"sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop}


@hookimpl
def regnet_datasets() -> dict[str, type[Dataset]]:
    return {
        "disc": Disc,
        "digits": Digits,
        "iris": Iris,
        "wine": Wine,
        "breast_cancer": BreastCancer,
        "diabetes": Diabetes,
        "table": Table,
    }


@hookimpl
def regnet_initializers() -> dict[str, type[Initializer]]:
    return {
        "he_fan_out": HeFanOut,
        "he_fan_in": HeFanIn,
        "xavier_normal": XavierNormal,
        "xavier_uniform": XavierUniform,
        "lecun_normal": LeCunNormal,
        "lecun_uniform": LeCunUniform,
        "orthogonal": Orthogonal,
        "torch_default": TorchDefault,
        "zeros": Zeros,
        "constant": Constant,
    }


@hookimpl
def regnet_metrics() -> dict[str, type[Metric]]:
    return {
        "error_rate": ErrorRate,
        "accuracy": Accuracy,
        "balanced_accuracy": BalancedAccuracy,
        "f1": F1,
        "auroc": AUROC,
        "log_loss": LogLoss,
        "brier": Brier,
        "calibration_error": CalibrationError,
        "confusion_matrix": ConfusionMatrix,
        "class_precision": ClassPrecision,
        "class_recall": ClassRecall,
        "class_f1": ClassF1,
        "rmse": RMSE,
        "mae": MAE,
        "r2": R2,
        "median_absolute_error": MedianAbsoluteError,
    }
