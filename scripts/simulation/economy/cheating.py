"""Cheating on a part of one's jobs against audit probability, bond, cap and vesting.

**Game.** A worker has a bond and up to N results that are not final. It answers n of them without
computing. Each is found false with probability p_eff, independently. Found once, it loses `S =
burns · bond`; another quarter goes to challengers, who can be itself. Every job that is not found
pays Δ (everything that the worker gets for it: 92 % of the fee, and the mint). What others lose is
of no interest to it.

**The chain's inequality** (design, section 4): S · [1 − (1 − p_eff)^N] ≥ N · Δ. It takes the cheat
to be paid for all N, found or not, so it errs on the safe side. Vested rewards V do not enter:
rewards can be claimed before a conviction, which takes two windows, and a cheat strikes when it has
none.
"""

from functools import partial

import numpy as np

from . import parameters as given
from .caps import (
    HELD_DAYS,
    bond_by_exposure,
    bond_needed,
    burst,
    exact_cap,
    least_audit,
    simple_cap,
)
from .parameters import BEFORE, CHOSEN, TODAY
from .report import Attack, Line, Picture, Table, number, percent
from .search import best
from .settings import Settings


def looked_at(auditors: float, cartel: float) -> float:
    """Probability that an honest auditor is drawn: 1 − e^(−m(1−a)), Poisson thinning."""
    return -np.expm1(-auditors * (1 - cartel))


def effective(p: float, auditors: float, cartel: float, escape: float = 1.0) -> float:
    """p_eff: audited, by somebody honest, and not escaped by withholding blocks.

    `escape`: the factor of `beacon.escape_factor`, 0.56 for a third of the slots.
    """
    return p * looked_at(auditors, cartel) * escape


def sequence(n: float, stake: float, payout: float, p_eff: float) -> float:
    """Profit of n false results one after the other, until found or done; the found one is unpaid.

    Sum over i < n of q^i · (q·Δ − p·S) = (1 − q^n) · (Δ·q/p − S).
    """
    q = 1 - p_eff
    return (1 - q**n) * (payout * q / p_eff - stake)


def refunded(n: float, stake: float, payout: float, p_eff: float) -> float:
    """Profit of a burst if a conviction voids all that the worker has not been paid yet."""
    q = 1 - p_eff
    return n * payout * q**n - stake * (1 - q**n)


def burned_by_convictions(bond: float, n: int, p_eff: float) -> float:
    """Expected burn if each false result that is found halves what is left: B/2 · [1 − (1 −
    p/2)^n].

    After k convictions B/4 · (1 + 1/2 + … ) = B/2 · (1 − 2^−k) has burned; E[2^−k] = (1 − p/2)^n.
    """
    return bond / 2 * -np.expm1(n * np.log1p(-p_eff / 2))


def outside_gain(stake: float, payout: float, n: int, p_eff: float) -> float:
    """What somebody may offer for a false answer, each of n, before giving it pays."""
    return max(0.0, -burst(n, stake, payout, p_eff) / n)


def until_caught(p_eff: float, share: float) -> float:
    """False results before the first is found, quantile of the geometric distribution."""
    return np.ceil(np.log1p(-share) / np.log1p(-p_eff)) if p_eff < 1 else 1.0


def delivered_before_conviction(holds: bool, days: float = 2.5) -> float:
    """False results delivered before the ban, in days; each is paid unless it is found itself.

    With a hold nothing settles after the first challenge, so the cap, made for W + K, is full then.
    """
    return HELD_DAYS if holds else days


def sample_burst(
    rng: np.random.Generator, n: int, stake: float, payout: float, p_eff: float, samples: int
) -> float:
    """Mean profit of `samples` bursts, played: count what is found, pay, burn."""
    found = rng.binomial(n, p_eff, samples) > 0
    return float(np.mean(n * payout - stake * found))


PROBABILITIES = (1.0, 0.1, 0.02, 0.01)
PAYOUTS = (0.01, 0.1, 1.0, 10.0, 100.0)


def bonds() -> Table:
    """Bond per 1,000 jobs a day."""
    rows = []
    for payout in PAYOUTS:
        bond = bond_by_exposure(1_000, payout, CHOSEN.audit_floor, HELD_DAYS)
        needed = least_audit(payout, given.BURNS * bond)
        rows.append(
            [
                number(payout),
                number(bond_needed(1_000, payout, BEFORE.detection)),
                number(bond_needed(1_000, payout, CHOSEN.audit_floor * BEFORE.detection)),
                number(bond_needed(1_000, payout, CHOSEN.audit_floor * CHOSEN.detection)),
                number(bond_by_exposure(1_000, payout, CHOSEN.audit_floor, given.WINDOW_DAYS)),
                number(bond),
                percent(max(CHOSEN.audit_floor, needed)),
            ]
        )
    return Table(
        "bonds",
        [
            "payout of a job, AIPG",
            "design, p = 100 %",
            "design, p = 1 %",
            "p_eff = 0.4 %",
            "by the rule, for W",
            "by the rule, for W + K (chosen)",
            "p that it allows",
        ],
        rows,
    )


def convictions() -> Table:
    """The design counts one conviction; each further one takes half of what is left."""
    p_eff = CHOSEN.audit_floor * CHOSEN.detection
    rows = []
    for n in (1, 10, 100, 1_000, 10_000):
        once = given.BURNS * -np.expm1(n * np.log1p(-p_eff))
        rows.append([number(n), percent(once), percent(burned_by_convictions(1.0, n, p_eff))])
    return Table(
        "convictions",
        [
            "false results at once, p at the floor",
            "burns, of the bond: counted",
            "as every conviction takes half",
        ],
        rows,
    )


def bonds_by_volume() -> Table:
    """The bond in payouts of one job, by how many jobs a day."""
    rows = []
    for jobs in (1, 10, 100, 1_000, 10_000):
        cells = [number(jobs)]
        for p in PROBABILITIES:
            needed = bond_by_exposure(jobs, 1.0, p, HELD_DAYS)
            cells.append(number(needed))
        rows.append(cells)
    return Table(
        "bonds-by-volume", ["jobs a day", *(f"p = {percent(p)}" for p in PROBABILITIES)], rows
    )


def cap_rules() -> Table:
    """What the simple cap gives away."""
    p_eff = CHOSEN.audit_floor * CHOSEN.detection
    rows = []
    for multiple in (0.9, 1.0, 1.2, 1.5, 2.0, 5.0, 20.0):
        stake = multiple / p_eff
        exact, simple = exact_cap(stake, 1.0, p_eff), simple_cap(stake, 1.0, p_eff)
        rows.append(
            [
                number(multiple),
                number(stake),
                number(exact, 5),
                number(simple, 5),
                percent(simple / exact) if exact else "–",
            ]
        )
    return Table(
        "caps",
        ["S / (Δ / p_eff)", "S / Δ", "largest N, exact", "⌊S / Δ − 1 / p_eff⌋", "of the exact"],
        rows,
    )


def responses(settings: Settings) -> tuple[Table, float]:
    """Best response at a bond that is a multiple of what is needed, for N = 1,000 at the floor."""
    cap, p_eff = 1_000, CHOSEN.audit_floor * CHOSEN.detection
    needed = given.BURNS * bond_needed(cap, 1.0, p_eff)
    counts = [0, *np.unique(np.geomspace(1, cap, 60).astype(int))]
    plays = {"at once": burst, "in turn": sequence, "at once, the rest void": refunded}
    rows, at_need = [], 0.0
    for ratio in (0.1, 0.25, 0.5, 0.9, 1.0, 1.5):
        stake = ratio * needed
        cells = [number(ratio)]
        for name, play in plays.items():
            found = best(partial(play, stake=stake, payout=1.0, p_eff=p_eff), n=counts)
            cells += [number(found.choice["n"], 4), number(found.value)]
            if name == "at once":
                if ratio == 1.0:
                    at_need = found.value
                n = int(found.choice["n"])
                rng = settings.generator(f"burst {ratio}")
                cells.append(
                    number(sample_burst(rng, n, stake, 1.0, p_eff, settings.samples)) if n else "0"
                )
        rows.append(cells)
    return (
        Table(
            "responses",
            [
                "bond / needed",
                "at once: n",
                "earns, Δ",
                "sampled, Δ",
                "in turn: n",
                "earns, Δ",
                "rest void: n",
                "earns, Δ",
            ],
            rows,
            sampled=True,
        ),
        at_need,
    )


def caught(settings: Settings) -> Table:
    """False results until the first is found."""
    rows = []
    for p in (1.0, 0.1, 0.05, 0.02, 0.01):
        p_eff = p * CHOSEN.detection
        sample = settings.generator(f"caught {p}").geometric(p_eff, settings.samples)
        rows.append(
            [
                percent(p),
                number(1 / p_eff),
                number(float(sample.mean())),
                *(number(until_caught(p_eff, share), 4) for share in (0.05, 0.5, 0.95, 0.99)),
            ]
        )
    return Table(
        "caught", ["p", "mean", "sampled", "5 %", "half", "95 %", "99 %"], rows, sampled=True
    )


def burst_while_held(days: float) -> float:
    """Profit of filling a cap of W + K with the bond for `days` of 1,000 jobs, in payouts."""
    bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, days)
    p_eff = CHOSEN.audit_floor * CHOSEN.detection
    n = 1_000 * delivered_before_conviction(True)
    return burst(n, given.BURNS * bond, 1.0, p_eff)


def unheld_gain(holds: bool, days: float) -> float:
    """What a cheat with the bond for `days` of 1,000 jobs earns until its ban, in payouts."""
    if holds:
        return max(0.0, burst_while_held(days))
    bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, days)
    p_eff = CHOSEN.audit_floor * CHOSEN.detection
    n = 1_000 * delivered_before_conviction(False)
    return max(0.0, burst(n, given.BURNS * bond, 1.0, p_eff))


def holding() -> Table:
    """What happens between the first discovery and the ban."""
    rows = []
    for name, holds, days in (
        ("they settle (before)", False, 1.0),
        ("they settle", False, 2.5),
        ("they wait (today)", True, HELD_DAYS),
    ):
        bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, days)
        rows.append(
            [
                name,
                number(delivered_before_conviction(holds)),
                number(days),
                number(bond),
                number(unheld_gain(holds, days)),
            ]
        )
    return Table(
        "holding",
        [
            "payouts of a challenged worker",
            "days of false results until the ban",
            "days that the bond covers",
            "bond, Δ",
            "the cheat earns, Δ",
        ],
        rows,
    )


def outside() -> Table:
    """Offers from outside that the bond withstands."""
    rows = []
    for p in (1.0, 0.1, 0.01):
        p_eff = p * CHOSEN.detection
        cells = [percent(p)]
        for jobs in (10, 100, 1_000):
            stake = given.BURNS * bond_by_exposure(jobs, 1.0, p, HELD_DAYS)
            one = outside_gain(stake, 1.0, 1, p_eff)
            every = outside_gain(stake, 1.0, jobs, p_eff)
            cells += [number(one), number(every)]
        rows.append(cells)
    return Table(
        "outside",
        ["p", "10 a day: one", "all", "100 a day: one", "all", "1,000 a day: one", "all"],
        rows,
    )


def draw_surface(axes) -> None:
    """Least bond per job of the cap over N, for several p; below a line the cheat earns."""
    n = np.unique(np.geomspace(1, 10_000, 60).astype(int))
    for p in (1.0, 0.1, 0.02, 0.01):
        needed = [bond_needed(float(k), 1.0, p * CHOSEN.detection) / k for k in n]
        axes.loglog(n, needed, label=f"p = {100 * p:g} %")
    axes.axhline(1 / given.BURNS, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="cap N of results that are not final", ylabel="bond per job of the cap, in Δ")
    axes.legend(title="cheating earns below the line")


def run(settings: Settings) -> Line:
    """All tables of this line."""
    table, at_need = responses(settings)
    p_eff = CHOSEN.audit_floor * CHOSEN.detection
    stake = given.BURNS * bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    offered = outside_gain(stake, 1.0, 1, p_eff)
    held = unheld_gain(CHOSEN.holds_payouts, HELD_DAYS)
    return Line(
        "cheating",
        [
            bonds(),
            bonds_by_volume(),
            cap_rules(),
            table,
            caught(settings),
            convictions(),
            holding(),
            outside(),
        ],
        [Picture("cheating", draw_surface)],
        [
            Attack(
                "False results in a burst, cap by exposure",
                bool(at_need > 1e-6),
                f"{number(at_need)} Δ at best",
                not TODAY.exposure or bool(at_need > 1e-6),
                "the same",
                "no cap was enforced: N was the worker's slots",
                "A worker is drawn only as far as its bond goes (`can_stand_for`).",
            ),
            Attack(
                "False results go on after the first is challenged",
                held > 1e-6,
                f"{number(held)} Δ: payouts wait, the cap fills",
                unheld_gain(TODAY.holds_payouts, HELD_DAYS) > 1e-6,
                "the same",
                f"{number(unheld_gain(False, 1.0))} Δ per 1,000 jobs a day",
                "Payouts of a challenged worker wait, and count as not final.",
            ),
            Attack(
                "A bribe for one false answer",
                True,
                f"pays above {number(offered)} Δ (1,000 jobs a day, p at the floor)",
                True,
                "the same",
                "the same, with any bond",
                "The chain cannot know what an answer is worth to others. Who depends on one answer"
                " asks for a worker with more bond than that, or has it replayed.",
            ),
        ],
    )
