"""Re-rolling an assignment: what requester and worker can repeat until they like the draw.

**Requester.** After the draw the price comes back only through a worker's failure. A worker that
cannot get the input says so, and is free of the job at no cost if the input stays away; the job is
drawn again, and the third time ends it and costs the requester a part of the price. So a requester
could look at up to three draws and withhold its input from the workers it does not want.

**Worker.** Nobody can tell whether an input was really missing: a worker could decline any job that
way, unpenalised.

**Voided.** It is not enough that a job whose input was missing once has κ default from then on: the
first look is free then. Who is not drawn withholds, and loses 2 % instead of the fee.

**Today, as chosen.** A missing input is a demand: whoever has it publishes it on chain within a
window. Where κ is at most β what stays away is drawn again, three times. An open job of a listed
model ends at once, for the whole price. And no false claim, as the worker then has its input.
"""

from dataclasses import replace

import numpy as np

from . import parameters as given
from .parameters import BEFORE, CHOSEN, TODAY, Rules
from .report import Attack, Line, Picture, Table, number, percent
from .search import threshold
from .settings import Settings

UNLISTED = replace(TODAY, input_charge=0.02, input_draws=3)
"""job-escrow where κ is at most β: MAX_INPUT_MISSES, InputMissCharge; and what it would be for others
if a missing input only took the listed κ from a job."""

LOST = 1 - given.CREATOR - given.REFERRER
"""What a fee of 1 costs when another worker does the job."""


def value_of_withholding(win: float, rules: Rules, kappa: float | None = None) -> float:
    """Profit of a self-dealer per fee.

    Where κ is at most β, three draws and 2 % hold whatever the rules for listed models are.
    """
    kappa = rules.listed_kappa if kappa is None else kappa
    rules = rules if kappa > given.BETA else UNLISTED
    return induct(win, rules.input_charge, kappas(rules, kappa))


def kappas(rules: Rules, kappa: float) -> list[float]:
    """κ of the job in each of its draws."""
    later = min(kappa, rules.kappa) if rules.miss_voids else kappa
    return [kappa] + [later] * (rules.input_draws - 1)


def induct(win: float, charge: float, draws: list[float]) -> float:
    """Profit by backward induction over draws, each with its κ.

    After a lost draw it supplies the input (−0.945) or withholds it; after the last draw the charge
    is due.
    """
    value = -charge
    for kappa in reversed(draws):
        value = win * max(kappa - given.BETA, value) + (1 - win) * max(-LOST, value)
    return value


def limit_of(win: float, rules: Rules) -> float:
    """κ up to which withholding does not pay where a missing input voids it."""
    after = induct(win, rules.input_charge, kappas(rules, rules.kappa)[1:])
    return given.BETA + max(0.0, (1 - win) / win * -max(-LOST, after))


def sample_withholding(settings: Settings, win: float, rules: Rules) -> float:
    """Plays it: draws until won or the last, withholding or supplying at the end, whichever is
    less.
    """
    rng = settings.generator(f"withholding {win} {rules.input_draws}")
    won = rng.random((settings.samples, rules.input_draws)) < win
    end = -min(rules.input_charge, LOST)
    earns = np.array(kappas(rules, rules.listed_kappa))[won.argmax(axis=1)] - given.BETA
    return float(np.mean(np.where(won.any(axis=1), earns, end)))


def withholding_limit(win: float, charge: float, draws: int) -> float:
    """κ up to which withholding does not pay: β + c · (1 − w)^d / (1 − (1 − w)^d), c ≤ 0.945."""
    missed = (1 - win) ** draws
    return given.BETA + min(charge, LOST) * missed / (1 - missed)


def declined(decliners: float) -> float:
    """Jobs that end at the requester's cost because three workers in a row decline falsely."""
    return decliners**UNLISTED.input_draws


def limits(settings: Settings) -> Table:
    """κ that withholding allows."""
    before = replace(BEFORE, listed_kappa=1.0)
    voided = replace(UNLISTED, listed_kappa=1.0)
    rows = []
    for win in (0.01, 0.05, 0.1, 0.2, given.ADVERSARY, 0.45):
        rows.append(
            [
                percent(win),
                number(withholding_limit(win, 0.02, 3)),
                number(limit_of(win, UNLISTED)),
                number(withholding_limit(win, 1.0, 1)),
                number(value_of_withholding(win, before)),
                number(value_of_withholding(win, voided)),
                number(sample_withholding(settings, win, voided)),
                number(value_of_withholding(win, TODAY)),
                number(sample_withholding(settings, win, TODAY)),
            ]
        )
    return Table(
        "withheld-inputs",
        [
            "wins a draw",
            "κ at most: 3 draws, 2 % (before)",
            "κ void after the first",
            "1 draw, the price (today)",
            "profit at κ = 1, before",
            "void after the first",
            "sampled",
            "today",
            "sampled",
        ],
        rows,
        sampled=True,
    )


def decliners() -> Table:
    """What false claims of a missing input do to a requester that answers no demand."""
    rows = []
    for share in (0.05, 0.1, 0.2, given.ADVERSARY, 0.5):
        rows.append(
            [
                percent(share),
                percent(declined(share)),
                percent(declined(share) * UNLISTED.input_charge),
                percent(declined(share)),
                percent(share),
            ]
        )
    return Table(
        "declined",
        [
            "workers that decline",
            "jobs lost to it, 3 draws",
            "of prices, charge 2 %",
            "3 draws, the whole price",
            "1 draw, the whole price, no way to publish",
        ],
        rows,
    )


def draw_limits(axes) -> None:
    """κ limits of withholding."""
    win = np.linspace(0.01, 0.9, 90)
    axes.semilogy(
        100 * win, [withholding_limit(w, 0.02, 3) for w in win], label="3 draws, 2 % (before)"
    )
    axes.semilogy(
        100 * win, [limit_of(w, UNLISTED) for w in win], label="κ void after the first"
    )
    axes.semilogy(
        100 * win, [withholding_limit(w, 1.0, 1) for w in win], label="1 draw, the price (today)"
    )
    axes.set(xlabel="probability to win a draw, %", ylabel="κ", ylim=(0.01, 100))
    axes.legend(title="withholding pays above")


def run(settings: Settings) -> Line:
    """All tables of this line."""
    today = replace(TODAY, listed_kappa=CHOSEN.listed_kappa)
    before = replace(BEFORE, listed_kappa=CHOSEN.listed_kappa)

    def pays_from(rules: Rules) -> float:
        return threshold(lambda win: value_of_withholding(win, rules) <= 0, 1e-6, 1.0)

    return Line(
        "reroll",
        [limits(settings), decliners()],
        [Picture("reroll", draw_limits)],
        [
            Attack(
                "Several looks at the draw of a listed model",
                pays_from(CHOSEN) < given.ADVERSARY,
                f"0 below {percent(pays_from(CHOSEN))} of the draws",
                pays_from(today) < given.ADVERSARY,
                f"0 below {percent(pays_from(today))} of the draws",
                f"from {percent(pays_from(before))}",
                "A missing input on a listed model is a demand: published in time, or the price is"
                " lost.",
            ),
            Attack(
                "Declining jobs as InputUnavailable",
                False,
                "nothing while the requester answers: the worker then has the input",
                False,
                "nothing while the requester answers: the worker then has the input",
                "a free choice of jobs",
                "Stay connected until a job is claimed, or leave its input with somebody who"
                " answers for you.",
            ),
        ],
    )
