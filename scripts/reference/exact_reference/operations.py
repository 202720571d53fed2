"""Section 3: operations on rows, everything but attention and sampling."""

from dataclasses import dataclass
from math import isqrt

import numpy as np

from .arithmetic import INT64_MAX, Array, bit_length, interpolate, rsh, saturate
from .tables import SILU

_INDEX = np.arange(64)
_PARITY = np.bitwise_count(_INDEX[:, None] & _INDEX) & 1
_SIGNS = (1 - 2 * _PARITY.astype(np.int64)).astype(np.int64)


@dataclass
class Quantised:
    """Rows of int8 values [rows, n]; 127 stands for `mantissa · 2^exponent`, [rows] each."""

    values: Array
    mantissa: Array
    exponent: Array


def scale(amplitude: Array, exponent: Array) -> tuple[Array, Array]:
    """Mantissa of at most 16 bits and exponent of an amplitude."""
    shift = bit_length(amplitude) - 16
    return np.minimum(65_535, rsh(amplitude, shift)), exponent + shift


def amplitude_of(rows: Array) -> tuple[Array, Array, Array]:
    """int8 values [rows, n] of rows, with amplitude and exponent [rows]."""
    rows = np.maximum(rows, -INT64_MAX)
    largest = np.abs(rows).max(axis=-1)
    exponent = np.maximum(0, bit_length(largest) - 24)
    amplitude = np.maximum(1, rsh(largest, exponent))
    reciprocal = (127 << 32) // amplitude
    product = rsh(rows, exponent[..., None]) * reciprocal[..., None]
    return np.clip((product + 2**31) >> 32, -127, 127), amplitude, exponent


def quantise(rows: Array) -> Quantised:
    values, amplitude, exponent = amplitude_of(rows)
    return Quantised(values, *scale(amplitude, exponent))


def rotate(rows: Array) -> Array:
    """Hadamard transform of consecutive blocks of 64."""
    blocks = rows.reshape(*rows.shape[:-1], -1, 64)
    return (blocks @ _SIGNS).reshape(rows.shape)


@dataclass
class Matrix:
    """An int8 matrix [N, K] with shift S and multipliers [N]; whether its input is rotated."""

    values: Array
    shift: int
    multipliers: Array
    rotated: bool

    def input(self, rows: Array) -> Quantised:
        return quantise(rotate(rows) if self.rotated else rows)

    def apply(self, rows: Quantised, f_in: int, f_out: int) -> Array:
        """Product with rows [rows, K] in format `f_in`: [rows, N] in format `f_out`."""
        # Sums are below 2^53, so float64 adds them without rounding, and much faster.
        sums = rows.values.astype(np.float64) @ self.values.T.astype(np.float64)
        product = sums.astype(np.int64) * rows.mantissa[:, None] * self.multipliers
        return saturate(rsh(product, self.shift + f_in - f_out - rows.exponent[:, None]))


def normalise(x: Array, gain: Array, epsilon: int, rotated: bool) -> Quantised:
    """RMSNorm of residual rows [rows, d], quantised in format 44."""
    shift = np.maximum(0, bit_length(np.abs(x).max(axis=-1)) - 24)
    squares = ((x >> shift[:, None]) ** 2).sum(axis=-1)
    mean = squares // x.shape[-1] + (epsilon >> (2 * shift))
    root = np.array([max(1, isqrt(int(m) << 14)) for m in mean], np.int64)
    rows = x * gain
    values, amplitude, exponent = amplitude_of(rotate(rows) if rotated else rows)
    return Quantised(values, *scale((amplitude << 32) // root, exponent + 7 - shift))


def rotary(heads: Array, table: Array) -> Array:
    """Heads [rows, heads, a] turned by the table's rows [rows, a]."""
    half = heads.shape[-1] // 2
    x, y = heads[..., :half], heads[..., half:]
    cosine, sine = table[:, None, :half], table[:, None, half:]
    turned = [rsh(x * cosine - y * sine, 15), rsh(x * sine + y * cosine, 15)]
    return saturate(np.concatenate(turned, axis=-1))


def gated(gate: Array, up: Array) -> Array:
    """SiLU(gate) · up, Q12 each: Q28."""
    limit = 2**26 - 1
    gate, up = np.clip(gate, -limit, limit), np.clip(up, -limit, limit)
    inside = interpolate(SILU, np.clip(gate, -32_768, 32_767) + 32_768)
    silu = np.where(gate >= 32_768, gate << 4, np.where(gate < -32_768, 0, inside))
    return silu * up
