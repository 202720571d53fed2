"""The cap of a worker's results that are not final: which of them keep cheating unprofitable.

The game is that of `cheating`; S is the part of the bond that burns, N the cap, Δ a payout.
"""

import numpy as np

from . import parameters as given
from .parameters import CHOSEN

HELD_DAYS = given.WINDOW_DAYS + given.CLOCK_DAYS
"""How long a payout waits at most if sham challenges hold it: a worker that answers at once has
beaten each of them when its challenger's clock has run out.
"""


def burst(n: float, stake: float, payout: float, p_eff: float) -> float:
    """Profit of n false results at once, all paid: n · Δ − S · [1 − (1 − p)^n]."""
    return (
        n * payout - stake * -np.expm1(n * np.log1p(-p_eff))
        if p_eff < 1
        else (n * payout - stake * (n > 0))
    )


def exact_cap(stake: float, payout: float, p_eff: float) -> int:
    """The largest N with S · [1 − (1 − p)^N] ≥ N · Δ; no smaller N pays either (concavity)."""
    low, high = 0, int(stake / payout) + 1
    while low < high:
        middle = (low + high + 1) // 2
        if burst(middle, stake, payout, p_eff) <= 1e-9:
            low = middle
        else:
            high = middle - 1
    return low


def simple_cap(stake: float, payout: float, p_eff: float) -> int:
    """N = ⌊S / Δ − 1 / p⌋: one division, never above the exact cap.

    (1 − p)^N ≤ 1 / (1 + N·p), so S·[1 − (1−p)^N] ≥ S·N·p / (1 + N·p), which is ≥ N·Δ exactly if
    N ≤ S / Δ − 1 / p.
    """
    return max(0, int(stake / payout - 1 / p_eff))


def least_audit(payout: float, stake: float) -> float:
    """The p that a job needs under the rule for the runtime: Δ / p_eff ≤ reserve · S."""
    return payout / (CHOSEN.detection * CHOSEN.reserve * stake)


def exposure_allows(stake: float, payouts: list[float], p: list[float]) -> bool:
    """The rule for the runtime, for unequal jobs: Σ payouts ≤ (1 − ρ) · S, and p ≥ `least_audit`
    each.

    For any set of false results with d = Σ Δ: 1 − Π(1 − p_eff) ≥ σ / (1 + σ) with σ = Σ p_eff ≥ d /
    (ρ·S), so S·[1 − Π(1 − p_eff)] ≥ S·d / (ρ·S + d), which is ≥ d exactly if d ≤ (1 − ρ)·S. Nothing
    has to be remembered but the sum: a job's p does not depend on the jobs that come later.
    """
    enough = all(have >= least_audit(value, stake) for value, have in zip(payouts, p, strict=True))
    return enough and sum(payouts) <= (1 - CHOSEN.reserve) * stake


def bond_needed(jobs: float, payout: float, p_eff: float, days: float = 1.0) -> float:
    """Bond for so many jobs a day by the exact inequality, each unfinalised for `days`."""
    n = jobs * days
    caught = -np.expm1(n * np.log1p(-p_eff)) if p_eff < 1 else 1.0
    return n * payout / caught / given.BURNS


def bond_by_exposure(jobs: float, payout: float, p: float, days: float) -> float:
    """Bond for so many jobs a day by `exposure_allows`, each waiting `days` and audited with p."""
    waiting = jobs * days * payout / (1 - CHOSEN.reserve)
    return max(waiting, payout / (p * CHOSEN.detection * CHOSEN.reserve)) / given.BURNS
