"""How the probability of an audit may fall with a worker's history.

**Game.** A worker answers honestly for a while, at small or large payouts, its own or others', then
bursts. History is counted in money: `p = max(floor, 1 / (1 + paid / (H · Δ)))`, where `paid` is the
sum of the worker's final payouts and Δ the payout of the job at hand. A thousand cheap jobs are no
history for a dear one.

p is never below what the job needs given the bond (`caps.least_audit`). Audits above the floor are
paid from the job's payout, so a worker pays for a small bond or a short history with more audits.

**What protects.** The rule makes no burst unprofitable by itself: a patient cheat reaches the floor
under every rule. The cap by exposure does, whatever p is. The rule decides how many audits a
newcomer costs and how fast its cap grows; `H` and the floor are chosen from that.
"""

from functools import partial

import numpy as np

from . import parameters as given
from .caps import HELD_DAYS, bond_by_exposure, burst, least_audit
from .parameters import CHOSEN, TODAY
from .report import Attack, Line, Picture, Table, number, percent
from .search import Response, best
from .settings import Settings


def by_money(paid: float, payout: float, scale: float, floor: float) -> float:
    """p of the next job; `paid` and `payout` in the same unit, `scale` is H."""
    return max(floor, 1 / (1 + paid / (scale * payout)))


def by_count(jobs: float, scale: float, floor: float) -> float:
    """The rule that counts jobs whatever they paid, for comparison."""
    return max(floor, 1 / (1 + jobs / scale))


def until_floor(scale: float, floor: float) -> float:
    """Equal jobs until p is at the floor: H · (1 / floor − 1)."""
    return scale * (1 / floor - 1)


def audits(jobs: int, scale: float, floor: float) -> float:
    """Expected audits of the first jobs, all of one payout."""
    return float(np.maximum(floor, 1 / (1 + np.arange(jobs) / scale)).sum())


def capped(stake: float, payout: float, wanted: int) -> int:
    """Results of the burst that the rule of the runtime lets through."""
    if least_audit(payout, stake) > 1:
        return 0
    return min(wanted, int((1 - CHOSEN.reserve) * stake / payout))


def long_con(
    prefix: int, size: float, wanted: int, bond: float, rule: str, enforced: bool, own: bool
) -> float:
    """Profit of `prefix` honest jobs of payout 1, then up to `wanted` false ones of payout `size`.

    Honest jobs of others earn nothing here (their margin is what honest work earns, too). With
    `own`, it pays for them itself: 2 % of the fee less κ, and the computing.
    """
    p = (
        by_money(prefix, size, CHOSEN.history, CHOSEN.audit_floor)
        if rule == "money"
        else by_count(prefix, CHOSEN.history, CHOSEN.audit_floor)
    )
    stake = given.BURNS * bond
    n = capped(stake, size, wanted) if enforced else wanted
    if enforced and n:
        p = max(p, least_audit(size, stake))
    p_eff = p * CHOSEN.detection
    cost = prefix * (given.BETA - CHOSEN.kappa + given.COMPUTE) if own else 0.0
    return burst(n, stake, size, p_eff) - cost if n else -cost


PREFIXES = (0, 10, 100, 1_000, 10_000, 100_000)
SIZES = (0.1, 1.0, 10.0, 100.0, 1_000.0)
BURSTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


def respond(bond: float, rule: str, enforced: bool, own: bool = False) -> Response:
    """The best length of the honest part, size of the false jobs and of the burst."""
    play = partial(long_con, bond=bond, rule=rule, enforced=enforced, own=own)
    return best(play, prefix=PREFIXES, size=SIZES, wanted=BURSTS)


def cons() -> Table:
    """Best response of the patient cheat with a bond that suffices for 1,000 jobs a day of payout
    1.
    """
    bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    rows = []
    for rule in ("count", "money"):
        for enforced in (False, True):
            found = respond(bond, rule, enforced)
            idle = found.value <= 0
            rows.append(
                [
                    f"by {rule}",
                    "yes" if enforced else "no",
                    *(
                        ("–",) * 3
                        if idle
                        else (
                            number(found.choice["prefix"], 6),
                            number(found.choice["size"], 4),
                            number(found.choice["wanted"], 4),
                        )
                    ),
                    number(max(0.0, found.value), 4),
                ]
            )
    return Table(
        "long-con",
        [
            "history",
            "cap by exposure",
            "honest jobs before",
            "payout of a false job",
            "false jobs",
            "earns, payouts of an honest job",
        ],
        rows,
    )


def newcomers() -> Table:
    """What H costs. An audit of a newcomer above the floor is paid from the job's payout."""
    rows = []
    for scale in (2.0, 5.0, 10.0, 20.0, 50.0):
        surcharge = [
            (audits(n, scale, CHOSEN.audit_floor) - CHOSEN.audit_floor * n)
            * CHOSEN.auditors
            * CHOSEN.audit_pay
            for n in (100, 1_000)
        ]
        rows.append(
            [
                number(scale),
                number(until_floor(scale, CHOSEN.audit_floor)),
                *(number(audits(n, scale, CHOSEN.audit_floor)) for n in (10, 100, 1_000)),
                percent(surcharge[0] / 100),
                percent(surcharge[1] / 1_000),
            ]
        )
    return Table(
        "newcomers",
        [
            "H",
            "jobs until the floor",
            "audits in 10 jobs",
            "in 100",
            "in 1,000",
            "of the fees of 100",
            "of 1,000",
        ],
        rows,
    )


def yearly_cost(p: float, jobs: float) -> float:
    """What auditing and the bond for it cost per job, as a share of its payout.

    Audits: p · m · replay · compute. Capital: the part Δ / p_eff of the bond, at interest, per job.
    The part of the bond that covers N · Δ does not depend on p.
    """
    audit = p * CHOSEN.auditors * given.REPLAY * given.COMPUTE
    capital = given.INTEREST / 365 / (given.BURNS * p * CHOSEN.detection * jobs)
    return audit + capital


def cheapest(jobs: float) -> float:
    """The p at which `yearly_cost` is least: √(capital / audit), at most 1."""
    audit = CHOSEN.auditors * given.REPLAY * given.COMPUTE
    capital = given.INTEREST / 365 / (given.BURNS * CHOSEN.detection * jobs)
    return min(1.0, float(np.sqrt(capital / audit)))


def floors() -> Table:
    """The floor that is cheapest, by volume of the worker."""
    rows = []
    for jobs in (1, 10, 50, 100, 1_000, 10_000):
        rows.append(
            [
                number(jobs),
                percent(cheapest(jobs)),
                *(percent(yearly_cost(p, jobs)) for p in (0.002, 0.005, 0.01, 0.02, 0.05)),
            ]
        )
    return Table(
        "floors",
        ["jobs of a worker a day", "cheapest p", "cost at 0.2 %", "0.5 %", "1 %", "2 %", "5 %"],
        rows,
    )


def sample_history(settings: Settings, jobs: int) -> float:
    """Audits of a newcomer's first jobs, drawn one by one; confirms `audits`."""
    rng = settings.generator("history")
    rounds = max(100, settings.samples // jobs)
    total = 0
    for done in range(jobs):
        p = by_money(float(done), 1.0, CHOSEN.history, CHOSEN.audit_floor)
        total += int(rng.binomial(rounds, p))
    return total / rounds


def draw_rule(axes) -> None:
    """p over what was paid."""
    paid = np.geomspace(1, 1e6, 200)
    for size in (1.0, 10.0, 100.0):
        axes.loglog(
            paid,
            [100 * by_money(x, size, CHOSEN.history, CHOSEN.audit_floor) for x in paid],
            label=f"payout {size:g}",
        )
    axes.set(xlabel="final payouts of the worker, AIPG", ylabel="probability of an audit, %")
    axes.legend()


def run(settings: Settings) -> Line:
    """All tables of this line."""
    bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    free, bound = respond(bond, "money", False), respond(bond, "money", True)
    sampled = Table(
        "newcomers-sampled",
        ["audits in 100 jobs", "sampled"],
        [
            [
                number(audits(100, CHOSEN.history, CHOSEN.audit_floor)),
                number(sample_history(settings, 100)),
            ]
        ],
        sampled=True,
    )
    return Line(
        "history",
        [cons(), newcomers(), sampled, floors()],
        [Picture("history", draw_rule)],
        [
            Attack(
                "Honest for long, then a burst of dear jobs",
                bool(bound.value > 1e-6),
                f"{number(max(0.0, bound.value))}",
                (bound if TODAY.exposure else free).value > 1e-6,
                "the same",
                f"{number(free.value)} payouts of an honest job, with no cap",
                "History alone does not protect: the cap by exposure does.",
            )
        ],
    )
