"""The draw: k candidates, one winner in proportion to score.

Score = (b + (1 − b) · (1 − cost / max_price)) · success, b the base score (`draw.rs`). Candidates
were drawn by account before and are drawn by verified capacity today. A worker's share of draws
follows from how many of the k candidates are its own: E[j·ρ / (j·ρ + k − j)], j ~ Binomial(k, s),
where ρ is its score by that of the others.
"""

from functools import partial
from math import comb

import numpy as np

from . import parameters as given
from .parameters import BEFORE, CHOSEN, TODAY
from .report import Attack, Line, Picture, Table, number, percent
from .search import best
from .settings import Settings


def score(cost: float, base: float) -> float:
    """Score of a cost given as a share of the most that the requester pays."""
    return base + (1 - base) * (1 - cost)


def wins(share: float, candidates: int, ratio: float = 1.0) -> float:
    """Probability that the draw falls on the party with `share` of the places and score ratio ρ."""
    total = 0.0
    for own in range(1, candidates + 1):
        chance = comb(candidates, own) * share**own * (1 - share) ** (candidates - own)
        total += chance * own * ratio / (own * ratio + candidates - own)
    return total


def sample_wins(
    rng: np.random.Generator, share: float, candidates: int, ratio: float, samples: int
) -> float:
    """The same by drawing candidates and a winner."""
    own = rng.binomial(candidates, share, samples)
    chance = own * ratio / (own * ratio + candidates - own)
    return float(np.mean(rng.random(samples) < chance))


def wins_once(capacity: float, candidates: int) -> float:
    """Wins of one account with this share of capacity if it can be a candidate only once.

    It is among the k with 1 − (1 − s)^k, and one of k then: less than s. Splitting it pays.
    """
    return (1 - (1 - capacity) ** candidates) / candidates


def equilibrium_ask(candidates: int, cost: float, base: float) -> float:
    """Ask (of max_price) from which no small worker gains by deviating, if max_price is 1.

    Maximises (ask − cost) · wins near ρ = 1, where d ln wins / d ln ρ = (k − 1) / k. With g = 1 −
    b: ask = (k/(k−1) + g · cost) / (g · (1 + k/(k−1))), at most max_price.
    """
    if candidates < 2:
        return 1.0
    slope, factor = 1 - base, candidates / (candidates - 1)
    return min(1.0, (factor + slope * cost) / (slope * (1 + factor)))


def searched_ask(candidates: int, cost: float, base: float) -> float:
    """The same equilibrium by search: iterated best responses of one worker among 1,000."""
    asks = np.linspace(cost, 1.0, 4_001)
    market = 0.5
    for _ in range(60):
        ratio = score(asks, base) / score(market, base)
        answer = asks[np.argmax((asks - cost) * wins(0.001, candidates, ratio))]
        market = (market + float(answer)) / 2
    return market


def nobody_fits(busy: float, candidates: int) -> float:
    """Probability that a draw finds nobody when this part of capacity has no free slot."""
    return busy**candidates


def choices_of_k(settings: Settings) -> Table:
    """What k does."""
    rows = []
    for k in (1, 2, 3, 4, 6, 8, 16):
        rng = settings.generator(f"wins {k}")
        rows.append(
            [
                number(k),
                number(equilibrium_ask(k, 0.2, 0.1)),
                number(searched_ask(k, 0.2, 0.1)),
                percent(nobody_fits(0.7, k)),
                percent(nobody_fits(0.9, k)),
                percent(wins(given.ADVERSARY, k, 1.8)),
                percent(wins(given.ADVERSARY, k, 10.0)),
                percent(sample_wins(rng, given.ADVERSARY, k, 10.0, settings.samples)),
                number(2 + 4 * k),
            ]
        )
    return Table(
        "candidates",
        [
            "k",
            "ask in equilibrium, of max_price",
            "searched",
            "nobody fits, 70 % busy",
            "90 % busy",
            "a third wins with ρ = 1.8",
            "with ρ = 10",
            "sampled",
            "reads",
        ],
        rows,
        sampled=True,
    )


def bases() -> Table:
    """What the base score does to prices and to the advantage of being the cheapest."""
    rows = []
    for base in (0.05, 0.1, 0.25, 0.5):
        rows.append(
            [
                number(base),
                number(equilibrium_ask(CHOSEN.candidates, 0.2, base)),
                number(1 / base),
                percent(wins(0.1, CHOSEN.candidates, 1 / base)),
                percent(wins(given.ADVERSARY, CHOSEN.candidates, 1 / base)),
            ]
        )
    return Table(
        "base-score",
        [
            "base score",
            "ask in equilibrium, of max_price",
            "cheapest by dearest, ρ",
            "a tenth wins at most",
            "a third wins at most",
        ],
        rows,
    )


def factor_gain(ratio: float, share: float) -> float:
    """How much more a worker wins if it moves a factor of its score by `ratio`."""
    return wins(share, CHOSEN.candidates, ratio) / wins(share, CHOSEN.candidates) - 1


def factors() -> Table:
    """Gain from faking each factor completely, for a worker with 1 % of capacity."""
    least = 1 - CHOSEN.conduct_span
    spans = (
        ("price: dearest to cheapest", 10.0, "real: the requester pays less"),
        (
            "success: one failure in five to none",
            1.25,
            "5 % of the bond per failure, or a new account",
        ),
        (f"latency {number(least)} to 1", 1 / least, "own jobs, 2 % of their fees: see below"),
        (f"uptime {number(least)} to 1", 1 / least, "a machine that computes in all windows"),
        ("verified power in the score, ×4", 4.0, "not used: power counts once, as places"),
    )
    return Table(
        "score-factors",
        ["factor", "ρ", "wins more", "what it costs to fake"],
        [
            [name, number(ratio), percent(factor_gain(ratio, 0.01)), cost]
            for name, ratio, cost in spans
        ],
    )


def split_gain(parts: int, share: float, by_capacity: bool, candidates: int) -> float:
    """Wins of a worker split into accounts, by its wins as one.

    By account: `share` is its part of all accounts as one, and grows with the parts. By capacity,
    with replacement, wins do not depend on the parts.
    """
    if by_capacity:
        return 1.0
    split = parts * share / (1 - share + parts * share)
    return wins(split, candidates) / wins(share, candidates)


def sample_split(rng: np.random.Generator, parts: int, samples: int, by_capacity: bool) -> float:
    """Share of draws of one worker with 16 of 1,600 slots, split; the others have 99 accounts of
    16.
    """
    slots = np.array([16 / parts] * parts + [16.0] * 99)
    weights = slots / slots.sum() if by_capacity else np.full(len(slots), 1 / len(slots))
    chosen = rng.choice(len(slots), size=(samples, CHOSEN.candidates), p=weights)
    winner = chosen[np.arange(samples), rng.integers(0, CHOSEN.candidates, samples)]
    return float(np.mean(winner < parts))


def splitting(settings: Settings) -> Table:
    """Splitting into accounts."""
    rows = []
    for parts in (1, 2, 4, 16):
        rows.append(
            [
                number(parts),
                number(100.0 * parts),
                number(split_gain(parts, 0.01, False, CHOSEN.candidates)),
                number(
                    sample_split(
                        settings.generator(f"split {parts}"), parts, settings.samples, False
                    )
                    / 0.01
                ),
                number(split_gain(parts, 0.01, True, CHOSEN.candidates)),
                number(
                    sample_split(
                        settings.generator(f"slots {parts}"), parts, settings.samples, True
                    )
                    / 0.01
                ),
                number(parts * wins_once(0.3 / parts, CHOSEN.candidates) / 0.3),
            ]
        )
    return Table(
        "splitting",
        [
            "accounts",
            "bond at least, AIPG",
            "by account (before): wins × ",
            "sampled ×",
            "by capacity: wins ×",
            "sampled ×",
            "by capacity, each account once: 30 % wins ×",
        ],
        rows,
        sampled=True,
    )


def draw_wins(axes) -> None:
    """Share of draws over share of capacity."""
    shares = np.linspace(0, 1, 101)
    for ratio in (1.0, 1.8, 10.0):
        axes.plot(
            100 * shares,
            [100 * wins(x, CHOSEN.candidates, ratio) for x in shares],
            label=f"score ×{ratio:g}",
        )
    axes.set(xlabel="share of capacity, %", ylabel=f"share of draws, %, k = {CHOSEN.candidates}")
    axes.legend()


def run(settings: Settings) -> Line:
    """All tables of this line."""
    before = split_gain(16, 0.01, BEFORE.by_capacity, BEFORE.candidates)
    # Each of the accounts counts with the whole machine, so the machine has so many places.
    gain = split_gain(TODAY.in_turn, 0.01, False, TODAY.candidates)
    chosen = partial(
        split_gain, share=0.01, by_capacity=CHOSEN.by_capacity, candidates=CHOSEN.candidates
    )
    best_split = best(chosen, parts=(1, 2, 4, 8, 16))
    undercut = wins(given.ADVERSARY, CHOSEN.candidates, 10.0)
    return Line(
        "assignment",
        [choices_of_k(settings), bases(), factors(), splitting(settings)],
        [Picture("assignment", draw_wins)],
        [
            Attack(
                "Splitting a machine into accounts",
                best_split.value > 1.001,
                f"wins ×{number(best_split.value)}",
                gain > 1.001,
                f"wins ×{number(gain)}",
                f"wins ×{number(before)} with 16 accounts",
                "Candidates are drawn by verified capacity, with replacement, and power is that of"
                " the last window alone: no two accounts have it in turn.",
            ),
            Attack(
                "Being the cheapest",
                True,
                f"a third of capacity wins up to {percent(undercut)} of the draws",
                True,
                "the same",
                "the same",
                "This is what the draw is for. Do not take capacity for the share of draws: κ must"
                " bear it (line self-dealing).",
            ),
        ],
    )
