"""Section 2: the committed tables, from their definition in decimal arithmetic of 50 digits."""

from decimal import ROUND_HALF_UP, Decimal, getcontext

import numpy as np

getcontext().prec = 50


def _table(entries: list[Decimal]) -> np.ndarray:
    return np.array([int(entry.to_integral_value(ROUND_HALF_UP)) for entry in entries], np.int64)


def _excess(j: int) -> Decimal:
    """ln(−ln(1 − u) / u) at u = j/256; 0 and 1.93 at the ends."""
    if j in (0, 256):
        return Decimal("1.93") * (j // 256)
    u = Decimal(j) / 256
    return (-(1 - u).ln() / u).ln()


_POINTS = [Decimal(j - 128) / 16 for j in range(257)]

EXP2 = _table([2**24 * (-Decimal(2).ln() * j / 256).exp() for j in range(257)])
SILU = _table([2**16 * x / (1 + (-x).exp()) for x in _POINTS])
LN = _table([2**24 * (1 + Decimal(j) / 256).ln() for j in range(257)])
EXCESS = _table([2**24 * _excess(j) for j in range(257)])
