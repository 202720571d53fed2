"""Section 3: attention of one query over all keys up to its own."""

import numpy as np

from .arithmetic import Array, bit_length, interpolate, rsh, saturate
from .operations import Quantised
from .tables import EXP2


def exp2_negative(x: Array) -> Array:
    """2^(−x) in Q24 for x >= 0 in Q16, below 1."""
    return np.minimum(2**24 - 1, rsh(interpolate(EXP2, x & 0xFFFF), x >> 16))


def attend(
    query: Quantised, keys: Quantised, values: Quantised, score_scale: int, value_format: int
) -> Array:
    """Output [a], Q16, of a query [a] over keys and values [keys, a]."""
    products = keys.values @ query.values * (query.mantissa * keys.mantissa)
    scores = saturate(rsh(rsh(products, 22) * score_scale, 26 - query.exponent - keys.exponent))
    weights = exp2_negative(scores.max() - scores)
    total = weights.sum()
    shift = max(0, int(bit_length(total)) - 24)
    value_scale = np.minimum(65_535, rsh(values.mantissa, 12 - value_format - values.exponent))
    sums = rsh(weights * value_scale, 16) @ values.values
    total >>= shift
    return saturate(((rsh(sums, shift) << (33 - value_format)) + 127 * total) // (254 * total))
