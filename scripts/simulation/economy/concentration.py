"""Who gets the seats of authors, and what it costs to buy them with made-up work.

A seat is drawn in proportion to √credit · √(bond + stake). The weight is of degree one, so a split
in equal proportions changes nothing, and any other split loses (Cauchy–Schwarz: Σ √(c·b) ≤ √(Σc ·
Σb)). At most a third of the seats changes in an era.

**Washing.** Credit costs a self-dealer β − κ of a fee. With κ = β it costs nothing but the
computing. So the credit that a seat counts is limited to a multiple of the median credit per bonded
AIPG. The median is weighted by bonds: who has less than half of them cannot move it, as it could an
average.
"""

from functools import partial
from math import comb

import numpy as np

from . import parameters as given
from .parameters import BEFORE, CHOSEN, TODAY, Rules
from .report import Attack, Line, Picture, Table, number, percent
from .search import best
from .settings import Settings

SEATS = 100
ERAS = 12
PARTIES = 1_000


def weight(credit: float, bonded: float) -> float:
    """√credit · √bonded."""
    return float(np.sqrt(credit) * np.sqrt(bonded))


def counted(credit: float, bonded: float, median: float, multiple: float) -> float:
    """Credit that counts: at most `multiple` times the median credit per bonded AIPG."""
    return min(credit, multiple * median * bonded)


def gini(shares: np.ndarray) -> float:
    """Gini coefficient of non-negative amounts, shape (parties,)."""
    ordered = np.sort(shares)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def nakamoto(shares: np.ndarray, part: float = 1 / 3) -> int:
    """Fewest parties that have more than `part` together."""
    ordered = np.sort(shares)[::-1] / shares.sum()
    return int(np.searchsorted(np.cumsum(ordered), part, side="right")) + 1


def capacities(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Capacity of PARTIES parties, shape (parties,), sum 1."""
    if kind == "equal":
        drawn = np.ones(PARTIES)
    elif kind == "log-normal, σ = 1":
        drawn = rng.lognormal(0, 1, PARTIES)
    elif kind == "Pareto, α = 1.16":
        drawn = 1 + rng.pareto(1.16, PARTIES)
    else:
        drawn = rng.lognormal(0, 1, PARTIES)
        drawn[0] = drawn[1:].sum() * 0.3 / 0.7
    return drawn / drawn.sum()


KINDS = ("equal", "log-normal, σ = 1", "Pareto, α = 1.16", "log-normal and one with 30 %")


def elect(rng: np.random.Generator, weights: np.ndarray, eras: int = ERAS) -> np.ndarray:
    """Seats by party after some eras, shape (parties,): a third is drawn anew in each."""
    shares = weights / weights.sum()
    seats = rng.choice(len(shares), SEATS, p=shares)
    for _ in range(eras):
        replaced = rng.permutation(SEATS)[: SEATS // 3]
        seats[replaced] = rng.choice(len(shares), len(replaced), p=shares)
    return np.bincount(seats, minlength=len(shares))


def reaches(share: float, seats: int = SEATS) -> float:
    """Probability that a weight of `share` has more than a third of the seats: a binomial tail."""
    most = seats // 3
    return 1 - sum(comb(seats, k) * share**k * (1 - share) ** (seats - k) for k in range(most + 1))


def eras_until_third(share: float) -> int:
    """Eras until somebody who appears with this weight expects more than a third of the seats."""
    held = 0.0
    for era in range(1, 100):
        held += (share - held) / 3
        if held > 1 / 3:
            return era
    return 0


HONEST_CREDIT = 1e5
"""AIPG of fees a day that honest authors' credit comes from: an assumption."""
HONEST_BOND = 1e7
"""AIPG bonded and staked by honest authors: an assumption."""
IDLE_CAPITAL = given.INTEREST / 365
"""Cost of a washed AIPG besides β − κ: it is on hold for a day."""


def seat_share(credit: float, bonded: float, rules: Rules) -> float:
    """Share of the seats of a party with this credit a day; below half of the bonds."""
    own = weight(
        counted(credit, bonded, HONEST_CREDIT / HONEST_BOND, rules.credit_multiple), bonded
    )
    return own / (own + weight(HONEST_CREDIT, HONEST_BOND))


def wash(credit: float, bonded: float, rules: Rules) -> float:
    """Profit a day of a party with `bonded` that makes up `credit` a day; computing is free."""
    total = given.AUTHOR_REWARD * given.BLOCKS_A_DAY
    cost = credit * (given.BETA - rules.kappa + IDLE_CAPITAL)
    return total * seat_share(credit, bonded, rules) - cost


AMOUNTS = (0.0, *np.geomspace(1e2, 1e9, 141))


def respond(part: float, rules: Rules) -> tuple[float, float, float]:
    """Best response with this part of the bonds: credit a day, share of the seats, profit."""
    bonded = HONEST_BOND * part / (1 - part)
    limit = rules.credit_multiple * HONEST_CREDIT / HONEST_BOND * bonded
    amounts = [x for x in AMOUNTS if x < limit] + ([limit] if limit < AMOUNTS[-1] else [])
    found = best(partial(wash, bonded=bonded, rules=rules), credit=amounts)
    return found.choice["credit"], seat_share(found.choice["credit"], bonded, rules), found.value


def washing() -> Table:
    """Best response of a washer by its share of the bonds."""
    rows = []
    for part in (0.01, 0.05, 0.1, 0.2, given.ADVERSARY):
        cells = [percent(part)]
        for rules in (BEFORE, TODAY):
            credit, share, profit = respond(part, rules)
            cells += [number(credit), percent(share), number(profit)]
        rows.append(cells)
    return Table(
        "washing",
        [
            "share of bonds",
            "no limit (before): washed credit a day",
            "seats",
            "earns a day, AIPG",
            "limit of 4 (today): washed credit a day",
            "seats",
            "earns a day, AIPG",
        ],
        rows,
    )


def seats_table(settings: Settings) -> Table:
    """Concentration of weight and of seats."""
    rows = []
    rounds = max(20, settings.samples // 2_000)
    for kind in KINDS:
        capacity = capacities(kind, settings.generator(f"capacity {kind}"))
        for name, bond in (("as capacity", capacity), ("equal", np.full(PARTIES, 1 / PARTIES))):
            weights = np.sqrt(capacity * bond)
            rng = settings.generator(f"seats {kind} {name}")
            held = np.array([elect(rng, weights) for _ in range(rounds)])
            rows.append(
                [
                    kind,
                    name,
                    number(gini(capacity)),
                    number(nakamoto(capacity)),
                    number(gini(weights)),
                    number(nakamoto(weights)),
                    number(float(np.mean([gini(h.astype(float)) for h in held]))),
                    number(float(np.mean([nakamoto(h) for h in held]))),
                ]
            )
    return Table(
        "seats",
        [
            "capacity of 1,000 parties",
            "bonds",
            "Gini of capacity",
            "Nakamoto",
            "Gini of weights",
            "Nakamoto",
            "Gini of 100 seats, sampled",
            "Nakamoto, sampled",
        ],
        rows,
        sampled=True,
    )


def takeover() -> Table:
    """Weight by probability and time to hold more than a third of the seats."""
    rows = []
    for share in (0.1, 0.2, 0.25, 0.3, given.ADVERSARY, 0.4, 0.5):
        eras = eras_until_third(share)
        rows.append(
            [
                percent(share),
                *(percent(reaches(share, seats)) for seats in (21, 50, 100)),
                number(eras) if eras else "never expected",
            ]
        )
    return Table(
        "takeover",
        [
            "share of weight",
            "more than a third of 21 seats",
            "of 50",
            "of 100",
            "eras until expected",
        ],
        rows,
    )


def split_loss(rng: np.random.Generator, parts: int, samples: int) -> tuple[float, float]:
    """Largest and mean weight of random splits of (1, 1) by the weight unsplit."""
    credit = rng.dirichlet(np.ones(parts), samples)
    bonded = rng.dirichlet(np.ones(parts), samples)
    total = np.sqrt(credit * bonded).sum(axis=1)
    return float(total.max()), float(total.mean())


def splits(settings: Settings) -> Table:
    """Splitting an author."""
    rows = []
    for parts in (2, 4, 16):
        highest, mean = split_loss(
            settings.generator(f"splits {parts}"), parts, settings.samples // 4
        )
        rows.append([number(parts), "1", number(highest, 4), number(mean)])
    return Table(
        "author-splits",
        ["accounts", "in equal proportions", "best of random splits, sampled", "mean, sampled"],
        rows,
        sampled=True,
    )


def draw_takeover(axes) -> None:
    """Probability of more than a third over the share of weight."""
    shares = np.linspace(0.05, 0.5, 91)
    for seats in (21, 50, 100):
        axes.plot(
            100 * shares, [100 * reaches(float(x), seats) for x in shares], label=f"{seats} seats"
        )
    axes.set(xlabel="share of weight, %", ylabel="more than a third of the seats, %")
    axes.legend()


def run(settings: Settings) -> Line:
    """All tables of this line."""
    highest, _ = split_loss(settings.generator("splits 2"), 2, settings.samples // 4)
    return Line(
        "concentration",
        [seats_table(settings), takeover(), splits(settings), washing()],
        [Picture("concentration", draw_takeover)],
        [
            Attack(
                "Splitting an author into accounts",
                highest > 1 + 1e-9,
                "0, or a loss",
                highest > 1 + 1e-9,
                "the same",
                "the same",
                "Nothing to do.",
            ),
            Attack(
                "Washing fees for seats",
                True,
                f"a tenth of the bonds gets {percent(respond(0.1, CHOSEN)[1])} of the seats",
                True,
                f"{percent(respond(0.1, TODAY)[1])} of the seats",
                f"{percent(respond(0.1, BEFORE)[1])} of the seats, with √credit unlimited",
                "Credit counts up to 4 times the median per bonded AIPG. What is left at most"
                " doubles the share that bonds give: watch bonds, not credit.",
            ),
        ],
    )
