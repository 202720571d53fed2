"""Disputes: the bonds of a challenge and of a third party's trace, stalling, spam, the fuse.

**False challenge.** It wins a quarter of the worker's bond if nobody stands for the result, which
happens at the absence rate u: the worker is away for 2·W. Else its bond is lost: half burns, half
goes to the worker. So with challenge bond C the accuser earns u · B/4 − (1 − u) · C. The design
asks for C ≥ 2 · u · B/4.

**Replay.** An honest worker that is accused rebuilds the trace (cost: trace · replay · compute of
the fee) and plays; it gets C/2.

**Stalling.** A sham challenge is beaten when its challenger's clock K has run out, so it delays an
honest worker's pay by K at most, and only if it comes late in the window.
"""

import numpy as np

from . import parameters as given
from .caps import HELD_DAYS, bond_by_exposure
from .parameters import BEFORE, CHOSEN, TODAY, Rules
from .report import Attack, Line, Picture, Table, number, percent
from .search import best
from .settings import Settings

ABSENCE = 0.01
"""u: not measured yet for absences of two days; assumed, and varied."""
MOVE_FEE = 0.0015
"""AIPG a call: docs/measurements.md has 0.0009 to 0.0013 for calls of a job."""
GAME_CALLS = 13
"""Calls of the longest dispute measured."""
CALLS_A_BLOCK = 300
"""Calls of a dispute that fit a block: the heaviest takes 0.27 % of it."""


def challenge_bond(bond: float, fee: float, rules: Rules) -> float:
    """C = max(minimum, share of the worker's bond, fee of the job)."""
    return max(
        rules.challenge_minimum, rules.challenge_of_bond * bond, rules.challenge_of_fee * fee
    )


def accuse(challenge: float, bond: float, absence: float) -> float:
    """Expected profit of a false challenge."""
    return absence * given.REWARDS * bond - (1 - absence) * challenge


def largest_absence(challenge: float, bond: float) -> float:
    """u from which false challenges pay: C / (C + B/4)."""
    return challenge / (challenge + given.REWARDS * bond)


def covers_replay(challenge: float, fee: float) -> float:
    """What the accused gets by what it spends."""
    cost = given.TRACE * given.REPLAY * given.COMPUTE * fee + GAME_CALLS * MOVE_FEE
    return challenge / 2 / cost


def sample_accusations(settings: Settings, challenge: float, bond: float, absence: float) -> float:
    """Plays accusations with the amounts of the spec."""
    rng = settings.generator(f"accuse {bond} {absence}")
    away = rng.random(settings.samples) < absence
    return float(np.mean(np.where(away, given.CONVICTION * bond / 2, -challenge)))


def delay_cost(daily: float, days: float) -> float:
    """Interest on a day's payouts that wait for so long, AIPG."""
    return daily * given.INTEREST * days / 365


def oust(challenge: float, share: float, daily: float, hours: float, drawn: bool) -> float:
    """Profit of a competitor that keeps a worker from work by challenges for `hours`.

    It takes over `share` of the victim's daily payouts at a margin of 1 − compute. If the victim is
    still drawn (payouts wait, and its cap has room for W + K), it loses nothing but time.
    """
    taken = 0.0 if drawn else share * daily * (1 - given.COMPUTE) * hours / 24
    return taken - challenge * hours / (24 * given.CLOCK_DAYS)


def challenge_table(settings: Settings) -> Table:
    """Bonds by size of the worker."""
    rows = []
    for bond in (100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0):
        now = challenge_bond(bond, 1.0, BEFORE)
        then = challenge_bond(bond, 1.0, TODAY)
        rows.append(
            [
                number(bond),
                number(given.REWARDS * bond),
                number(2 * ABSENCE * given.REWARDS * bond),
                number(now),
                percent(largest_absence(now, bond)),
                number(then),
                percent(largest_absence(then, bond)),
                number(accuse(then, bond, ABSENCE)),
                number(sample_accusations(settings, then, bond, ABSENCE)),
            ]
        )
    return Table(
        "challenge-bond",
        [
            "worker's bond, AIPG",
            "reward, AIPG",
            "design at u = 1 %, AIPG",
            "before, AIPG",
            "absence it bears",
            "today, AIPG",
            "absence it bears",
            "false challenge earns at u = 1 %, AIPG",
            "sampled",
        ],
        rows,
        sampled=True,
    )


def replay_table() -> Table:
    """Whether half of a lost challenge bond pays for the defence, by the job's fee."""
    rows = []
    for fee in (0.1, 1.0, 10.0, 100.0, 1_000.0):
        rows.append(
            [
                number(fee),
                number(given.TRACE * given.REPLAY * given.COMPUTE * fee),
                number(covers_replay(challenge_bond(100.0, fee, BEFORE), fee)),
                number(covers_replay(challenge_bond(100.0, fee, TODAY), fee)),
            ]
        )
    return Table(
        "replay",
        [
            "fee of the job, AIPG",
            "trace costs, AIPG",
            "defender gets by what it spends, before",
            "today",
        ],
        rows,
    )


def delays() -> Table:
    """What it costs to hold somebody's money."""
    rows = []
    for daily in (10.0, 100.0, 1_000.0, 10_000.0, 100_000.0):
        bond = bond_by_exposure(daily, 1.0, CHOSEN.audit_floor, HELD_DAYS)
        price = challenge_bond(bond, 1.0, CHOSEN)
        rows.append(
            [
                number(daily),
                number(bond),
                number(price),
                number(delay_cost(daily, given.CLOCK_DAYS)),
                number(price / 2),
                number(price / given.CLOCK_DAYS),
                number(oust(price, 0.1, daily, 24.0, False)),
                number(oust(price, 0.1, daily, 24.0, True)),
            ]
        )
    return Table(
        "delays",
        [
            "payouts a day, AIPG",
            "bond, AIPG",
            "price of 6 h, AIPG",
            "interest lost, AIPG",
            "the worker gets, AIPG",
            "price of a day, AIPG",
            "a rival with a tenth earns a day if the challenged are not drawn",
            "if they are",
        ],
        rows,
    )


def stalling_gain(bond: float) -> float:
    """Interest on what burns if a false trace puts off a conviction by both clocks, AIPG.

    Payouts wait meanwhile, so that is all there is to gain.
    """
    return given.BURNS * bond * given.INTEREST * 2 * given.CLOCK_DAYS / 365


def clog(blocks: float, challenge: float) -> float:
    """AIPG that it takes to fill blocks with games so that an honest side runs out of its clock.

    Each game gives about half of its calls to the honest side; the clock has `blocks`. Half of
    the bonds burns, half goes to the victim: all of it is lost.
    """
    return blocks * CALLS_A_BLOCK / (GAME_CALLS / 2) * challenge


def fuse_cost(bond: float, workers: int = 3) -> float:
    """What blowing the fuse costs: half of each bond, and the registrations."""
    return workers * (given.CONVICTION * bond + given.REGISTRATION_FEE)


def fuse_bond(rules: Rules, bonded: float = 1e7) -> float:
    """Bond of each of three workers who blow the fuse, where so much is bonded."""
    return max(given.MINIMUM_BOND, rules.fuse_share * bonded / 3)


def fuses() -> Table:
    """Price of having everybody's withdrawals and payouts of a version wait for governance."""
    rows = []
    for name, bond, workers in (
        ("3 workers, least bond (before)", fuse_bond(BEFORE), 3),
        ("3 workers of level 2", 1_000.0, 3),
        ("3 workers of level 3", 10_000.0, 3),
        ("3 workers with 1 % of 10 million bonded (today)", fuse_bond(TODAY), 3),
    ):
        rows.append([name, number(bond), number(fuse_cost(bond, workers))])
    return Table("fuse", ["the fuse counts", "bond each, AIPG", "cost of blowing it, AIPG"], rows)


def draw_challenge(axes) -> None:
    """Bond of a challenge over the worker's bond."""
    bonds = np.geomspace(100, 1e6, 100)
    for absence in (0.002, 0.01, 0.04):
        axes.loglog(
            bonds,
            2 * absence * given.REWARDS * bonds,
            linestyle=":",
            label=f"needed, u = {100 * absence:g} %",
        )
    axes.loglog(bonds, [challenge_bond(b, 1.0, BEFORE) for b in bonds], label="before")
    axes.loglog(bonds, [challenge_bond(b, 1.0, TODAY) for b in bonds], label="today")
    axes.set(xlabel="worker's bond, AIPG", ylabel="challenge bond, AIPG")
    axes.legend()


def run(settings: Settings) -> Line:
    """All tables of this line."""
    sizes = np.geomspace(100, 1e6, 41)
    before, now, then = (
        best(
            lambda bond, rules=rules: accuse(challenge_bond(bond, 1.0, rules), bond, ABSENCE),
            bond=sizes,
        )
        for rules in (BEFORE, TODAY, CHOSEN)
    )
    daily = 1_000.0
    bond = bond_by_exposure(daily, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    price = challenge_bond(bond, 1.0, CHOSEN)
    drawn = oust(price, 0.1, daily, 24.0, True)
    return Line(
        "disputes",
        [challenge_table(settings), replay_table(), delays(), fuses()],
        [Picture("disputes", draw_challenge)],
        [
            Attack(
                "Accusing in the hope that the worker is away",
                then.value > 0,
                f"{number(then.value)} AIPG at best (u = 1 %)",
                now.value > 0,
                "the same" if now == then else f"{number(now.value)} AIPG",
                f"{number(before.value)} AIPG against a bond of {number(before.choice['bond'])}",
                "C = max(50, 1 % of the worker's bond, the fee). Bears absences up to"
                f" {percent(largest_absence(0.01, 1.0))}; a worker that is away more should retire"
                " first.",
            ),
            Attack(
                "Holding a rival's payouts by challenges",
                drawn > 0,
                f"{number(drawn)} AIPG a day for a rival with a tenth of the capacity",
                drawn > 0,
                "the same",
                "payouts of other jobs did not wait",
                "A challenged worker stays drawn while its cap has room.",
            ),
            Attack(
                "Filling blocks until a clock runs out",
                False,
                f"costs {number(clog(360, CHOSEN.challenge_minimum))} AIPG",
                False,
                "the same",
                "the same",
                "Half of it goes to the victim.",
            ),
            Attack(
                "Blowing the fuse to stop withdrawals and payouts",
                True,
                f"costs {number(fuse_cost(fuse_bond(CHOSEN)))} AIPG with 10 million bonded, lasts"
                " until governance rules",
                True,
                f"costs {number(fuse_cost(fuse_bond(TODAY)))} AIPG",
                f"cost {number(fuse_cost(fuse_bond(BEFORE)))} AIPG",
                "Bonds count, not heads: three workers with 1 % of all bonds together. Governance"
                " must be able to rule within a day.",
            ),
        ],
    )
