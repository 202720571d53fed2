"""Section 3: attention of queries over the keys that they see."""

import numpy as np

from .arithmetic import Array, bit_length, interpolate, rsh, saturate
from .operations import Quantised
from .tables import EXP2


def exp2_negative(x: Array) -> Array:
    """2^(−x) in Q24 for x >= 0 in Q16, below 1."""
    return np.minimum(2**24 - 1, rsh(interpolate(EXP2, x & 0xFFFF), x >> 16))


def score(product: Array, mantissas: Array, exponents: Array, score_scale: int) -> Array:
    """Scores in log2 units, Q16, of products q·k; mantissas and exponents are those of both together."""
    return saturate(rsh(rsh(product * mantissas, 22) * score_scale, 26 - exponents))


def value_scale(mantissa: Array, exponent: Array, value_format: int) -> Array:
    """Scale sv of value rows in the layer's format f_v."""
    return np.minimum(65_535, rsh(mantissa, 12 - value_format - exponent))


def weigh(scores: Array, values: Array, value_scales: Array, value_format: int) -> Array:
    """Output [..., a], Q16, from the scores [..., keys] of queries and value rows [keys, a]."""
    weights = exp2_negative(scores.max(axis=-1, keepdims=True) - scores)
    total = weights.sum(axis=-1, keepdims=True)
    shift = np.maximum(0, bit_length(total) - 24)
    sums = rsh(weights * value_scales, 16) @ values
    total >>= shift
    return saturate(((rsh(sums, shift) << (33 - value_format)) + 127 * total) // (254 * total))


def attend(
    query: Quantised, keys: Quantised, values: Quantised, score_scale: int, value_format: int
) -> Array:
    """Output [..., a], Q16, of queries [..., a] over keys and values [keys, a]."""
    mantissas = query.mantissa[..., None] * keys.mantissa
    exponents = query.exponent[..., None] + keys.exponent
    scores = score(query.values @ keys.values.T, mantissas, exponents, score_scale)
    scales = value_scale(values.mantissa, values.exponent, value_format)
    return weigh(scores, values.values, scales, value_format)
