"""Assignment, self-dealing, re-rolling."""

import unittest
from dataclasses import replace
from functools import partial

import numpy as np

from economy import assignment, plans, reroll, self_dealing
from economy import parameters as given
from economy.parameters import BEFORE, CHOSEN, TODAY
from economy.search import best, threshold
from economy.settings import Settings

SETTINGS = Settings(samples=100_000)
BARE = replace(BEFORE, listed_kappa=1.0)
LISTED = TODAY


class Assignment(unittest.TestCase):
    def test_gain_of_a_faked_factor(self):
        # A small worker is at most one candidate of four: 4 · s · ρ / (ρ + 3).
        share = 1e-6
        self.assertAlmostEqual(assignment.factor_gain(4.0, share), 16 / 7 - 1, places=4)
        self.assertEqual(assignment.factor_gain(1.0, 0.2), 0)

    def test_splitting_by_account_multiplies_the_places(self):
        # One of 100 accounts becomes four of 103.
        self.assertAlmostEqual(assignment.split_gain(4, 0.01, False, 4), 400 / 103)
        rng = SETTINGS.generator("accounts")
        played = assignment.sample_split(rng, 4, SETTINGS.samples, False)
        self.assertAlmostEqual(played, 4 / 103, delta=0.003)

    def test_equal_scores_give_the_share_of_capacity(self):
        for k in (1, 2, 4, 8):
            for share in (0.0, 0.1, 0.5, 1.0):
                self.assertAlmostEqual(assignment.wins(share, k), share)

    def test_wins_equal_play(self):
        rng = SETTINGS.generator("wins")
        for share, k, ratio in ((0.3, 4, 10.0), (0.1, 2, 0.5)):
            self.assertAlmostEqual(
                assignment.sample_wins(rng, share, k, ratio, SETTINGS.samples),
                assignment.wins(share, k, ratio),
                delta=0.006,
            )

    def test_no_score_wins_more_than_being_a_candidate(self):
        self.assertAlmostEqual(assignment.wins(0.2, 4, 1e12), 1 - 0.8**4, places=6)

    def test_score_at_its_ends(self):
        self.assertAlmostEqual(assignment.score(1.0, 0.1), 0.1)
        self.assertAlmostEqual(assignment.score(0.0, 0.1), 1.0)

    def test_ask_of_the_formula_is_the_searched_equilibrium(self):
        for k in (2, 4, 8):
            self.assertAlmostEqual(
                assignment.equilibrium_ask(k, 0.2, 0.1),
                assignment.searched_ask(k, 0.2, 0.1),
                delta=0.005,
            )

    def test_one_candidate_means_no_competition(self):
        self.assertEqual(assignment.equilibrium_ask(1, 0.2, 0.1), 1)

    def test_machine_in_two_accounts_has_one_place_today(self):
        self.assertEqual(assignment.split_gain(TODAY.in_turn, 0.01, False, 4), 1)
        # If power lapsed after two missed windows:
        self.assertAlmostEqual(assignment.split_gain(2, 0.01, False, 4), 200 / 101)

    def test_splitting_pays_by_account_only(self):
        self.assertGreater(assignment.split_gain(16, 0.01, False, 4), 10)
        self.assertEqual(assignment.split_gain(16, 0.01, True, 4), 1)
        rng = SETTINGS.generator("split")
        self.assertAlmostEqual(
            assignment.sample_split(rng, 16, SETTINGS.samples, True), 0.01, delta=0.0015
        )

    def test_an_account_that_counts_once_wins_less_than_its_share(self):
        self.assertLess(assignment.wins_once(0.3, 4), 0.3)
        self.assertAlmostEqual(assignment.wins_once(0.001, 4), 0.001, delta=2e-6)

    def test_nobody_fits_equals_play(self):
        busy = SETTINGS.generator("busy").random((SETTINGS.samples, 4)) < 0.7
        self.assertAlmostEqual(
            float(busy.all(axis=1).mean()), assignment.nobody_fits(0.7, 4), delta=0.005
        )


class SelfDealing(unittest.TestCase):
    def test_price_of_credit_bounds_a_very_dear_ask(self):
        # Alone, at 100 times the ask: 37.5 · credit is less than κ · fee.
        got = plans.overpriced(1.0, BARE, ask=100.0, room=1.0)
        self.assertAlmostEqual(got, 37.5 - 2)

    def test_foreknown_draws_a_day(self):
        self.assertAlmostEqual(plans.foreknown(0.5, BARE), 0.25 * 1_440 * 0.98)

    def test_split_of_the_fee_is_whole(self):
        total = (
            given.WORKER
            + given.CREATOR
            + given.BURNED
            + given.STAKERS
            + given.TREASURY
            + given.REFERRER
        )
        self.assertAlmostEqual(total, 1)
        self.assertAlmostEqual(given.BETA, 0.02)

    def test_design_limit(self):
        self.assertAlmostEqual(self_dealing.limit(0.5, 0.0), 2 - 0.98)
        self.assertAlmostEqual(self_dealing.limit(1.0), given.BETA)

    def test_limit_is_where_profit_is_nothing(self):
        for share in (0.1, 1 / 3, 0.7, 1.0):
            self.assertAlmostEqual(self_dealing.profit(share, self_dealing.limit(share)), 0)

    def test_largest_share_is_the_inverse_of_the_limit(self):
        for kappa in (0.1, 0.5, 1.0, 2.0):
            self.assertAlmostEqual(self_dealing.limit(self_dealing.largest_share(kappa)), kappa)
        self.assertEqual(self_dealing.largest_share(given.BETA), 1)

    def test_profit_equals_play(self):
        # The play keeps the treasury's half per cent, as β does if all stake is the party's.
        for share, kappa in ((0.2, 1.0), (0.5, 0.5)):
            self.assertAlmostEqual(
                self_dealing.sample_profit(SETTINGS, share, kappa),
                self_dealing.profit(share, kappa),
                delta=0.01,
            )

    def test_default_kappa_never_pays(self):
        for share in (0.1, 0.5, 1.0):
            self.assertLessEqual(self_dealing.profit(share, given.BETA), 1e-12)
            self.assertLess(self_dealing.profit(share, CHOSEN.kappa), 0)

    def test_plans_paid_with_small_shares_before(self):
        found = plans.plans(0.1, BARE)
        self.assertGreater(found["own ask high"], 1)
        self.assertAlmostEqual(found["max_price excludes others"], 0.98)
        self.assertGreater(found["input withheld"], 0)
        self.assertLess(found["same ask"], 0)

    def test_no_plan_pays_today_with_less_than_a_third(self):
        def paying(share):
            return {name for name, value in plans.plans(share, LISTED).items() if value > 0}

        self.assertEqual(paying(0.1), set())
        self.assertEqual(paying(0.316), set())
        # Four candidates of its own come up so often that they pay for κ default else.
        excluding = {"max_price excludes others", "job too large for others' bonds"}
        self.assertEqual(paying(0.318), excluding)
        for name in excluding:
            self.assertLess(plans.plans(1 / 3, LISTED)[name], 0.0025)

    def test_job_that_excludes_others_stays_open_as_often_as_in_play(self):
        rng = SETTINGS.generator("open")
        excluded = rng.random((SETTINGS.samples * 5, 4)) < 0.6
        played = (~excluded.any(axis=1)).mean()
        self.assertAlmostEqual(plans.still_open(0.6, TODAY), float(played), delta=0.002)
        for rules, kept in ((BEFORE, 1.0), (CHOSEN, 0.0)):
            self.assertEqual(plans.still_open(0.6, rules), kept)
        for rules in (BEFORE, TODAY, CHOSEN):
            self.assertEqual(plans.still_open(0.0, rules), 1)

    def test_dear_candidates_leave_the_listing_to_draws_of_own_ones(self):
        # Ask half of the others', max_price as theirs: kept where all four places are its own.
        share, ratio = 0.5, assignment.score(0.5, 0.1) / assignment.score(1.0, 0.1)
        win = assignment.wins(share, 4, ratio)
        kept = share**4
        expected = 0.5 * (kept * 1.0 + (win - kept) * 0.01 - win * 0.02) - (1 - win) * 0.945
        self.assertAlmostEqual(plans.tilted(share, LISTED, 1.0, 0.5), expected)

    def test_bonds_exclude_others_only_since_there_is_a_cap(self):
        self.assertEqual(plans.outbonded(0.1, BARE), plans.plain(0.1, BARE))
        self.assertAlmostEqual(plans.outbonded(0.1, replace(LISTED, bond_voids=False)), 0.98)
        self.assertAlmostEqual(plans.outbonded(0.1, LISTED), 0.1**4 * 0.99 - 0.01)
        self.assertAlmostEqual(plans.outbonded(0.1, CHOSEN), -0.01)

    def test_no_plan_pays_under_the_chosen_rules_below_the_limit(self):
        for share in (0.01, 0.1, 1 / 3, 0.48):
            self.assertLessEqual(max(plans.plans(share, CHOSEN).values()), 1e-9)
        self.assertGreater(max(plans.plans(0.52, CHOSEN).values()), 0)

    def test_each_rule_is_needed(self):
        for change, plan in (
            ({"mint_by_credit": False}, "own ask high"),
            ({"filter_voids": "never"}, "max_price excludes others"),
            ({"filter_voids": "seen"}, "max_price excludes others"),
            ({"bond_voids": False}, "job too large for others' bonds"),
            ({"input_draws": 3, "miss_voids": False}, "input withheld"),
            ({"input_charge": 0.02}, "input withheld"),
        ):
            rules = replace(CHOSEN, **change)
            self.assertGreater(plans.plans(1 / 3, rules)[plan], 0, change)

    def test_credit_bounds_the_mint_of_a_dear_ask(self):
        free = plans.overpriced(0.1, BARE, ask=10.0, room=1.0)
        bound = plans.overpriced(0.1, replace(BARE, mint_by_credit=True), ask=10.0, room=1.0)
        self.assertGreater(free - bound, 0.1)

    def test_stale_index_price_opens_it_again(self):
        plan = partial(plans.overpriced, 1 / 3, CHOSEN)
        space = {"ask": plans.ASKS, "room": plans.ROOM}
        self.assertLessEqual(best(partial(plan, index=2.0), **space).value, 0)
        self.assertGreater(best(partial(plan, index=5.0), **space).value, 0)

    def test_busy_others_help_only_who_forgets_what_the_slot_is_worth(self):
        self.assertGreater(plans.while_busy(0.1, 1.0, 0.95, False), 0)
        self.assertLess(plans.while_busy(0.1, 1.0, 0.95, True), 0)
        self.assertAlmostEqual(plans.free_share(0.1, 0.0), 0.1)
        self.assertAlmostEqual(plans.free_share(0.1, 1.0), 1.0)

    def test_foreknown_draws_are_rare_with_the_beacon_of_audits(self):
        self.assertGreater(plans.foreknown(1 / 3, BARE), 100)
        self.assertLess(plans.foreknown(1 / 3, LISTED), 0.01)
        self.assertLess(plans.foreknown(1 / 3, CHOSEN), 0.01)

    def test_thin_round_nets_nothing_at_the_default(self):
        for row in self_dealing.thin().rows:
            self.assertTrue(row[2].startswith("−"), row)
            self.assertEqual(row[4], "0")


class Reroll(unittest.TestCase):
    def test_value_equals_play(self):
        for rules in (BARE, LISTED, CHOSEN):
            for win in (0.05, 0.3):
                self.assertAlmostEqual(
                    reroll.sample_withholding(SETTINGS, win, rules),
                    reroll.value_of_withholding(win, rules),
                    delta=0.01,
                )

    def test_limit_is_where_value_is_nothing(self):
        for win in (0.05, 0.3):
            for charge, draws in ((0.02, 3), (1.0, 1), (1.0, 3)):
                rules = replace(
                    CHOSEN,
                    listed_kappa=reroll.withholding_limit(win, charge, draws),
                    input_charge=charge,
                    input_draws=draws,
                    miss_voids=False,
                )
                self.assertAlmostEqual(reroll.value_of_withholding(win, rules), 0, places=9)

    def test_default_kappa_loses_under_the_rule_of_today(self):
        self.assertLess(reroll.value_of_withholding(0.3, CHOSEN, CHOSEN.kappa), 0)

    def test_limit_of_today_is_where_value_is_nothing(self):
        for win in (0.05, 0.3):
            rules = replace(TODAY, listed_kappa=reroll.limit_of(win, TODAY))
            self.assertAlmostEqual(reroll.value_of_withholding(win, rules), 0, places=9)

    def test_withholding_gains_no_more_today_than_a_lost_draw_costs(self):
        for win in (0.1, 1 / 3):
            value = reroll.value_of_withholding(win, LISTED)
            self.assertAlmostEqual(value, self_dealing.profit(win, LISTED.listed_kappa))
            self.assertLess(value, 0)
        # Without a charge that is worth it the first look is what pays, though later ones are void.
        charged = replace(BARE, miss_voids=True)
        self.assertGreater(reroll.value_of_withholding(0.1, charged), 0.08)

    def test_chosen_rule_is_the_plain_limit(self):
        limit = threshold(lambda w: reroll.value_of_withholding(w, CHOSEN) <= 0, 0.0, 1.0)
        self.assertAlmostEqual(limit, self_dealing.largest_share(CHOSEN.listed_kappa), places=9)

    def test_three_decliners_in_a_row(self):
        drawn = SETTINGS.generator("decline").random((SETTINGS.samples, 3)) < 0.2
        self.assertAlmostEqual(float(drawn.all(axis=1).mean()), reroll.declined(0.2), delta=0.002)


class Search(unittest.TestCase):
    def test_best_tries_everything(self):
        found = best(lambda x, y: -((x - 2) ** 2) - (y - 3) ** 2, x=range(5), y=range(5))
        self.assertEqual(found.choice, {"x": 2, "y": 3})
        with self.assertRaises(ValueError):
            best(lambda x: x, x=[])

    def test_threshold_finds_the_edge(self):
        self.assertAlmostEqual(threshold(lambda x: x < 0.3, 0, 1), 0.3)
        self.assertEqual(threshold(lambda x: False, 0, 1), 0)
        self.assertEqual(threshold(lambda x: True, 0, 1), 1)
        self.assertTrue(np.isclose(threshold(lambda x: x <= 7, 0, 10), 7))


if __name__ == "__main__":
    unittest.main()
