"""Section 1: bit lengths, rounding shifts, saturation."""

import numpy as np

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

Array = np.ndarray


def bit_length(x: Array) -> Array:
    """bl(x) of non-negative integers."""
    x = np.array(x, np.int64)
    bits = np.zeros(x.shape, np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        large = x >> step > 0
        bits += np.where(large, step, 0)
        x = np.where(large, x >> step, x)
    return bits + (x > 0)


def rsh(x: Array, shift: Array | int) -> Array:
    """x / 2^shift, half rounded up; for shift <= 0 a left shift saturated to ±(2^63 − 1)."""
    x, shift = np.broadcast_arrays(np.asarray(x, np.int64), np.asarray(shift, np.int64))
    down = np.clip(shift, 1, 62)
    right = (x >> down) + ((x >> (down - 1)) & 1)
    up = np.clip(-shift, 0, 63)
    room = np.int64(INT64_MAX) >> up
    left = np.where(x > room, INT64_MAX, np.where(x < -room, -INT64_MAX, x << up))
    return np.where(shift > 0, right, left)


def saturate(x: Array) -> Array:
    """x limited to ±(2^31 − 1)."""
    return np.clip(x, -INT32_MAX, INT32_MAX)


def interpolate(table: Array, argument: Array) -> Array:
    """Between neighbours of a table of 257 entries; the argument has 8 bits of fraction."""
    index, fraction = argument >> 8, argument & 255
    return table[index] + rsh((table[index + 1] - table[index]) * fraction, 8)
