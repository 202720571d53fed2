"""Withholding blocks to turn a beacon.

`beacon(h)` folds the VRF outputs of the blocks after h until n blocks by a authors are in. An
author knows its own outputs in advance, those of others when their blocks appear. So it has two
ways:

- **Withholding.** Near the end it computes the beacon with and without its own blocks and leaves
  out
  what does not suit. Each block left out costs the author's part of the reward (1,000 AIPG).
- **Foreknowledge.** Where the next n blocks are all its own it knows the beacon before it commits
  anything, and commits only what suits. Costs nothing; happens in x^n of the slots.

The author has a share x of the slots, each its own independently, under as many accounts as it
likes: so the number of *different* authors does not stop it. (One account alone is stopped by a ≥
2.) The worst case is assumed: it knows in advance which slots are its own.
"""

from functools import cache
from math import comb

import numpy as np

from . import parameters as given
from .parameters import BEFORE, CHOSEN, TODAY
from .report import Attack, Line, Picture, Table, number, percent
from .settings import Settings

RUNS = 64
"""Longest run of own slots that is looked at; longer ones have x^64."""


class Withholding:
    """Optimal play when blocks cost nothing.

    Between two blocks of others the author has a run of L own slots. With r blocks to come it can
    publish any j ≤ min(L, r) of them. If L ≥ r it sees C(L, r) complete beacons, each good with
    probability w.
    """

    def __init__(self, share: float, good: float) -> None:
        self.share, self.good = share, good
        # Values are kept with the player, not with the class.
        self.other, self.own = cache(self._other), cache(self._own)

    def _other(self, needed: int) -> float:
        """Value when the next block is another's and `needed` (≥ 1) are to come."""
        if needed == 1:
            return self.good
        return sum(
            self.share**run * (1 - self.share) * self.own(needed - 1, run) for run in range(RUNS)
        )

    def _own(self, needed: int, run: int) -> float:
        """Value at the start of a run of own slots."""
        rest = max(self.other(needed - j) for j in range(min(run, needed - 1) + 1))
        if run < needed:
            return rest
        missed = (1 - self.good) ** comb(run, needed)
        return 1 - missed * (1 - rest)

    def start(self, needed: int) -> float:
        """Value at the anchor."""
        return sum(
            self.share**run * (1 - self.share) * self.own(needed, run) for run in range(RUNS)
        )

    def sample(self, rng: np.random.Generator, needed: int, samples: int) -> float:
        """Plays the same choices slot by slot, drawing every beacon that the author can see."""
        hits = 0
        for _ in range(samples):
            left = needed
            while True:
                run = int(rng.geometric(1 - self.share)) - 1
                if run >= left and rng.random() < 1 - (1 - self.good) ** comb(run, left):
                    hits += 1
                    break
                options = [(self.other(left - j), j) for j in range(min(run, left - 1) + 1)]
                left -= max(options)[1]
                if left == 1:
                    hits += rng.random() < self.good
                    break
                left -= 1
        return hits / samples


def last_block(share: float, good: float) -> float:
    """Closed form for n = 1: w / (1 − x · (1 − w))."""
    return good / (1 - share * (1 - good))


def escape_factor(share: float, found: float, needed: int) -> float:
    """Factor by which withholding lowers the probability to be found, `found` without it.

    Tends to 1 − x for one block and small `found`: the author escapes what falls to its last slot.
    """
    return (1 - Withholding(share, 1 - found).start(needed)) / found


def worth(good: float, gain: float, reward: float = given.AUTHOR_REWARD) -> bool:
    """Whether withholding the last block pays: w · G > R.

    Value before the slot U = w·G + x·(1 − w)·(U − R) if it withholds; it does so if U > R, which is
    w·G > R. G: what a good beacon gains over a bad one.
    """
    return good * gain > reward


def value_with_cost(share: float, good: float, gain: float, reward: float) -> float:
    """U for n = 1, playing optimally."""
    if not worth(good, gain, reward):
        return good * gain
    return (good * gain - share * (1 - good) * reward) / (1 - share * (1 - good))


def days_between(share: float, blocks: int) -> float:
    """Days between two slots from which the next n blocks are all the author's."""
    return 1 / (share**blocks * given.BLOCKS_A_DAY)


SHARES = (0.1, 0.2, given.ADVERSARY, 0.45)


def foreknowledge() -> Table:
    """How often an author knows a beacon before it commits."""
    rows = []
    for n in (1, 2, 4, 8, 12, 16):
        rows.append(
            [
                number(n),
                *(number(days_between(x, n)) for x in SHARES),
                number(n * 1.0),
            ]
        )
    return Table(
        "foreknown",
        ["n", *(f"days between, x = {percent(x)}" for x in SHARES), "delay at blocks of 60 s, min"],
        rows,
    )


def withholding(settings: Settings) -> Table:
    """What free withholding adds."""
    rows = []
    for n in (1, 2, 4, 8, 12):
        cells = [number(n)]
        for good in (0.1, 0.9):
            for x in (0.1, given.ADVERSARY):
                cells.append(percent(Withholding(x, good).start(n)))
        play = Withholding(given.ADVERSARY, 0.1)
        cells.append(
            percent(play.sample(settings.generator(f"withhold {n}"), n, settings.samples // 10))
        )
        cells.append(number(escape_factor(given.ADVERSARY, 0.005, n)))
        rows.append(cells)
    return Table(
        "withholding",
        [
            "n",
            "w = 10 %, x = 10 %",
            "x = a third",
            "w = 90 %, x = 10 %",
            "x = a third",
            "sampled: w = 10 %, x = a third",
            "p_eff times, x = a third",
        ],
        rows,
        sampled=True,
    )


def break_even() -> Table:
    """Gain that must hang on one beacon before a block is withheld for it."""
    rows = []
    for good in (0.01, 0.1, given.ADVERSARY, 0.5, 0.9, 0.99):
        least = given.AUTHOR_REWARD / good
        gain = 3 * least
        net = value_with_cost(given.ADVERSARY, good, gain, given.AUTHOR_REWARD) - good * gain
        rows.append([percent(good), number(least), number(net)])
    return Table(
        "withholding-cost",
        [
            "a beacon is good with",
            "gain from which it pays, AIPG",
            "net a beacon at 3 times that, x = a third",
        ],
        rows,
    )


def draw_runs(axes) -> None:
    """Days between occasions over n."""
    n = np.arange(1, 17)
    for x in SHARES:
        axes.semilogy(
            n, [days_between(x, int(k)) for k in n], label=f"{100 * x:.0f} % of the slots"
        )
    axes.axhline(365, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="blocks n", ylabel="days between foreknown beacons")
    axes.legend()


def run(settings: Settings) -> Line:
    """All tables of this line."""
    now = days_between(given.ADVERSARY, TODAY.audit_beacon[0])
    before = days_between(given.ADVERSARY, BEFORE.audit_beacon[0])
    then = days_between(given.ADVERSARY, CHOSEN.audit_beacon[0])
    draws = days_between(given.ADVERSARY, CHOSEN.assignment_beacon[0])
    factor = escape_factor(given.ADVERSARY, 0.005, CHOSEN.audit_beacon[0])
    return Line(
        "beacon",
        [foreknowledge(), withholding(settings), break_even()],
        [Picture("beacon", draw_runs)],
        [
            Attack(
                "False results committed when the audit beacon is known",
                True,
                f"a cap full of unaudited results every {number(then)} days (a third of the slots)",
                True,
                f"every {number(now)} days",
                f"every {number(before)} days with (8, 3)",
                "(12, 3) leaves about one occasion a year, and checkers who look by themselves"
                " still see it. Needs a third of all seats.",
            ),
            Attack(
                "Withholding a block to escape an audit",
                True,
                f"p_eff × {number(factor)} when more than 1,000 AIPG hang on it",
                True,
                "the same",
                "the same",
                "The cap counts on 0.4 p, which bears this and a cartel of a third: nothing to do"
                " while no party has more.",
            ),
            Attack(
                "Submitting when the draw is known, κ ≤ β",
                False,
                f"every {number(draws * 1_440)} blocks, but a draw won from oneself gains nothing",
                False,
                "the same",
                "the same",
                "(2, 2) suffices for jobs with κ ≤ β.",
            ),
        ],
    )
