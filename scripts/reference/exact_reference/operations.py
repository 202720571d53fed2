"""Section 3: operations on rows, everything but attention and sampling."""

from dataclasses import dataclass
from math import isqrt

import numpy as np

from .arithmetic import INT64_MAX, Array, bit_length, interpolate, rsh, saturate

_INDEX = np.arange(64)
_PARITY = np.bitwise_count(_INDEX[:, None] & _INDEX) & 1
_SIGNS = (1 - 2 * _PARITY.astype(np.int64)).astype(np.int64)


@dataclass
class Quantised:
    """Rows of int8 or 16-bit values [rows, n]; 127, or 16,256, stands for `mantissa · 2^exponent`, [rows] each."""

    values: Array
    mantissa: Array
    exponent: Array


@dataclass
class InputMode:
    """What the input of a product goes through: whether it is rotated, whether it has 16 bits."""

    rotated: bool = False
    wide: bool = False


def scale(amplitude: Array, exponent: Array) -> tuple[Array, Array]:
    """Mantissa of at most 16 bits and exponent of an amplitude."""
    shift = bit_length(amplitude) - 16
    return np.minimum(65_535, rsh(amplitude, shift)), exponent + shift


def amplitude_of(rows: Array, mode: InputMode) -> tuple[Array, Array, Array]:
    """Values [rows, n] of rows as the mode says, with amplitude and exponent [rows]."""
    rows = np.maximum(rotate(rows) if mode.rotated else rows, -INT64_MAX)
    limit = 16_256 if mode.wide else 127
    largest = np.abs(rows).max(axis=-1)
    exponent = np.maximum(0, bit_length(largest) - 24)
    amplitude = np.maximum(1, rsh(largest, exponent))
    reciprocal = (limit << 32) // amplitude
    product = rsh(rows, exponent[..., None]) * reciprocal[..., None]
    return np.clip((product + 2**31) >> 32, -limit, limit), amplitude, exponent


def quantise(rows: Array, mode: InputMode = InputMode()) -> Quantised:
    values, amplitude, exponent = amplitude_of(rows, mode)
    return Quantised(values, *scale(amplitude, exponent))


def rotate(rows: Array) -> Array:
    """Hadamard transform of consecutive blocks of 64."""
    blocks = rows.reshape(*rows.shape[:-1], -1, 64)
    return (blocks @ _SIGNS).reshape(rows.shape)


@dataclass
class Matrix:
    """An int8 matrix [N, K] with shift S, multipliers [N], biases [N] or none, and the mode of its input."""

    values: Array
    shift: int
    multipliers: Array
    biases: Array | None
    mode: InputMode

    def input(self, rows: Array) -> Quantised:
        return quantise(rows, self.mode)

    def apply(self, rows: Quantised, f_in: int, f_out: int) -> Array:
        """Product with rows [rows, K] in format `f_in`: [rows, N] in format `f_out`."""
        # Sums are below 2^53, so float64 adds them without rounding, and much faster.
        sums = (rows.values.astype(np.float64) @ self.values.T.astype(np.float64)).astype(np.int64)
        scaled = sums * rows.mantissa[:, None]
        shift = self.shift + f_in - f_out - rows.exponent[:, None]
        if self.mode.wide:
            scaled, shift = rsh(scaled, 16), shift + 7 - 16
        out = saturate(rsh(scaled * self.multipliers, shift))
        return out if self.biases is None else saturate(out + self.biases)


@dataclass
class Norm:
    """Gains [n] of an RMSNorm, and biases [n] if it is a LayerNorm."""

    gains: Array
    biases: Array | None = None

    def apply(self, x: Array, epsilon: int, mode: InputMode) -> Quantised:
        """Norm of residual rows [rows, d], quantised in format 44."""
        if self.biases is not None:
            width = x.shape[-1]
            mean = (2 * x.sum(axis=-1) + width) // (2 * width)
            x = saturate(x - mean[:, None])
        root, shift = root_mean_square(x, epsilon)
        rows = x * self.gains
        if self.biases is not None:
            rows += rsh(self.biases * root[:, None], 7 - shift[:, None])
        values, amplitude, exponent = amplitude_of(rows, mode)
        return Quantised(values, *scale((amplitude << 32) // root, exponent + 7 - shift))


def root_mean_square(x: Array, epsilon: int) -> tuple[Array, Array]:
    """R and e0 of rows [..., n]."""
    shift = np.maximum(0, bit_length(np.abs(x).max(axis=-1)) - 24)
    squares = ((x >> shift[..., None]) ** 2).sum(axis=-1)
    mean = squares // x.shape[-1] + (epsilon >> (2 * shift))
    roots = [max(1, isqrt(int(m) << 14)) for m in mean.flat]
    return np.array(roots, np.int64).reshape(mean.shape), shift


def normalise_heads(heads: Array, gains: Array, epsilon: int) -> Array:
    """RMSNorm of each head [rows, heads, a], Q12 as the result."""
    root, shift = root_mean_square(heads, epsilon // 256)
    root, shift = root[..., None], shift[..., None]
    numerator = rsh(heads * gains, shift - 7)
    return saturate((2 * numerator + root) // (2 * root))


def rotary(heads: Array, table: Array) -> Array:
    """Heads [rows, heads, a] turned by the table's rows [rows, a]."""
    half = heads.shape[-1] // 2
    x, y = heads[..., :half], heads[..., half:]
    cosine, sine = table[:, None, :half], table[:, None, half:]
    turned = [rsh(x * cosine - y * sine, 15), rsh(x * sine + y * cosine, 15)]
    return saturate(np.concatenate(turned, axis=-1))


def activation(x: Array, table: Array) -> Array:
    """SiLU or GELU, by its table, of x (Q12): Q16."""
    x = np.clip(x, -(2**26) + 1, 2**26 - 1)
    inside = interpolate(table, np.clip(x, -32_768, 32_767) + 32_768)
    return np.where(x >= 32_768, x << 4, np.where(x < -32_768, 0, inside))


def gated(gate: Array, up: Array, table: Array) -> Array:
    """activation(gate) · up, Q12 each: Q28."""
    return activation(gate, table) * np.clip(up, -(2**26) + 1, 2**26 - 1)
