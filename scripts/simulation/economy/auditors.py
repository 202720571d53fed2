"""Auditors: lazy, copying, in a cartel, and paid too much.

An audited result gets a Poisson number of auditors (mean m, by stake). A part a is the cheat's:
they reveal that all is well. The others find what is false. If nobody reveals, the draw is
repeated.

**Proof of looking.** An auditor commits a keyed hash over the roots of all ops, then reveals the
root of the op that the beacon names. A *guessing* auditor has no roots: it is exposed when another
honest one reveals. A *copying* one gets the list of roots from the worker (450 · 32 bytes) and
computes nothing; it says what the worker says, so it is as good as a member of the cartel, unless
the key enters the hash of the leaves, for then it would have to fetch the whole trace.
"""

import numpy as np

from . import parameters as given
from .beacon import escape_factor
from .caps import HELD_DAYS, bond_by_exposure
from .cheating import looked_at
from .parameters import CHOSEN, TODAY
from .report import Attack, Line, Picture, Table, number, percent
from .search import threshold
from .settings import Settings

REPLAY_COST = given.REPLAY * given.COMPUTE
"""What an audit costs, as a share of the fee of the job."""


def caught_when_redrawn(auditors: float, cartel: float) -> float:
    """P(an honest one | at least one reveals): (1 − e^(−m(1−a))) / (1 − e^(−m))."""
    return looked_at(auditors, cartel) / looked_at(auditors, 0.0)


def alone(auditors: float) -> float:
    """P(exactly one | at least one): m · e^(−m) / (1 − e^(−m)). Nobody checks what it reveals."""
    return auditors * np.exp(-auditors) / looked_at(auditors, 0.0)


def sample_audit(rng: np.random.Generator, auditors: float, cartel: float, samples: int) -> float:
    """Draws auditors, again while there is nobody; share of results that an honest one sees."""
    honest = np.zeros(samples, dtype=bool)
    waiting = np.arange(samples)
    while len(waiting):
        good = rng.poisson(auditors * (1 - cartel), len(waiting))
        bad = rng.poisson(auditors * cartel, len(waiting))
        honest[waiting] = good > 0
        waiting = waiting[good + bad == 0]
    return float(honest.mean())


def guess_penalty(auditors: float, cartel: float) -> float:
    """Penalty (in fees of the job) from which guessing does not pay: replay / P(another honest
    one).
    """
    return REPLAY_COST / looked_at(auditors, cartel)


def false_share(auditors: float, lazy: float, loss: float) -> float:
    """Share of false results at which a copying auditor is indifferent.

    It saves the replay and loses `loss` (its penalty, and its part of a conviction's reward that it
    does not get) where a result is false and another honest auditor sees it. In equilibrium so
    many results are false; with none, nobody would look.
    """
    return REPLAY_COST / (loss * looked_at(auditors, lazy))


def tolerated_laziness(escape: float) -> float:
    """The share of cartel and copiers together at which p_eff is still what the cap counts on."""
    return threshold(
        lambda a: caught_when_redrawn(CHOSEN.auditors, a) * escape >= CHOSEN.detection, 0.0, 1.0
    )


def farm(p: float, share: float, pay: float, kappa: float, surcharge: bool) -> float:
    """Profit per fee of a self-dealer that also audits: own jobs are made to be audited.

    `share` of the auditors' stake. Audits above the floor are paid by the worker if `surcharge`.
    The jobs are its own from end to end (unlisted model of its own): s = 1.
    """
    audits = p * CHOSEN.auditors * pay
    paid = max(0.0, p - CHOSEN.audit_floor) * CHOSEN.auditors * pay if surcharge else 0.0
    return kappa - given.BETA + share * audits - paid


def affordable(fees: float, pay: float) -> float:
    """Mean p that 3 % of the useful-work budget pays for, with so many AIPG of fees a day."""
    budget = 0.03 * given.ROUND_BUDGET / given.ROUND_BLOCKS * given.BLOCKS_A_DAY
    return budget / (fees * CHOSEN.auditors * pay)


def cartels(settings: Settings) -> Table:
    """Detection by m and a."""
    rows = []
    for m in (1.0, 2.0, 3.0, 4.0):
        for a in (0.1, given.ADVERSARY, 0.5, 0.67):
            rng = settings.generator(f"cartel {m} {a}")
            rows.append(
                [
                    number(m),
                    percent(a),
                    percent(looked_at(m, a)),
                    percent(caught_when_redrawn(m, a)),
                    percent(sample_audit(rng, m, a, settings.samples)),
                    percent(np.exp(-m)),
                    percent(alone(m)),
                    percent(looked_at(m, a) / m),
                ]
            )
    return Table(
        "cartel",
        [
            "m",
            "cartel a",
            "honest one drawn",
            "with redraws",
            "sampled",
            "nobody drawn",
            "one alone",
            "detection per audit paid",
        ],
        rows,
        sampled=True,
    )


def laziness() -> Table:
    """Equilibrium of copying."""
    rows = []
    for loss in (1.0, 10.0, 100.0, 1_000.0):
        rows.append(
            [
                number(loss),
                *(
                    percent(min(1.0, false_share(CHOSEN.auditors, lazy, loss)))
                    for lazy in (0.0, given.ADVERSARY, 0.67)
                ),
            ]
        )
    return Table(
        "lazy",
        [
            "loss of a copier that is exposed, in fees",
            "results false, nobody copies",
            "a third copies",
            "two thirds copy",
        ],
        rows,
    )


def farming() -> Table:
    """Audit pay as income of a self-dealer."""
    rows = []
    for p in (1.0, 0.1, 0.01):
        for share in (0.05, given.ADVERSARY, 1.0):
            rows.append(
                [
                    percent(p),
                    percent(share),
                    *(
                        number(farm(p, share, CHOSEN.audit_pay, kappa, surcharge))
                        for kappa, surcharge in (
                            (given.BETA, False),
                            (CHOSEN.kappa, False),
                            (CHOSEN.kappa, True),
                        )
                    ),
                ]
            )
    return Table(
        "audit-farming",
        [
            "p",
            "own share of auditors",
            "κ = 2 %, paid by emission",
            "κ = 1 %, paid by emission",
            "κ = 1 %, above the floor by the worker",
        ],
        rows,
    )


def pay() -> Table:
    """What the budget allows."""
    rows = []
    for fees in (1e4, 1e5, 1e6, 1e7, 1e8):
        rows.append(
            [
                number(fees),
                percent(min(9.99, affordable(fees, CHOSEN.audit_pay))),
                number(CHOSEN.audit_floor * fees * CHOSEN.auditors * CHOSEN.audit_pay),
                number(0.03 * given.ROUND_BUDGET / given.ROUND_BLOCKS * given.BLOCKS_A_DAY),
            ]
        )
    return Table(
        "audit-pay",
        [
            "fees a day, AIPG",
            "mean p that 3 % of the budget pays (at most 999 %)",
            "cost of p = 1 %, AIPG a day",
            "3 % of the budget, AIPG a day",
        ],
        rows,
    )


def unaudited(rounds: int) -> float:
    """Probability that nobody reveals in so many draws."""
    return float(np.exp(-CHOSEN.auditors * rounds))


def private_checkers(p_eff: float) -> float:
    """Share of public jobs that voluntary checkers may look at before doubling p for private ones
    is less.

    1 − (1 − p_eff)(1 − v) = 2 · p_eff at v = p_eff / (1 − p_eff).
    """
    return p_eff / (1 - p_eff)


PRESETS = (
    # name, W, blocks of the audit beacon, blocks to reveal
    ("mainnet", 1_440, CHOSEN.audit_beacon[0], 60),
    ("local", 100, 4, 6),
    ("dev", 15, 2, 3),
)


def windows() -> Table:
    """Whether an audit fits the first third of the window, in which blobs can still be demanded."""
    rows = []
    for name, window, blocks, reveal in PRESETS:
        rounds = window // 3 // (blocks + reveal)
        rows.append(
            [
                name,
                number(window, 4),
                number(blocks),
                number(reveal),
                number(rounds),
                percent(unaudited(rounds)),
            ]
        )
    return Table(
        "audit-windows",
        [
            "preset",
            "W, blocks",
            "beacon, blocks",
            "reveal, blocks",
            "draws within W / 3",
            "nobody reveals",
        ],
        rows,
    )


def draw_cartel(axes) -> None:
    """Detection over the cartel's share."""
    share = np.linspace(0, 1, 101)
    for m in (1.0, 2.0, 4.0):
        axes.plot(100 * share, [100 * looked_at(m, a) for a in share], label=f"m = {m:g}")
    axes.axvline(100 * given.ADVERSARY, color="grey", linestyle=":", linewidth=1)
    axes.set(
        xlabel="cartel and copiers, % of auditors' stake", ylabel="an honest auditor is drawn, %"
    )
    axes.legend()


def run(settings: Settings) -> Line:
    """All tables of this line."""
    stake = given.BURNS * bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    found = false_share(CHOSEN.auditors, given.ADVERSARY, stake)
    bound = tolerated_laziness(
        escape_factor(given.ADVERSARY, CHOSEN.audit_floor, CHOSEN.audit_beacon[0])
    )
    worst = max(farm(p, 1.0, CHOSEN.audit_pay, CHOSEN.kappa, True) for p in (1.0, 0.1, 0.01))
    before = farm(1.0, given.ADVERSARY, CHOSEN.audit_pay, TODAY.kappa, False)
    return Line(
        "auditors",
        [cartels(settings), laziness(), farming(), pay(), windows()],
        [Picture("auditors", draw_cartel)],
        [
            Attack(
                "Guessing instead of replaying",
                False,
                f"a penalty above {number(guess_penalty(CHOSEN.auditors, given.ADVERSARY))} of the"
                " fee deters it",
                False,
                "no audits yet",
                "Slash an auditor whose root a dispute refutes: a quarter of its bond, at least 100"
                " times the fee.",
            ),
            Attack(
                "Copying the worker's roots",
                True,
                f"saves {number(REPLAY_COST)} of the fee per audit while fewer than"
                f" {percent(found)} of results are false",
                True,
                "the same, for 14 KiB of roots",
                "Key the leaves, not the list of roots; then a copy is the whole trace. Copiers"
                f" count as cartel: the cap bears {percent(bound)} of both together.",
            ),
            Attack(
                "Self-dealing to be paid for audits",
                worst > 1e-9,
                f"{number(worst)} of the fee",
                before > 0,
                f"{number(before)} of the fee (newcomer, a third of the auditors)",
                "κ default 1 %; pay for an audit is half the fee at most; above the floor the"
                " worker pays.",
            ),
        ],
    )
