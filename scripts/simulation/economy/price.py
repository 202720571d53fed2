"""The token loses 80 %: what still holds.

Requesters pay in AIPG what the work is worth outside, so fees in AIPG rise to five times; bonds,
charges and governed figures stay as numbers of AIPG and are worth a fifth. A condition that
compares AIPG with AIPG holds as before; one that compares a fixed number with a price of the world
outside does not.
"""

from . import parameters as given
from .beacon import worth
from .caps import HELD_DAYS, bond_by_exposure
from .disputes import ABSENCE, accuse, challenge_bond, covers_replay, fuse_bond, fuse_cost
from .parameters import BEFORE, CHOSEN, TODAY
from .report import Attack, Line, Picture, Table, number
from .settings import Settings

FALL = 0.2
"""The price after by the price before."""


def jobs_for(bond: float, payout: float) -> float:
    """Jobs a day that the cap allows with this bond."""
    return (1 - CHOSEN.reserve) * given.BURNS * bond / (payout * HELD_DAYS)


def minted(fee: float, index: float) -> float:
    """Credit of a job by its fee: min(index price, ask) where the ask was 1 before."""
    return min(index, fee) / fee


def conditions() -> Table:
    """Margins before and after; a margin under 1 fails."""
    bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    before, after = 1.0, 1.0 / FALL
    fixed = BEFORE.challenge_minimum
    fuse = fuse_cost(fuse_bond(TODAY))
    rows = [
        [
            "false results do not pay (cap by exposure)",
            "1",
            "1",
            (
                f"holds; the cap falls from {number(jobs_for(bond, before))} to"
                f" {number(jobs_for(bond, after))} jobs a day until bonds are raised"
            ),
        ],
        [
            "smallest bond suffices for one job, in jobs",
            number(given.MINIMUM_BOND / 50),
            number(given.MINIMUM_BOND / 50 / after),
            "holds; a newcomer's largest job is a fifth",
        ],
        [
            "challenge bond pays the defence (fee 100)",
            number(covers_replay(challenge_bond(100.0, 100, CHOSEN), 100)),
            number(covers_replay(challenge_bond(100.0, 100 * after, CHOSEN), 100 * after)),
            "holds: it follows the fee",
        ],
        [
            "the same, 50 AIPG flat (before)",
            number(covers_replay(fixed, 100)),
            number(covers_replay(fixed, 100 * after)),
            "fails for dear jobs, before and after",
        ],
        [
            "false accusations do not pay, by bond",
            number(challenge_bond(bond, 1.0, CHOSEN) / (ABSENCE * given.REWARDS * bond)),
            number(challenge_bond(bond, 5.0, CHOSEN) / (ABSENCE * given.REWARDS * bond)),
            "holds: AIPG with AIPG",
        ],
        [
            "a bribe of 10 AIPG of before for one answer (S · p_eff)",
            number(bond * given.BURNS * CHOSEN.audit_floor * CHOSEN.detection / 10),
            number(bond * given.BURNS * CHOSEN.audit_floor * CHOSEN.detection / 50),
            "what comes from outside weighs five times as much",
        ],
        [
            "withholding a block does not pay, gain 500 of before, w = 90 %",
            number(given.AUTHOR_REWARD / (0.9 * 500)),
            number(given.AUTHOR_REWARD / (0.9 * 500 * after)),
            "what a block earns is worth a fifth",
        ],
        [
            "credit follows the fee (index price as before)",
            number(minted(before, 1.0)),
            number(minted(after, 1.0)),
            "mint per fee falls to a fifth; governance raises the index price",
        ],
        [
            "registering 16 accounts, in jobs",
            number(16 * 200),
            number(16 * 200 / after),
            "accounts cost a fifth; only draws by account care",
        ],
        [
            "blowing the fuse (1 % of 10 million bonded), in jobs",
            number(fuse),
            number(fuse / after),
            "a fifth",
        ],
    ]
    return Table("price", ["condition", "margin before", "after −80 %", "what follows"], rows)


def draw_jobs(axes) -> None:
    """Jobs a day of a bond over the price."""
    prices = [1.0, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1]
    for bond in (1_000.0, 10_000.0, 100_000.0):
        axes.plot(
            [100 * x for x in prices],
            [jobs_for(bond, 1 / x) for x in prices],
            label=f"bond of {bond:,.0f} AIPG",
        )
    axes.set(xlabel="price of AIPG, % of before", ylabel="jobs a day under the cap", yscale="log")
    axes.legend()


def run(settings: Settings) -> Line:
    """All tables of this line; nothing here is sampled."""
    del settings
    bond = bond_by_exposure(1_000, 1.0, CHOSEN.audit_floor, HELD_DAYS)
    dear = covers_replay(BEFORE.challenge_minimum, 500.0)
    now = accuse(challenge_bond(bond, 5.0, TODAY), bond, ABSENCE)
    accused = accuse(challenge_bond(bond, 5.0, CHOSEN), bond, ABSENCE)
    return Line(
        "price",
        [conditions()],
        [Picture("price", draw_jobs)],
        [
            Attack(
                "Cheating or accusing after −80 %",
                accused > 0,
                f"{number(accused)} AIPG for an accuser; the cap holds",
                now > 0,
                "the same",
                f"a defender of a job of 500 AIPG got {number(dear)} of what it spent",
                "Bonds and fees are both AIPG: nothing to do but to tell workers that their caps"
                " shrank.",
            ),
            Attack(
                "Withholding blocks after −80 %",
                worth(0.9, 2_500.0),
                f"pays when {number(FALL * given.AUTHOR_REWARD / 0.9)} AIPG of before hang on a"
                " beacon",
                True,
                "the same",
                "the same",
                "The cap counts on it (0.4 p).",
            ),
        ],
    )
