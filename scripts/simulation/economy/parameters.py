"""The figures of the economy: those of design and runtime, those chosen here, and assumptions.

A chosen figure is read from `CHOSEN` by every module, so changing one there changes every table
that depends on it, and a test says which attack then pays.
"""

from dataclasses import dataclass, replace

# --- The public network: runtime/src/genesis.rs, pallets/chain-parameters, pallets/emission.

BLOCKS_A_DAY = 1_440
"""Blocks of 60 s."""
BLOCK_REWARD = 5_000.0
"""AIPG a block before the first halving."""
USEFUL_WORK_SHARE = 0.75
AUTHOR_SHARE = 0.20
ROUND_BLOCKS = 10
DIFFICULTY = 1_000.0
"""Credit per round (AIPG) under which the price of credit no longer rises."""
ROUND_BUDGET = BLOCK_REWARD * USEFUL_WORK_SHARE * ROUND_BLOCKS
AUTHOR_REWARD = BLOCK_REWARD * AUTHOR_SHARE
"""AIPG that an author loses by withholding a block, besides fees."""

AUDITORS_PART = 3 / 97
"""What all audits of a job earn on average by what the job does: 3 % of everything."""

POWER_INTERVAL = 360
"""Blocks without a window of verified power until one opens, on average."""
POWER_LASTS = 5 + 3 + 30
"""Blocks of a window: to commit, until its beacon can be there, to prove."""

WINDOW_DAYS = 1.0
"""W: a result may be challenged until it is this old."""
CLOCK_DAYS = 0.25
"""K: the chess clock of one side."""
CONVICTION_DAYS = 2 * WINDOW_DAYS
"""A result that nobody stands for is false at 2·W; with a false trace, at most 2·K later."""

# --- Where a fee goes: FeeSplit::STANDARD.

WORKER = 0.92
CREATOR = 0.05
BURNED = 0.015
STAKERS = 0.005
TREASURY = 0.005
REFERRER = 0.005
BETA = BURNED + STAKERS
"""β: what never returns to a party that is requester, worker, creator and referrer at once. If all
stake is its own, the stakers' share returns but the treasury's does not: the same 2 %."""

# --- Bonds and charges: runtime/src/configs/work.rs.

MINIMUM_BOND = 100.0
REGISTRATION_FEE = 100.0
CONVICTION = 0.50
"""Part of the bond that is taken when a result is proven false; half of it burns."""
BURNS = 0.25
REWARDS = 0.25
"""Part of the bond that goes to challengers: possibly the cheat's own, so it deters nobody."""

# --- Assumptions, each varied in the line that uses it.

COMPUTE = 0.6
"""What computing a job costs an honest worker, as a share of its fee."""
REPLAY = 0.7
"""Cost of a replay by that of generating: docs/measurements.md (0.65 to 0.77)."""
TRACE = 1.15
"""Cost of rebuilding a trace by that of a prefill: docs/measurements.md."""
INTEREST = 0.20
"""What capital costs a year."""
ADVERSARY = 1 / 3
"""The largest share of seats, of auditors' stake and of capacity that one party is assumed to have.
"""


@dataclass(frozen=True)
class Rules:
    """What the simulation can choose. See docs/simulation.md for each."""

    # Audits
    audit_floor: float
    """Least probability that a result is audited."""
    history: float
    """H: p = max(floor, 1 / (1 + paid / (H · payout))), paid: final payouts of the worker."""
    auditors: float
    """m: auditors expected per audit."""
    audit_pay: float
    """Pay of one auditor as a share of the fee of the job, at most."""
    audit_minted: bool
    """Whether that is minted as a part of the job's credit, under its κ (else paid as it is, and
    above the floor by the worker).
    """
    audit_part: float
    """3/97: what all audits of a job earn on average by its credit, where they are minted."""
    detection: float
    """p_eff / p that the cap of a worker counts on."""
    # Beacons: blocks, authors
    assignment_beacon: tuple[int, int]
    audit_beacon: tuple[int, int]
    listed_beacon: tuple[int, int]
    """Draws of jobs whose κ is above β."""
    # The cap of a worker
    reserve: float
    """Part of S that is kept for one job's Δ / p_eff; the rest covers the payouts that wait."""
    exposure: bool
    """Whether there is a cap by exposure at all."""
    holds_payouts: bool
    """Whether payouts of a worker wait while one of its results is challenged."""
    # Emission
    kappa: float
    """κ of a model that governance did not list."""
    listed_kappa: float
    """Largest κ that governance can list."""
    mint_by_credit: bool
    """Whether mint ≤ κ · credit (else κ · fee)."""
    filter_voids: str
    """When a job whose price, region or level excludes others has κ = κ default: "never", "seen"
    (one of them is among the candidates of its draw), or "always".
    """
    bond_voids: bool
    """Whether a machine whose bond is too small for a job is excluded by it, as by a filter."""
    input_charge: float
    """Share of the price that an input that stays away costs where κ > β."""
    input_draws: int
    """Draws that a job of such a model has until then."""
    miss_voids: bool
    """Whether such a job has κ = κ default from the first draw on whose worker had no input."""
    # Assignment
    candidates: int
    base_score: float
    """Score of the dearest fitting worker; the cheapest has 1."""
    conduct_span: float
    """Part of its score that who uses all of its time loses by that, and who attends nothing."""
    by_capacity: bool
    """Whether candidates are drawn by verified capacity (else by account)."""
    in_turn: int
    """Accounts that one machine can serve in turn, each with all of its power: the windows in a row
    that have to be missed until power lapses.
    """
    # Disputes
    challenge_minimum: float
    challenge_of_bond: float
    challenge_of_fee: float
    # Seats
    credit_multiple: float
    """Credit that a seat counts, at most: this multiple of the median credit per bonded AIPG, by
    bonds.
    """
    # Verified power
    power_draw: float
    power_tiles: int
    power_windows: float
    power_leap: float
    """Claims above so many times what was last proven are drawn for certain."""
    fuse_share: float
    """Part of all bonds that the workers who blow the fuse have together, at least."""


INFINITY = float("inf")

BEFORE = Rules(
    audit_floor=0.01,
    history=0.0,
    auditors=2.0,
    audit_pay=0.5,
    audit_minted=False,
    audit_part=AUDITORS_PART,
    detection=0.74,
    reserve=0.0,
    assignment_beacon=(2, 2),
    audit_beacon=(8, 3),
    listed_beacon=(2, 2),
    exposure=False,
    holds_payouts=False,
    kappa=BETA,
    listed_kappa=2.0,
    mint_by_credit=False,
    filter_voids="never",
    bond_voids=False,
    input_charge=0.02,
    input_draws=3,
    miss_voids=False,
    candidates=4,
    base_score=0.1,
    conduct_span=0.0,
    by_capacity=False,
    in_turn=1,
    challenge_minimum=50.0,
    challenge_of_bond=0.0,
    challenge_of_fee=0.0,
    credit_multiple=INFINITY,
    power_draw=0.01,
    power_tiles=8,
    power_windows=1.0,
    power_leap=INFINITY,
    fuse_share=0.0,
)
"""The runtime before there were audits, and the design's value where nothing was built then: what
each rule is worth shows against it.
"""

CHOSEN = Rules(
    audit_floor=0.01,
    history=5.0,
    auditors=2.0,
    audit_pay=0.5,
    audit_minted=False,
    audit_part=AUDITORS_PART,
    detection=0.4,
    reserve=0.2,
    assignment_beacon=(2, 2),
    audit_beacon=(12, 3),
    listed_beacon=(12, 3),
    exposure=True,
    holds_payouts=True,
    kappa=0.01,
    listed_kappa=1.0,
    mint_by_credit=True,
    filter_voids="always",
    bond_voids=True,
    input_charge=1.0,
    input_draws=1,
    miss_voids=True,
    candidates=4,
    base_score=0.1,
    conduct_span=0.5,
    by_capacity=True,
    in_turn=1,
    challenge_minimum=50.0,
    challenge_of_bond=0.01,
    challenge_of_fee=1.0,
    credit_multiple=4.0,
    power_draw=0.02,
    power_tiles=8,
    power_windows=4.0,
    power_leap=1.25,
    fuse_share=0.01,
)
"""What the simulation recommends."""

TODAY = replace(
    CHOSEN,
    # useful-work, `auditors_line`
    audit_minted=True,
    # worker-registry, `is_open` of a draw
    filter_voids="seen",
    # job-escrow: an open job of a listed model ends at the first demand that nobody answers
    input_charge=1.0,
    input_draws=1,
    # chain-parameters of the main network
    power_windows=BLOCKS_A_DAY / (POWER_INTERVAL + POWER_LASTS),
)
"""What the present runtime does, with the figures of the main network. Where nothing is built that
the simulation could read, the lines say so.
"""
