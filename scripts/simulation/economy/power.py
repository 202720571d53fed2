"""Verified power, and the bootstrap lane.

**Power.** In each window every worker claims the multiply-accumulates of a chain of products. A
part d of them is drawn, t tiles each; a false tile zeroes its power for 30 days. Who invents a part
y of its claim is found with d · (1 − (1 − y)^t) a window, gains y, and loses 30 days of all it has.
Who claims more than 1.25 times what it last proved is drawn for certain, and so is a newcomer in
its first eight windows: so a part above a fifth takes a machine that was there once.

**Lane.** A small budget for public jobs that the beacon draws, so that workers have something to do
before there are requesters. Nobody chooses requester or worker; it pays what the work costs.
"""

from dataclasses import replace

import numpy as np

from . import parameters as given
from .parameters import BEFORE, CHOSEN, INFINITY, TODAY, Rules
from .report import Attack, Line, Picture, Table, number, percent
from .search import best
from .settings import Settings

ZEROED_DAYS = 30
NEWCOMER_WINDOWS = 8
WITHOUT_LEAPS = replace(CHOSEN, power_leap=INFINITY)
"""What is chosen, but for who claims much more than it has proven."""
PARTS = np.linspace(0.01, 1, 100)


def found(part: float, rules: Rules) -> float:
    """Probability a window that an invented part is found."""
    claimed = 1 / (1 - part) if part < 1 else INFINITY
    is_leap = claimed > rules.power_leap * (1 + 1e-9)
    return (1.0 if is_leap else rules.power_draw) * (1 - (1 - part) ** rules.power_tiles)


def fake(part: float, rules: Rules) -> float:
    """Long-run gain in power by inventing `part`, as a share of honest power.

    Claims 1 / (1 − y) of what it has (y = 1: of one honest worker's power) until found, after
    1 / d' windows; then nothing for 30 days. Its average by what honesty gives.
    """
    rate = found(part, rules)
    days = 1 / (rate * rules.power_windows)
    claimed = 1 / (1 - part) if part < 1 else 1.0
    honest = 1.0 if part < 1 else 0.0
    return claimed * days / (days + ZEROED_DAYS) - honest


def margin(part: float, rules: Rules) -> float:
    """Loss by gain for one window: 30 · windows · d' / y. Above 1 it does not pay."""
    return ZEROED_DAYS * rules.power_windows * found(part, rules) / part


def sample_margin(settings: Settings, part: float, rules: Rules) -> float:
    """Draws windows and tiles; the same ratio from counts."""
    rng = settings.generator(f"power {part} {rules.power_windows}")
    drawn = rng.random(settings.samples) < rules.power_draw
    false_tiles = rng.binomial(rules.power_tiles, part, settings.samples)
    return float(np.mean(drawn & (false_tiles > 0))) * ZEROED_DAYS * rules.power_windows / part


def undrawn_days(rules: Rules) -> float:
    """Days until the lottery draws a worker, on average."""
    return 1 / (rules.power_draw * rules.power_windows)


def rented_days(rules: Rules) -> float:
    """Days that the windows of a newcomer take."""
    return NEWCOMER_WINDOWS / rules.power_windows


def inventions(settings: Settings) -> Table:
    """Margins by what is invented."""
    rows = []
    for part in (0.05, 0.1, 0.2, 0.25, 0.5, 0.9, 1.0):
        rows.append(
            [
                percent(part),
                number(margin(part, BEFORE)),
                number(margin(part, WITHOUT_LEAPS)),
                number(sample_margin(settings, part, WITHOUT_LEAPS)),
                number(1 / (found(part, WITHOUT_LEAPS) * WITHOUT_LEAPS.power_windows)),
                number(margin(part, CHOSEN)),
                number(margin(part, TODAY)),
            ]
        )
    return Table(
        "power",
        [
            "invented part",
            "loss by gain: 1 %, 8 tiles, 1 window a day",
            "2 %, 8 tiles, 4 a day",
            "sampled",
            "days until found",
            "leaps drawn (chosen)",
            f"{number(TODAY.power_windows)} windows a day (today)",
        ],
        rows,
        sampled=True,
    )


def lane(days: float, share: float = 0.01, half_life: float = 30.0) -> float:
    """AIPG a day of the lane: 1 % of the budget, halved every 30 days, nothing after 180."""
    budget = given.ROUND_BUDGET / given.ROUND_BLOCKS * given.BLOCKS_A_DAY
    return share * budget * 0.5 ** (days // half_life) if days < 180 else 0.0


def lane_farm(accounts: int, honest: int, by_capacity: bool, days: int = 30) -> float:
    """Profit of accounts without machines in the first days if the lane draws by account.

    Each costs registration and interest on the least bond. By capacity they get nothing.
    """
    paid = (
        0.0
        if by_capacity
        else sum(lane(float(d)) for d in range(days)) * accounts / (accounts + honest)
    )
    cost = given.REGISTRATION_FEE + given.MINIMUM_BOND * given.INTEREST * days / 365
    return paid * (1 - given.COMPUTE) - accounts * cost


def lanes() -> Table:
    """Size of the lane and what accounts without machines would earn."""
    counts = (1, 3, 10, 30, 100, 300, 1_000, 3_000)
    rows = []
    for honest in (10, 100, 1_000):
        found_ = best(
            lambda accounts, honest=honest: lane_farm(accounts, honest, False), accounts=counts
        )
        guarded = best(
            lambda accounts, honest=honest: lane_farm(accounts, honest, True), accounts=counts
        )
        rows.append(
            [
                number(honest),
                number(found_.choice["accounts"]),
                number(found_.value),
                number(guarded.value),
            ]
        )
    return Table(
        "lane",
        [
            "honest workers",
            "best number of accounts, drawn by account",
            "earns in 30 days, AIPG",
            "drawn by verified capacity, AIPG",
        ],
        rows,
    )


def draw_margin(axes) -> None:
    """Margins over the invented part."""
    for label, rules in (
        ("1 %, 1 a day (design)", BEFORE),
        ("2 %, 4 a day", WITHOUT_LEAPS),
        ("leaps drawn (today)", TODAY),
    ):
        axes.semilogy(100 * PARTS, [margin(y, rules) for y in PARTS], label=label)
    axes.axhline(1, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="invented part of the claim, %", ylabel="loss by gain")
    axes.legend(title="inventing pays below 1")


def run(settings: Settings) -> Line:
    """All tables of this line."""
    before, now, then = (
        min(margin(float(y), rules) for y in PARTS) for rules in (BEFORE, TODAY, CHOSEN)
    )
    return Line(
        "power",
        [inventions(settings), lanes()],
        [Picture("power", draw_margin)],
        [
            Attack(
                "Inventing verified power",
                then < 1,
                f"loses {number(then)} times what it gains",
                now < 1,
                f"loses {number(now)} times what it gains",
                f"lost {number(before)} times what it gained, with one window a day",
                "Four windows a day, 2 % drawn, and for certain who claims more than 1.25 times"
                " what it last proved.",
            ),
            Attack(
                "Power of a machine that is not there any more",
                True,
                f"{number(undrawn_days(CHOSEN))} days of it for {number(rented_days(CHOSEN))} days"
                " of rent and a new account",
                True,
                f"{number(undrawn_days(TODAY))} days for {number(rented_days(TODAY))}",
                f"{number(undrawn_days(BEFORE))} days of invented power, without rent",
                "Newcomers are drawn in their first 8 windows. Power weighs draws, and shares a"
                " budget that is used up; a drawn job that is not served costs 5 % of the bond. It"
                " must never count for seats, or raise a ceiling.",
            ),
            Attack(
                "Accounts without machines in the bootstrap lane",
                False,
                "0: the lane draws by verified capacity",
                False,
                "0: only machines with verified power are drawn",
                f"{number(lane_farm(300, 100, False))} AIPG in 30 days if it drew by account",
                "Open the lane only where power is measured.",
            ),
        ],
    )
