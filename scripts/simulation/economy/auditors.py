"""Auditors: lazy, copying, in a cartel, and paid too much.

An audited result gets a Poisson number of auditors (mean m, by stake). A part a is the cheat's:
they reveal that all is well. The others find what is false. If nobody reveals, the draw is
repeated.

**Proof of looking.** In the design an auditor commits a keyed hash over the roots of all ops, then
reveals the root of the op that the beacon names. As built it commits, salted, to the root of the
whole trace, then the worker names that root. A *guessing* auditor has no root: it is exposed by
another honest one or, as built, by the worker. A *copying* one gets the roots from the worker and
computes nothing; it says what the worker says, so it is as good as a member of the cartel, unless a
key enters the hash of the leaves, for then it would have to fetch the whole trace.

**Pay.** As built an audit mints 3/97 of the job's credit, divided by p · m, at most half of it,
under the κ of the job. So it cannot be farmed; but where κ is small it is less than a replay costs.
"""

import numpy as np

from . import parameters as given
from .beacon import escape_factor
from .caps import HELD_DAYS, bond_by_exposure
from .cheating import looked_at
from .parameters import BEFORE, CHOSEN, TODAY, Rules
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


def minted(p: float, kappa: float, rules: Rules) -> float:
    """What one audit earns as built, as a share of the fee: `auditors_line` under κ · credit."""
    return kappa * min(rules.audit_part / (p * rules.auditors), rules.audit_pay)


def farm_minted(p: float, share: float, kappa: float, rules: Rules) -> float:
    """Profit per fee of a self-dealer that also audits, where audits are minted under κ."""
    return kappa - given.BETA + share * p * rules.auditors * minted(p, kappa, rules)


def income(p: float, kappa: float, rules: Rules) -> float:
    """What one audit earns, as a share of the fee of the job."""
    return minted(p, kappa, rules) if rules.audit_minted else rules.audit_pay


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
                    number(farm_minted(p, share, TODAY.kappa, TODAY)),
                ]
            )
    return Table(
        "audit-farming",
        [
            "p",
            "own share of auditors",
            "κ = 2 %, paid by emission",
            "κ = 1 %, paid by emission",
            "κ = 1 %, above the floor by the worker (chosen)",
            "κ = 1 %, minted under κ (today)",
        ],
        rows,
    )


def incomes() -> Table:
    """What an audit earns by what it costs."""
    rows = []
    for p in (1.0, 0.1, 0.0309, 0.01):
        rows.append(
            [
                percent(p),
                percent(REPLAY_COST),
                *(percent(income(p, kappa, TODAY)) for kappa in (TODAY.kappa, 1.0, 2.0)),
                percent(income(p, CHOSEN.kappa, CHOSEN)),
            ]
        )
    return Table(
        "audit-income",
        [
            "p",
            "a replay costs, of the fee",
            "an audit earns today: κ = 1 %",
            "κ = 1",
            "κ = 2",
            "chosen, any κ",
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


MOST_DRAWS = 3


def draws_built(window: int, beacon: int) -> int:
    """Draws of an audit as built: at most three, all of it within 4/5 of the window.

    Each takes the beacon (a block more than it folds) and a part to commit, the last one besides
    two parts to attest and to reveal. A part is W / 24, but at least min(W / 5, 10).
    """
    part = max(window // 24, min(window // 5, 10))
    room = window - window // 5 - 2 * part
    return min(MOST_DRAWS, room // (beacon + 1 + part))


def windows() -> Table:
    """Whether an audit fits the first third of the window, in which blobs can still be demanded;
    and the draws of the runtime.
    """
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
                number(draws_built(window, blocks)),
                percent(unaudited(draws_built(window, blocks))),
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
            "draws today",
            "nobody replies",
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
    before = farm(1.0, given.ADVERSARY, CHOSEN.audit_pay, BEFORE.kappa, False)
    built = max(farm_minted(p, 1.0, TODAY.kappa, TODAY) for p in (1.0, 0.1, 0.01))
    best_pay = max(income(p, TODAY.kappa, TODAY) for p in (1.0, 0.1, 0.01))
    chosen_pay = income(1.0, CHOSEN.kappa, CHOSEN)
    return Line(
        "auditors",
        [cartels(settings), laziness(), farming(), incomes(), pay(), windows()],
        [Picture("auditors", draw_cartel)],
        [
            Attack(
                "Guessing instead of replaying",
                False,
                f"a penalty above {number(guess_penalty(CHOSEN.auditors, given.ADVERSARY))} of the"
                " fee deters it",
                False,
                "earns nothing, and costs half of the bond: the worker names the root",
                "no audits",
                "The worker attests the root of its trace after auditors have committed, so whoever"
                " guessed is wrong.",
            ),
            Attack(
                "Auditors that do not reply",
                chosen_pay < REPLAY_COST,
                f"an audit earns {percent(chosen_pay)} of the fee and costs {percent(REPLAY_COST)}",
                best_pay < REPLAY_COST,
                f"an audit earns at most {percent(best_pay)} of the fee, with κ = 1 %, and costs"
                f" {percent(REPLAY_COST)}; not to reply costs nothing",
                "no audits",
                "Pay an audit half of the fee, above the floor out of the worker's part. Until then"
                " auditors work for the reward of what they find, or for the chain's sake.",
            ),
            Attack(
                "Copying the worker's roots",
                True,
                f"saves {number(REPLAY_COST)} of the fee per audit while fewer than"
                f" {percent(found)} of results are false",
                True,
                "the same, for the 32 bytes of the trace's root",
                "the same, for 14 KiB of roots",
                "Key the leaves; then a copy is the whole trace (not built). Copiers"
                f" count as cartel: the cap bears {percent(bound)} of both together.",
            ),
            Attack(
                "Self-dealing to be paid for audits",
                worst > 1e-9,
                f"{number(worst)} of the fee",
                built > 1e-9,
                f"{number(built)} of the fee",
                f"{number(before)} of the fee (newcomer, a third of the auditors)",
                "κ default is 1 %, and an audit is minted under the κ of its job.",
            ),
        ],
    )
