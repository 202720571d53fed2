"""A stream of false results in time, played hour by hour.

`caps` judges the results that wait at one moment. Here a worker with 1,000 jobs a day answers a
part f of them falsely for as long as it likes. Each is audited about two hours after delivery. From
the first one found on, its payouts wait (today) or not (before); it delivers until its cap is full
(today) or until the ban, 2·W later (before). What is not found itself is paid in the end; S burns
once.
"""

from functools import partial

import numpy as np

from . import parameters as given
from .caps import HELD_DAYS, bond_by_exposure
from .parameters import CHOSEN, TODAY
from .report import Attack, Line, Table, number, percent
from .search import best
from .settings import Settings

JOBS = 1_000
"""A day, each of payout 1."""
AUDIT_HOURS = 2
"""Beacon, reveal and, half of the time, a second draw."""
ROOM = JOBS * (HELD_DAYS - given.WINDOW_DAYS)
"""Results that still fit under the cap when one window's results wait."""


def after_first(part: float, holds: bool) -> float:
    """False results delivered after the hour of the first discovery, until no more are taken."""
    hours = AUDIT_HOURS + (ROOM / JOBS * 24 if holds else given.CONVICTION_DAYS * 24)
    return part * JOBS / 24 * hours


def profit(part: float, hours: int, holds: bool, p: float, stake: float) -> float:
    """Expected profit, in payouts, of lying in a part of the jobs for at most so many hours.

    With c = P(an hour's results are not all missed): paid are the hours before the first discovery,
    Σ_{t<hours} (1 − c)^t of them counting that hour, and what follows it.
    """
    lies = part * JOBS / 24
    missed = (1 - p * CHOSEN.detection) ** lies
    found = 1 - missed**hours
    delivered = lies * (1 - missed**hours) / (1 - missed)
    return delivered + found * after_first(part, holds) - stake * found


def sample(
    settings: Settings, part: float, hours: int, holds: bool, p: float, stake: float
) -> float:
    """The same played: the hour of the first discovery is drawn from results, hour by hour."""
    rng = settings.generator(f"stream {part} {hours} {holds}")
    games = max(1_000, settings.samples // 20)
    lies = part * JOBS / 24
    earned = np.zeros(games)
    lying = np.ones(games, dtype=bool)
    for _ in range(hours):
        earned[lying] += lies
        # A fraction of a result is found with the same rate: the first of Poisson arrivals.
        rate = -lies * np.log1p(-p * CHOSEN.detection)
        found = lying & (rng.poisson(rate, games) > 0)
        earned[found] += after_first(part, holds) - stake
        lying &= ~found
        if not lying.any():
            break
    return float(earned.mean())


PARTS = (0.001, 0.01, 0.1, 0.5, 1.0)
HOURS = (1, 3, 6, 12, 24, 48, 120, 720, 8_760)


def table(settings: Settings) -> Table:
    """Best length of the stream by part, with the bond of the rule."""
    stake = given.BURNS * bond_by_exposure(JOBS, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    rows = []
    for part in PARTS:
        cells = [percent(part)]
        for holds in (False, True):
            play = partial(profit, part, holds=holds, p=CHOSEN.audit_floor, stake=stake)
            found = best(play, hours=HOURS)
            day = play(hours=24)
            played = sample(settings, part, 24, holds, CHOSEN.audit_floor, stake)
            cells += [number(found.choice["hours"], 4), number(found.value), number(day)]
            cells.append(number(played))
        rows.append(cells)
    header = ["false part"]
    for label in ("payouts settle", "payouts wait"):
        header += [f"{label}: best hours", "earns, Δ", "in a day, Δ", "sampled, Δ"]
    return Table("stream", header, rows, sampled=True)


def respond(holds: bool) -> float:
    """The best part and length against the bond of the rule, in payouts."""
    stake = given.BURNS * bond_by_exposure(JOBS, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    play = partial(profit, holds=holds, p=CHOSEN.audit_floor, stake=stake)
    return best(play, part=PARTS, hours=HOURS).value


def run(settings: Settings) -> Line:
    """All tables of this line."""
    held, free = respond(True), respond(False)
    return Line(
        "stream",
        [table(settings)],
        [],
        [
            Attack(
                "False results in a steady stream",
                held > 0,
                f"{number(held)} Δ at best, 1,000 jobs a day",
                respond(TODAY.holds_payouts) > 0,
                "the same",
                f"{number(free)} Δ with the bond for W + K",
                "The cap by exposure, and payouts that wait from the first challenge.",
            )
        ],
    )
