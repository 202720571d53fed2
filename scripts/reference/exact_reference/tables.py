"""Section 2: the committed tables, from their definition in decimal arithmetic of 80 digits."""

from decimal import ROUND_HALF_UP, Decimal, getcontext
from statistics import NormalDist

import numpy as np

getcontext().prec = 80
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803483")


def _table(entries: list[Decimal]) -> np.ndarray:
    return np.array([int(entry.to_integral_value(ROUND_HALF_UP)) for entry in entries], np.int64)


def _excess(j: int) -> Decimal:
    """ln(−ln(1 − u) / u) at u = j/256; 0 and 1.93 at the ends."""
    if j in (0, 256):
        return Decimal("1.93") * (j // 256)
    u = Decimal(j) / 256
    return (-(1 - u).ln() / u).ln()


def _normal_distribution(x: Decimal) -> Decimal:
    """Φ(x) by its power series, 1/2 + Σ (−1)^k x^(2k+1) / (2^k k! (2k+1)) / √2π."""
    total, power = Decimal(0), x
    for k in range(300):
        total += power / (2 * k + 1)
        power *= -x * x / (2 * k + 2)
    return Decimal("0.5") + total / (2 * PI).sqrt()


def _upper_quantile(tail: Decimal) -> Decimal:
    """The x with 1 − Φ(x) = tail: Newton's method from an estimate of 10 digits or more."""
    if tail == Decimal("0.5"):
        return Decimal(0)
    x = -Decimal(NormalDist().inv_cdf(float(tail)))
    for _ in range(3):
        density = (-x * x / 2).exp() / (2 * PI).sqrt()
        x += (1 - _normal_distribution(x) - tail) / density
    return x


_POINTS = [Decimal(j - 128) / 16 for j in range(257)]

EXP2 = _table([2**24 * (-Decimal(2).ln() * j / 256).exp() for j in range(257)])
SILU = _table([2**16 * x / (1 + (-x).exp()) for x in _POINTS])
GELU = _table([2**16 * x * _normal_distribution(x) for x in _POINTS])
LN = _table([2**24 * (1 + Decimal(j) / 256).ln() for j in range(257)])
EXCESS = _table([2**24 * _excess(j) for j in range(257)])
NORMAL = _table([2**16 * _upper_quantile(Decimal(2 ** (j // 8) * (8 + j % 8)) / 2**36) for j in range(257)])
