"""Saving a trained network in one file: its weights, with a header that describes how to use them."""

from __future__ import annotations

from safetensors.torch import save

from regnet.data.schema import plain_schema
from regnet.serving.header import Header
from regnet.study.result import TrainedNetwork

EXAMPLES = 3
"""The number of inputs that are saved as examples."""


def pack(network: TrainedNetwork) -> bytes:
    """Return a safetensors file with the network's parameters and buffers by dotted name, and its `Header`."""
    data, targets = network.data, network.data.targets
    examples = data.train.x[:EXAMPLES] * data.scale + data.shift
    header = Header(
        seed=network.seed,
        features=data.train.x.shape[-1],
        outputs=targets.width,
        task=targets.task,
        coding=targets.coding,
        shift=data.shift.tolist(),
        scale=data.scale.tolist(),
        precision=str(data.shift.dtype).removeprefix("torch."),
        target_offset=targets.offset.tolist(),
        target_scale=targets.scale.tolist(),
        examples=examples.tolist(),
        schema=plain_schema(data.schema),
    )
    return save({name: tensor.contiguous() for name, tensor in network.weights.items()}, header.metadata())
