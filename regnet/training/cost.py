"""What training costs, as estimated beforehand: seconds and bytes."""

from __future__ import annotations

import torch

from regnet.contracts import Buffer
from regnet.data.batches import batch_sizes
from regnet.network.parameters import leaves
from regnet.study.study import Study

PER_STEP, PER_PRODUCT, PER_ACTIVATION = 1e-6, 0.12e-9, 1e-9
"""The least time in seconds: of a step for one replica, of each product of an example with a weight, and of each activation.

Fitted to programs of 32 and 128 replicas from 2-6-2 at batch 10 to 2-256-256-2 at batch 64, on one thread.
"""


def bytes_per_replica(study: Study) -> int:
    """The approximate memory of one replica, in bytes.

    It includes three copies of the examples: the original, stacked, and in batches. It includes of each parameter the start, the
    value, the gradient, an optimizer's state and the final weight, and of each layer the activations for a batch.
    """
    numbers, widths = _sizes(study)
    examples = 3 * sum(study.examples) * (widths[0] + 2 * widths[-1])
    return (examples + 8 * numbers + 2 * study.batch_size * sum(widths)) * study.dtype.itemsize


def seconds_of(study: Study, seeds: int) -> float:
    """The least time, in seconds, that seeds of similar studies take in one process."""
    numbers, widths = _sizes(study)
    step = PER_STEP + study.batch_size * (PER_PRODUCT * numbers + PER_ACTIVATION * sum(widths))
    steps = study.max_steps or study.epochs * len(batch_sizes(study.examples[0], study.batch_size, drop_last=study.drop_last))
    return steps * step * seeds


def _sizes(study: Study) -> tuple[int, list[int]]:
    """The size of all parameters and buffers, and the widths of the input and of each layer's output."""
    features, widths, numbers = study.features, [study.features], 0
    for layer in study.network.layers:
        params, features = layer.init(features, torch.Generator())
        widths.append(features)
        numbers += sum((leaf.value if isinstance(leaf, Buffer) else leaf).numel() for _, leaf in leaves(params))
    return numbers, widths
