"""What a self-dealer can choose besides its share of capacity.

A plan is what it earns per job, in the price that a job has at the others' ask. The formula is
`self_dealing.profit`; each plan moves the share of draws, the price, or the mint.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from . import parameters as given
from .assignment import score, wins
from .parameters import BEFORE, CHOSEN, TODAY, Rules
from .report import Attack, Line, Picture, Table, number, percent
from .reroll import value_of_withholding
from .search import best, threshold
from .self_dealing import largest_share, profit
from .settings import Settings


def plain(share: float, rules: Rules) -> float:
    """The same ask as everybody."""
    return profit(wins(share, rules.candidates), rules.listed_kappa)


def overpriced(share: float, rules: Rules, ask: float, room: float, index: float = 1.0) -> float:
    """Own ask `ask` times the others': dear if won, cheap if lost. `room`: max_price by the own
    ask.

    Credit is min(index price, own ask) per unit, `index` in asks of the others. The round's price
    of credit is budget / difficulty at most, so mint ≤ 37.5 · credit.
    """
    highest = ask * room
    ratio = score(1 / room, rules.base_score) / score(1 / highest, rules.base_score)
    win = wins(share, rules.candidates, ratio)
    credit = min(ask, index)
    # If it wins, a candidate that asks for more than half of max_price was looked at: its own.
    voided = rules.filter_voids != "never" and room < 2
    kappa = rules.kappa if voided else rules.listed_kappa
    ceiling = kappa * (credit if rules.mint_by_credit else ask)
    minted = min(ceiling, credit * given.ROUND_BUDGET / given.DIFFICULTY)
    return profit(win, minted, own_price=ask, credit=1.0)


def excluding(share: float, rules: Rules, fits: float) -> float:
    """The own worker asks the floor, max_price keeps out all but a part `fits` of the others.

    Who does not fit is passed over, so the share is taken among those who fit. With the rule, a job
    whose filters exclude a candidate has κ = default.
    """
    among = share / (share + (1 - share) * fits) if share + fits > 0 else 0.0
    kept = still_open((1 - share) * (1 - fits), rules)
    kappa = kept * rules.listed_kappa + (1 - kept) * rules.kappa
    return profit(wins(among, rules.candidates), kappa)


def still_open(excluded: float, rules: Rules) -> float:
    """Probability that a job keeps its κ whose filters exclude this part of all places.

    "seen": the first draw must have looked at nobody who is excluded. It finds somebody then, and
    whoever fits is drawn as often as otherwise.
    """
    if rules.filter_voids == "never" or excluded <= 0:
        return 1.0
    if rules.filter_voids == "always" or excluded >= 1:
        return 0.0
    return (1 - excluded) ** rules.candidates


def outbonded(share: float, rules: Rules) -> float:
    """A job so large that the bonds of others cannot stand for it: they are not drawn.

    Before there was a cap by exposure everybody could be.
    """
    if not rules.exposure:
        return plain(share, rules)
    kept = still_open(1 - share, rules) if rules.bond_voids else 1.0
    return profit(1.0, kept * rules.listed_kappa + (1 - kept) * rules.kappa)


def tilted(share: float, rules: Rules, dearest: float, undercut: float) -> float:
    """Own ask below the others', max_price just so that they fit: their scores are near the base.

    `dearest`: their cost as a share of max_price; `undercut`: the own ask by theirs. With the rule
    a job has the listed κ only if every candidate costs at most half of max_price.
    """
    ratio = score(dearest * undercut, rules.base_score) / score(dearest, rules.base_score)
    win = wins(share, rules.candidates, ratio)
    kappa = rules.listed_kappa
    if rules.filter_voids != "never" and dearest > 0.5:
        # Without the rule "always" it is kept where all candidates are its own, and not dear.
        is_kept = rules.filter_voids == "seen" and dearest * undercut <= 0.5
        kept = share**rules.candidates / win if is_kept else 0.0
        kappa = kept * rules.listed_kappa + (1 - kept) * rules.kappa
    # Per unit of the others' price: the own fee is `undercut` of it.
    return profit(win, kappa, own_price=undercut)


def withheld(share: float, rules: Rules) -> float:
    """Lost draws are given back by withholding the input (line `reroll`)."""
    return value_of_withholding(wins(share, rules.candidates), rules)


def foreknown(author: float, rules: Rules) -> float:
    """Submits only when it knows that it wins: profit a day per AIPG of fee submitted at each
    chance.

    It authors all blocks of the beacon, x^n of the slots; the draw is then certain.
    """
    chances = author ** rules.listed_beacon[0] * given.BLOCKS_A_DAY
    return chances * (rules.listed_kappa - given.BETA)


def free_share(share: float, busy: float) -> float:
    """Share of the capacity that is free if a part `busy` of the others' is not, and all of its own
    is.
    """
    return share / (share + (1 - share) * (1 - busy))


def while_busy(share: float, kappa: float, busy: float, forgone: bool) -> float:
    """Submits while others are busy: whoever has no free slot is passed over, and the job drawn
    again.

    `forgone`: less what the own slot would have earned with a job of others, which is waiting with
    probability `busy`: the worker's part and the mint, less computing (which the own job costs,
    too).
    """
    win = free_share(share, busy)
    lost = busy * (given.WORKER + kappa) if forgone else 0.0
    return profit(win, kappa) - win * lost


ASKS = np.geomspace(1, 100, 60)
ROOM = (1.0, 1.1, 1.5, 2.0, 3.0, 10.0)


def plans(share: float, rules: Rules) -> dict[str, float]:
    """The best of each plan."""
    return {
        "same ask": plain(share, rules),
        "own ask high": best(partial(overpriced, share, rules), ask=ASKS, room=ROOM).value,
        "max_price excludes others": (
            best(partial(excluding, share, rules), fits=(0.0, 0.1, 0.5, 1.0)).value
        ),
        "max_price just above others": (
            best(
                partial(tilted, share, rules),
                dearest=np.linspace(0.05, 1, 39),
                undercut=np.linspace(0.1, 1, 19),
            ).value
        ),
        "job too large for others' bonds": outbonded(share, rules),
        "input withheld": withheld(share, rules),
    }


def plan_table() -> Table:
    """Best profit per job, in prices of an honest job, with a model listed at the largest κ."""
    before, today = (replace(rules, listed_kappa=CHOSEN.listed_kappa) for rules in (BEFORE, TODAY))
    rows = []
    for name in plans(0.1, TODAY):
        cells = [name]
        for rules in (before, today, CHOSEN):
            cells += [number(plans(share, rules)[name]) for share in (0.01, 0.1, given.ADVERSARY)]
        rows.append(cells)
    header = ["plan, κ = 1"]
    for label in ("before", "today", "chosen"):
        header += [f"{label}: s = 1 %", "10 %", "a third"]
    return Table("plans", header, rows)


def listed() -> Table:
    """The share of capacity that each κ tolerates, all plans considered."""
    rows = []
    for kappa in (0.02, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0):
        cells = [number(kappa), percent(largest_share(kappa))]
        for rules in (BEFORE, TODAY, CHOSEN):
            at = replace(rules, listed_kappa=kappa)
            safe = threshold(lambda s, at=at: max(plans(s, at).values()) <= 1e-9, 1e-4, 0.999)
            cells.append("no share" if safe <= 1e-4 else percent(safe))
        rows.append(cells)
    return Table(
        "listing",
        ["κ", "share of draws that pays", "share of capacity that pays, before", "today", "chosen"],
        rows,
    )


def index_prices() -> Table:
    """How far the index price may be above what honest workers ask, κ = 1."""
    rows = []
    for index in (1.0, 2.0, 3.0, 5.0, 10.0, 30.0):
        cells = [number(index)]
        for share in (0.01, 0.1, given.ADVERSARY):
            plan = partial(overpriced, share, CHOSEN, index=index)
            cells.append(number(best(plan, ask=ASKS, room=ROOM).value))
        rows.append(cells)
    return Table(
        "index-price",
        ["index price by the others' ask", "profit at s = 1 %", "10 %", "a third"],
        rows,
    )


def busy_times() -> Table:
    """Submitting while others are busy, with a tenth of the capacity and κ = 1."""
    rows = []
    for busy in (0.0, 0.5, 0.8, 0.9, 0.95, 0.99):
        rows.append(
            [
                percent(busy),
                percent(free_share(0.1, busy)),
                number(while_busy(0.1, 1.0, busy, False)),
                number(while_busy(0.1, 1.0, busy, True)),
            ]
        )
    return Table(
        "busy",
        ["others busy", "share of what is free", "profit", "less what the slot earned else"],
        rows,
    )


def draw_plans(axes) -> None:
    """Profit of each plan over the share of capacity, rules of today, κ = 1."""
    rules = replace(TODAY, listed_kappa=CHOSEN.listed_kappa)
    shares = np.linspace(0.01, 0.6, 25)
    found = [plans(float(share), rules) for share in shares]
    for name in found[0]:
        axes.plot(100 * shares, [min(2.0, each[name]) for each in found], label=name)
    chosen = [max(plans(float(share), CHOSEN).values()) for share in shares]
    axes.plot(100 * shares, chosen, color="black", linestyle="--", label="best plan, chosen rules")
    axes.axhline(0, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="share of capacity, %", ylabel="profit per job, κ = 1", ylim=(-1, 2))
    axes.legend(fontsize=7)


def run(settings: Settings) -> Line:
    """All tables of this line; nothing here is sampled."""
    del settings
    today = replace(TODAY, listed_kappa=CHOSEN.listed_kappa)
    before = replace(BEFORE, listed_kappa=CHOSEN.listed_kappa)
    now, then = plans(given.ADVERSARY, today), plans(given.ADVERSARY, CHOSEN)
    once = plans(given.ADVERSARY, before)
    small = plans(0.01, today)
    alone = threshold(lambda share: excluding(share, today, 0.0) <= 0, 1e-3, 1.0)
    attacks = []
    conclusions = {
        "same ask": "κ of a listed model stays at or below 1.",
        "own ask high": "The ceiling is κ · credit, not κ · fee (`line_of`).",
        "max_price excludes others": (
            "The default κ holds once a draw has passed over somebody among its four candidates."
            f" That leaves a gain only with more than {percent(alone)} of the capacity. Let it hold"
            " for every job that names a region or a level, or less than twice the index price."
        ),
        "max_price just above others": (
            "The listed κ takes that every candidate asks at most half of max_price."
        ),
        "job too large for others' bonds": (
            "Whose bond is too small is passed over, as whose price is too high. For the rest: name"
            " a least bond with each listing, above a fiftieth of which jobs earn the default κ."
        ),
        "input withheld": (
            "On a listed model an input that stays away has to cost the whole price, at once."
        ),
    }
    for name, value in then.items():
        attacks.append(
            Attack(
                f"Self-dealing on a listed model: {name}",
                value > 1e-9,
                f"{number(value)} of a price a job (a third of capacity, κ = 1)",
                now[name] > 1e-9,
                f"{number(now[name])}; with 1 % of capacity {number(small[name])}",
                number(once[name]),
                conclusions[name],
            )
        )
    loads = [x / 100 for x in range(100)]
    full = best(partial(while_busy, 0.1, CHOSEN.listed_kappa, forgone=True), busy=loads).value
    idle = best(partial(while_busy, 0.1, CHOSEN.listed_kappa, forgone=False), busy=loads).value
    attacks.append(
        Attack(
            "Self-dealing while others are busy",
            full > 0,
            f"{number(full)} of a price a job (a tenth of capacity, κ = 1)",
            full > 0,
            "the same",
            "the same",
            f"It would gain {number(idle)}, but then others' jobs wait for the slot and pay better."
            " Look out for workers that are free while jobs wait.",
        )
    )
    stale = best(partial(overpriced, given.ADVERSARY, CHOSEN, index=5.0), ask=ASKS, room=ROOM).value
    attacks.append(
        Attack(
            "Own ask high while the index price is stale",
            True,
            f"{number(stale)} of a price a job at 5 times the asks (a third of capacity, κ = 1)",
            True,
            "the same",
            "the same, and without a stale price",
            "Keep the index price within twice what workers ask; lower it when asks fall.",
        )
    )
    attacks.append(
        Attack(
            "An author submits own jobs when it knows the draw",
            True,
            f"{number(foreknown(given.ADVERSARY, CHOSEN))} of a fee a day (a third of the seats)",
            True,
            "the same, κ = 1",
            f"{number(foreknown(given.ADVERSARY, before))} of a fee a day, κ = 1",
            "Jobs of listed models are drawn by the beacon of audits. What is left needs a third of"
            " all seats.",
        )
    )
    return Line(
        "plans",
        [listed(), plan_table(), index_prices(), busy_times()],
        [Picture("plans", draw_plans)],
        attacks,
    )
