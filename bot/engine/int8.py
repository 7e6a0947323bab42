"""int8 arithmetic on a CPU: weights per output channel, inputs per token, products summed exactly in int32.

Inputs are scaled token by token, never over the batch, so a row's result does not depend on its neighbours.
"""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bot.engine.projections import stacked_bias

# Without VNNI the kernel adds pairs of products in int16, which overflows unless inputs keep to 7 bits.
LEVELS = 127 if torch.cpu._is_vnni_supported() else 63


class Int8Product(nn.Module):
    """Linear layers that read one input, quantized side by side."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        weight = torch.cat([layer.weight.detach() for layer in layers]).float()
        scales = weight.abs().amax(1).clamp_min_(1e-12).double() / 127
        bias = stacked_bias(layers)
        engine = torch.backends.quantized.engine
        torch.backends.quantized.engine = "fbgemm"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # torch announces a later removal; its version is pinned
                quantized = torch.quantize_per_channel(weight, scales, torch.zeros_like(scales).long(), 0, torch.qint8)
            self._packed = torch.ops.quantized.linear_prepack(quantized, None)
        finally:
            torch.backends.quantized.engine = engine
        self.bias = None if bias is None else nn.Parameter(bias.float(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """float32 [..., inputs] → float32 [..., outputs]"""
        scale = torch.linalg.vector_norm(x, float("inf"), -1, keepdim=True).clamp_min_(1e-12)
        unit = x / scale
        out: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            unit, 1.0 / LEVELS, LEVELS + 1, self._packed
        )
        out.mul_(scale)
        return out if self.bias is None else out.add_(self.bias)


def int8_product(layers: Sequence[nn.Linear]) -> nn.Module:
    """The layers quantized side by side; one that is more than a matrix, as BitNet's, stays as it is."""
    return Int8Product(layers) if type(layers[0]) is nn.Linear else layers[0]
