"""The starred parameters: design, choice, reason, how far each can move before an attack pays."""

from dataclasses import replace

from . import auditors, beacon, concentration, conduct, disputes, plans, power
from . import parameters as given
from .assignment import equilibrium_ask, nobody_fits
from .caps import HELD_DAYS, bond_by_exposure
from .history import cheapest
from .parameters import CHOSEN, TODAY
from .report import Attack, Table, number, percent
from .search import threshold


def detection_limit() -> float:
    """p_eff / p with a third of the auditors and a third of the slots against it."""
    return auditors.caught_when_redrawn(CHOSEN.auditors, given.ADVERSARY) * beacon.escape_factor(
        given.ADVERSARY, CHOSEN.audit_floor, CHOSEN.audit_beacon[0]
    )


def kappa_limit() -> float:
    """The default κ at which being paid for one's own audits starts to pay."""
    return threshold(
        lambda kappa: max(
            auditors.farm(p, 1.0, CHOSEN.audit_pay, kappa, True)
            for p in (1.0, 0.1, CHOSEN.audit_floor)
        )
        <= 1e-12,
        0.0,
        1.0,
    )


def listed_limit() -> float:
    """The κ at which the best plan of a self-dealer with a third of the capacity starts to pay."""
    return threshold(
        lambda kappa: max(
            plans.plans(given.ADVERSARY, replace(CHOSEN, listed_kappa=kappa)).values()
        )
        <= 1e-9,
        0.02,
        4.0,
    )


def slots_limit() -> float:
    """The share of slots at which a foreknown audit beacon comes once in 30 days."""
    return threshold(lambda x: beacon.days_between(x, CHOSEN.audit_beacon[0]) >= 30, 0.01, 0.9)


def draw_limit() -> float:
    """The part of workers drawn for verified power below which inventing all pays, if that does not
    draw for certain.
    """
    return 1 / (power.ZEROED_DAYS * CHOSEN.power_windows)


def takeover_limit() -> float:
    """The share of bonds at which a washer expects a third of the seats."""
    return threshold(lambda part: concentration.respond(part, CHOSEN)[1] <= 1 / 3, 0.01, 0.49)


BUILT = {
    "pay of auditors": "3/97 of the credit / (p · m), at most half of it, minted under the job's κ",
    "time to reveal": "1 h (mainnet), 10 blocks (local), 3 (dev); at most three draws",
    "score weights": "yes; success less 2 % for each failed check of power",
    "κ, listed": (
        "yes; on `dev` ≤ 2. The main network lists nothing, `dev` its demo model with 2"
    ),
    "capacity of a listed model, n": (
        "32 accounts, none with a third of the verified power; 1 on `local` and `dev`"
    ),
    "verified power": f"yes, {number(TODAY.power_windows)} windows a day",
    "private jobs": "no",
    "bootstrap lane": (
        "yes; what its jobs do not need, 16 waiting at a time, is not minted: by far the most of it"
    ),
    "classes B and C": "no",
}
"""What is built of the chosen, where it is not just that."""


def starred() -> Table:
    """One row for each number that the design leaves to the simulation."""
    floor_bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    half_bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor / 2, HELD_DAYS)
    rows = [
        [
            "audit probability, floor",
            "≥ 1 %",
            percent(CHOSEN.audit_floor),
            f"cheapest for a worker of 50 jobs a day ({percent(cheapest(50))})",
            (
                f"safe at any floor, as the bond makes up for it: at 0.5 % {number(half_bond)} Δ"
                f" instead of {number(floor_bond)} per 1,000 jobs a day"
            ),
        ],
        [
            "audit probability, rule",
            "newcomers at 100 %",
            f"max(floor, 1 / (1 + paid / ({number(CHOSEN.history)} · Δ)), 50 · Δ / bond)",
            "the last term is what makes cheating lose; history only prices newcomers",
            "H: any, 0 included",
        ],
        [
            "p_eff / p",
            "0.74",
            number(CHOSEN.detection),
            "cartel of a third, redraws, a third of the slots withholding",
            f"up to {number(detection_limit())}",
        ],
        [
            "cap of results that are not final",
            "the inequality",
            "their payouts ≤ bond / 5; payouts wait while one is challenged",
            "needs only a sum; 0.8 of S for payouts, 0.2 of S for Δ / p_eff",
            "bond / 4 with p to match; V counts 0",
        ],
        [
            "auditors m",
            "2",
            number(CHOSEN.auditors),
            (
                f"alone in {percent(auditors.alone(2.0))} of audits (m = 1:"
                f" {percent(auditors.alone(1.0))}), where nobody checks it"
            ),
            "1 still detects enough; above 2 each audit finds less for its pay",
        ],
        [
            "pay of auditors",
            "3 % of the budget",
            (
                "3 % is the ceiling; an audit pays at most half of the fee,"
                " above the floor the worker pays"
            ),
            "else own jobs are made to be audited",
            f"with default κ up to {percent(kappa_limit())}",
        ],
        [
            "time to reveal",
            "1 h",
            "1 h (mainnet), 6 blocks (local), 3 (dev)",
            "six draws within W / 3 on mainnet",
            "longer than W / 9 leaves too few draws",
        ],
        [
            "challenge window",
            "24 h",
            "24 h",
            "bonds grow with W + K",
            "shorter lets dear jobs go unlooked at",
        ],
        [
            "beacon of draws",
            "(2, 2)",
            "(2, 2); jobs with κ > β (12, 3)",
            "a draw won from oneself gains nothing while κ ≤ β",
            "κ > β: as for audits",
        ],
        [
            "beacon of audits",
            "(8, 3)",
            "(12, 3); local (4, 2), dev (2, 1)",
            (
                f"known in advance every {number(beacon.days_between(given.ADVERSARY, 12))} days to"
                " a third of the slots, with 8 every"
                f" {number(beacon.days_between(given.ADVERSARY, 8))}"
            ),
            f"{percent(slots_limit())} of the slots: every 30 days",
        ],
        [
            "candidates k",
            "–",
            number(CHOSEN.candidates) + ", by verified capacity, with replacement",
            (
                f"asks settle at {number(equilibrium_ask(4, 0.2, 0.1))} of max_price (2:"
                f" {number(equilibrium_ask(2, 0.2, 0.1))}, 8:"
                f" {number(equilibrium_ask(8, 0.2, 0.1))})"
            ),
            f"3 to 6; with 70 % busy {percent(nobody_fits(0.7, 4))} of draws find nobody",
        ],
        [
            "score weights",
            "–",
            (
                "price 0.1 to 1, success as today, latency and uptime"
                f" {number(1 - CHOSEN.conduct_span)} to 1 each, power none"
            ),
            (
                f"a job waits {number(conduct.wait(CHOSEN.conduct_span))} blocks instead of"
                f" {number(conduct.wait(0.0))}; base 0.25 raises asks to 0.85 of max_price; power is in"
                " the places already"
            ),
            (
                "any floor: looking fast pays with each, and brings less the higher it is; a factor"
                " of 1 to 4 wins 127 % more if faked"
            ),
        ],
        [
            "κ, default",
            "β = 2 %",
            percent(CHOSEN.kappa),
            "leaves 1 % for audits, and washing costs something",
            f"up to {percent(kappa_limit())}",
        ],
        [
            "κ, listed",
            "≤ 1/s − (1 − β)",
            f"≤ {number(CHOSEN.listed_kappa)}, applied to credit",
            "a third of capacity loses with every plan",
            f"up to {number(listed_limit())} at a third",
        ],
        [
            "capacity of a listed model, n",
            "–",
            "32 workers, none with a third of the verified power",
            "a number of accounts or bonds protects from nothing",
            "see the table of attacks",
        ],
        ["round", "10 blocks", "10 blocks", "no attack found that depends on it", "–"],
        [
            "chess clock",
            "6 h",
            "6 h",
            "a sham challenge holds pay for 6 h and costs 50 AIPG or more",
            "longer needs more bond: W + K",
        ],
        [
            "challenge bond",
            "2 · gain · absence",
            "max(50 AIPG, 1 % of the bond, fee of the job)",
            "covers the defence and an absence of 2 % twice",
            f"absences up to {percent(disputes.largest_absence(0.01, 1.0))}",
        ],
        [
            "bond of a third-party trace",
            "–",
            "the same",
            (
                "a sham trace stalls by both clocks: interest of"
                f" {percent(disputes.stalling_gain(1.0), 2)} of the worker's bond, while payouts"
                " wait"
            ),
            f"down to {percent(disputes.stalling_gain(1.0), 2)} of the worker's bond",
        ],
        [
            "traces, their time, chunks",
            "8, 24 h, 4",
            "no limit by number, 24 h, 8 of 8 KiB (as built)",
            "each takes a bond and prepaid bytes",
            "–",
        ],
        [
            "fuse",
            "3 workers",
            "3 workers with 1 % of all bonds together",
            f"three of 100 AIPG cost {number(disputes.fuse_cost(100.0))} AIPG",
            "0.1 % costs a tenth of it",
        ],
        [
            "verified power",
            "1 %, 8 tiles",
            (
                f"{percent(CHOSEN.power_draw)}, 8 tiles, 4 windows a day; for certain newcomers"
                " in their first 8, and claims above 1.25 times what was proven"
            ),
            "inventing a fifth loses 10 times what it gains, inventing more is found at once",
            f"{percent(draw_limit())} at 4 windows a day",
        ],
        [
            "private jobs",
            "p doubles",
            "p doubles",
            (
                "makes up for voluntary checkers of"
                f" {percent(auditors.private_checkers(CHOSEN.audit_floor * CHOSEN.detection))} of"
                " the jobs"
            ),
            "more if more are checked",
        ],
        [
            "bootstrap lane",
            "small, decaying",
            "1 % of the budget, halved every 30 days, ends after 180; by verified power",
            f"{number(sum(power.lane(float(d)) for d in range(180)))} AIPG in all",
            "drawn by account it is farmed",
        ],
        [
            "seats",
            "√credit · √(bond + stake)",
            (
                "the same; credit counts at most 4 times the median per bonded"
                " AIPG; 100 seats, a third an era"
            ),
            "unlimited credit can be washed",
            f"{percent(takeover_limit())} of the bonds get a third of the seats",
        ],
        [
            "classes B and C",
            "0.5; 0.25, ≤ 20 %",
            "as in the design",
            "not judged: no back end to measure",
            "–",
        ],
    ]
    return Table(
        "starred",
        ["parameter", "design", "chosen", "why", "how far it can move", "built"],
        [[*row, BUILT.get(row[0], "yes")] for row in rows],
    )


def pays(attacks: list[Attack]) -> Table:
    """Attacks that pay under the chosen rules."""
    return Table(
        "attacks-that-pay",
        ["attack", "earns", "today", "before", "what to conclude"],
        [[a.name, a.earns, a.today, a.before, a.conclusion] for a in attacks if a.pays],
    )


def closed(attacks: list[Attack]) -> Table:
    """Attacks that do not; those that pay today first."""
    rest = sorted((a for a in attacks if not a.pays), key=lambda a: not a.pays_today)
    return Table(
        "attacks-closed",
        ["attack", "earns at best", "pays today", "today", "before", "because"],
        [
            [
                a.name,
                a.earns,
                "**yes**" if a.pays_today else "no",
                a.today,
                a.before,
                a.conclusion,
            ]
            for a in rest
        ],
    )
