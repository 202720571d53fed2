"""Self-dealing: requester, worker, creator and referrer are one party that farms emission.

**Game.** The party pays a fee of 1. If its own worker is drawn (probability s), 1 − β returns and κ
· credit is minted. If another's is drawn, that worker has 92 % and at most creator's and referrer's
5.5 % return. It is worth it if

    s · (1 − β + κ) + (1 − s) · r > 1,    r = 0.055 or 0

so κ ≤ 1/s − (1 − β) − r · (1 − s)/s; the design has r = 0. The compute that it spends is left out:
it may have it for nothing. κ = β never pays, whatever s.

s is a share of *draws*. How it can be made larger than the share of capacity: line `plans`.
"""

import numpy as np

from . import parameters as given
from .parameters import BEFORE, CHOSEN, TODAY
from .report import Attack, Line, Picture, Table, number, percent
from .settings import Settings

RETURNED = given.CREATOR + given.REFERRER
"""Part of a fee that returns to creator and referrer when another worker is drawn."""


def limit(share: float, returned: float = RETURNED) -> float:
    """The largest κ at which self-dealing with this share of draws does not pay."""
    return (1 - returned * (1 - share)) / share - (1 - given.BETA)


def largest_share(kappa: float, returned: float = RETURNED) -> float:
    """The share of draws from which it pays; 1 if it never does."""
    if kappa <= given.BETA:
        return 1.0
    return (1 - returned) / (1 - given.BETA + kappa - returned)


def profit(
    win: float,
    kappa: float,
    own_price: float = 1.0,
    other_price: float = 1.0,
    credit: float | None = None,
) -> float:
    """Expected profit of one job: mint less β of the own price if won, the others' price if lost.

    `credit`: what κ applies to; the own price if None.
    """
    minted = kappa * (own_price if credit is None else credit)
    return win * (minted - given.BETA * own_price) - (1 - win) * other_price * (1 - RETURNED)


def limits() -> Table:
    """κ at which self-dealing starts to pay."""
    rows = []
    for share in (0.05, 0.1, 0.2, 0.25, given.ADVERSARY, 0.4, 0.5, 0.67, 0.9, 1.0):
        rows.append(
            [
                percent(share),
                number(limit(share, 0.0)),
                number(limit(share)),
                number(profit(share, 1.0)),
                number(profit(share, 2.0)),
            ]
        )
    return Table(
        "kappa",
        [
            "share of draws s",
            "κ at most (design)",
            "with creator and referrer",
            "profit at κ = 1",
            "at κ = 2",
        ],
        rows,
    )


def thin() -> Table:
    """A round in which only the self-dealer works: what it is paid and what it nets."""
    rows = []
    price = given.ROUND_BUDGET / given.DIFFICULTY
    for fees in (10.0, 1_000.0, 37_500.0, 1_875_000.0):
        cells = [number(fees, 7)]
        for kappa in (CHOSEN.kappa, given.BETA, 1.0):
            rate = min(price, given.ROUND_BUDGET / max(fees, given.DIFFICULTY), kappa)
            cells += [percent(rate * fees / given.ROUND_BUDGET), number(fees * (rate - given.BETA))]
        rows.append(cells)
    return Table(
        "thin",
        [
            "fees of the round, AIPG",
            "κ = 1 %: of the budget",
            "nets, AIPG",
            "κ = 2 %: of the budget",
            "nets, AIPG",
            "κ = 1: of the budget",
            "nets, AIPG",
        ],
        rows,
    )


def sample_profit(settings: Settings, share: float, kappa: float) -> float:
    """Plays jobs one by one with the amounts of the split; confirms `profit`."""
    rng = settings.generator(f"self-dealing {share} {kappa}")
    own = rng.random(settings.samples) < share
    returned = np.where(own, given.WORKER + RETURNED + given.TREASURY + kappa, RETURNED)
    return float(np.mean(returned - 1))


def confirmed(settings: Settings) -> Table:
    """Formula against play."""
    rows = []
    for share, kappa in ((0.1, 1.0), (given.ADVERSARY, 1.0), (0.5, 1.0), (1.0, given.BETA)):
        rows.append(
            [
                percent(share),
                number(kappa),
                number(profit(share, kappa)),
                number(sample_profit(settings, share, kappa)),
            ]
        )
    return Table(
        "self-dealing-sampled", ["s", "κ", "profit of a fee of 1", "sampled"], rows, sampled=True
    )


def draw_limits(axes) -> None:
    """Break-even κ over the share, design and exact."""
    shares = np.linspace(0.1, 1, 91)
    axes.plot(100 * shares, [limit(s, 0.0) for s in shares], label="design: r = 0")
    axes.plot(100 * shares, [limit(s) for s in shares], label="with creator and referrer")
    axes.axhline(CHOSEN.listed_kappa, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="share of draws s, %", ylabel="κ", ylim=(0, 4))
    axes.legend(title="self-dealing pays above")


def run(settings: Settings) -> Line:
    """All tables of this line."""
    share = largest_share(CHOSEN.listed_kappa)
    return Line(
        "self-dealing",
        [limits(), thin(), confirmed(settings)],
        [Picture("self-dealing", draw_limits)],
        [
            Attack(
                "Self-dealing with most of a listed model's capacity",
                True,
                f"pays from {percent(share)} of the draws, {number(profit(1.0, 1.0))} of each fee"
                " when alone",
                True,
                f"from {percent(largest_share(TODAY.listed_kappa))} at κ ="
                f" {number(TODAY.listed_kappa)}, the most that can be listed",
                f"from {percent(largest_share(BEFORE.listed_kappa))} at κ = 2",
                "List a model only while no party can have half of its capacity; bonds do not make"
                " up for that, since self-dealing is not slashed. Unlist it when capacity leaves.",
            )
        ],
    )
