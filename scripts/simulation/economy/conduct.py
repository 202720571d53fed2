"""Latency and uptime in the score.

The score has a factor 1 − c · pace and a factor 1 − c · (1 − uptime): pace is the part of its time
that a machine uses, c the span of both. What slow and absent machines lose by it, what jobs gain,
and what it is worth to look fast by paying oneself for cheap jobs whose answers are known.

A fleet of four kinds of machines is drawn from, in proportion to capacity; asks are equal. Who is
absent is so when it is drawn, without a window having told: the worst case, as power that has
lapsed takes a machine out of draws.
"""

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from . import parameters as given
from .assignment import wins
from .parameters import CHOSEN, TODAY
from .report import Attack, Line, Table, number, percent
from .search import best
from .settings import Settings

TIME = 20
"""Blocks to claim and to run a short job on the main network."""
REDRAW = 12
"""Blocks that a drawn machine that is absent costs: the time to claim, and another beacon."""


@dataclass(frozen=True)
class Kind:
    """Machines of one kind."""

    name: str
    capacity: float
    """Share of all capacity."""
    pace: float
    """Part of the time of a job that they use."""
    uptime: float
    """Chance that one is there when it is drawn, and its part of windows attended."""


FLEET = (
    Kind("fast", 0.5, 0.1, 0.99),
    Kind("middling", 0.3, 0.4, 0.99),
    Kind("slow", 0.1, 0.9, 0.99),
    Kind("often absent", 0.1, 0.1, 0.7),
)
"""Assumed."""


def factor(kind: Kind, span: float) -> float:
    """Score of a kind by that of a machine that needs no time and is always there."""
    return (1 - span * kind.pace) * (1 - span * (1 - kind.uptime))


def shares(span: float, candidates: int = CHOSEN.candidates) -> list[float]:
    """Share of draws of each kind: over all ways to draw the candidates."""
    found = [0.0] * len(FLEET)
    weights = [factor(kind, span) for kind in FLEET]
    for drawn in product(range(len(FLEET)), repeat=candidates):
        chance = prod(FLEET[index].capacity for index in drawn)
        total = sum(weights[index] for index in drawn)
        for index in drawn:
            found[index] += chance * weights[index] / total
    return found


def missed(span: float) -> float:
    """Share of draws that fall on a machine that is absent."""
    parts = zip(shares(span), FLEET, strict=True)
    return sum(share * (1 - kind.uptime) for share, kind in parts)


def wait(span: float) -> float:
    """Blocks from the first draw of a job to its result, on average."""
    parts = list(zip(shares(span), FLEET, strict=True))
    served = sum(share * kind.uptime * kind.pace * TIME for share, kind in parts)
    return (served + missed(span) * REDRAW) / (1 - missed(span))


def sample_wait(settings: Settings, span: float) -> float:
    """The same by drawing candidates and winners until one is there."""
    rng = settings.generator(f"conduct {span}")
    capacity = np.array([kind.capacity for kind in FLEET])
    weights = np.array([factor(kind, span) for kind in FLEET])
    pace = np.array([kind.pace for kind in FLEET])
    uptime = np.array([kind.uptime for kind in FLEET])
    blocks, waiting = 0.0, settings.samples
    while waiting:
        drawn = rng.choice(len(FLEET), size=(waiting, CHOSEN.candidates), p=capacity)
        bounds = np.cumsum(weights[drawn], axis=1)
        ticket = rng.random(waiting) * bounds[:, -1]
        winner = drawn[np.arange(waiting), np.sum(bounds <= ticket[:, None], axis=1)]
        there = rng.random(waiting) < uptime[winner]
        blocks += float(np.sum(np.where(there, pace[winner] * TIME, REDRAW)))
        waiting -= int(there.sum())
    return blocks / settings.samples


def fleet() -> Table:
    """The kinds of machines."""
    return Table(
        "fleet",
        ["machines", "capacity", "pace", "there, and windows attended"],
        [
            [kind.name, percent(kind.capacity), number(kind.pace), percent(kind.uptime)]
            for kind in FLEET
        ],
    )


def spans(settings: Settings) -> Table:
    """What the span does to each kind, and to jobs."""
    rows = []
    for span in (0.0, 0.1, 0.25, 0.5, 0.75):
        won = [
            percent(round(share / kind.capacity - 1, 9) + 0.0)
            for share, kind in zip(shares(span), FLEET, strict=True)
        ]
        rows.append(
            [
                number(1 - span) + " to 1" + (" (today)" if span == TODAY.conduct_span else ""),
                *won,
                percent(missed(span)),
                number(wait(span)),
                number(sample_wait(settings, span)),
            ]
        )
    return Table(
        "conduct",
        [
            "each factor",
            *(f"{kind.name}: wins more" for kind in FLEET),
            "draws of absent machines",
            "a job waits, blocks",
            "sampled",
        ],
        rows,
        sampled=True,
    )


KNOWN = 1 / TIME
"""Pace of an own job whose answer is known: one block."""
CHEAP = 0.01
"""Fee of an own job by that of a job of others. Assumed."""
SHARE = 0.01
"""Capacity of who fakes."""


def seen(pace: float, own: float) -> float:
    """The average pace with so many own jobs to each one of others."""
    return (pace + own * KNOWN) / (1 + own)


def more(pace: float, own: float, span: float) -> float:
    """How much more it wins."""
    ratio = (1 - span * seen(pace, own)) / (1 - span * pace)
    return wins(SHARE, CHOSEN.candidates, ratio) / wins(SHARE, CHOSEN.candidates) - 1


def charge(own: float, is_alone: bool) -> float:
    """What own jobs cost for each one of others, as a share of its fee.

    Alone: it asks less than all others and its jobs pay no more, so all of them come to it. Else
    others are drawn for 1 / s − 1 of them before one comes to it, and keep their fees.
    """
    lost = given.BETA + (0 if is_alone else 1 / SHARE - 1)
    return own * CHEAP * lost


def faked(own: float, pace: float, span: float, is_alone: bool) -> float:
    """Profit of faking by that of an honest job's fee: what it wins more, less own jobs."""
    return more(pace, own, span) * (given.WORKER - given.COMPUTE) - charge(own, is_alone)


OWN = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


def best_fake(pace: float, span: float, is_alone: bool):
    """The best number of own jobs."""
    return best(lambda own: faked(own, pace, span, is_alone), own=OWN)


def fakes() -> Table:
    """Gain by cost of looking fast."""
    rows = []
    for pace in (0.2, 0.5, 0.9):
        for span in (0.1, 0.5):
            alone, open_ = (best_fake(pace, span, is_alone) for is_alone in (True, False))
            own = alone.choice["own"]
            rows.append(
                [
                    number(pace),
                    number(1 - span) + " to 1" + (" (today)" if span == TODAY.conduct_span else ""),
                    number(own),
                    number(seen(pace, own)),
                    percent(more(pace, own, span)),
                    percent(charge(own, True)),
                    percent(alone.value),
                    percent(open_.value),
                ]
            )
    return Table(
        "faked-pace",
        [
            "true pace",
            "factor",
            "own jobs to each other one",
            "pace seen",
            "wins more",
            "own jobs cost, of a fee",
            "earns, of a fee",
            "earns if others can be drawn for them",
        ],
        rows,
    )


def run(settings: Settings) -> Line:
    """All tables of this line."""
    earns = [best_fake(0.9, rules.conduct_span, True).value for rules in (CHOSEN, TODAY)]
    chosen, now = (f"{percent(value)} of a fee for each job of others" for value in earns)
    return Line(
        "conduct",
        [fleet(), spans(settings), fakes()],
        [],
        [
            Attack(
                "Looking fast by own cheap jobs",
                earns[0] > 0,
                f"{chosen} (pace 0.9, cheapest of all)",
                earns[1] > 0,
                "the same" if chosen == now else now,
                "latency was not in the score",
                "Twice the wins are the most it can bring. It takes that own jobs come to oneself:"
                " by the lowest ask, or alone in a region or level. Where others are drawn for them,"
                " it loses.",
            )
        ],
    )
