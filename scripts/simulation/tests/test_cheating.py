"""Cheating and history."""

import unittest
from itertools import combinations

import numpy as np

from economy import caps, cheating, history, stream
from economy import parameters as given
from economy.parameters import CHOSEN
from economy.settings import Settings

SETTINGS = Settings(samples=100_000)


class Audits(unittest.TestCase):
    def test_a_third_of_the_auditors_leaves_three_quarters(self):
        self.assertAlmostEqual(cheating.effective(1.0, 2.0, 1 / 3), 0.7364, places=4)

    def test_detection_falls_with_the_cartel_and_the_withholding(self):
        self.assertEqual(cheating.looked_at(2.0, 1.0), 0)
        self.assertGreater(cheating.looked_at(2.0, 0.2), cheating.looked_at(2.0, 0.4))
        self.assertAlmostEqual(
            cheating.effective(0.5, 2.0, 0.2, 0.5), cheating.effective(0.25, 2.0, 0.2)
        )


class Profits(unittest.TestCase):
    def test_refunded_pays_only_if_nothing_is_found(self):
        self.assertAlmostEqual(cheating.refunded(2, 10.0, 3.0, 0.5), 6 / 4 - 10 * 3 / 4)

    def test_payout_scales_the_gain_only(self):
        rng = SETTINGS.generator("payout")
        played = cheating.sample_burst(rng, 10, 40.0, 3.0, 0.05, SETTINGS.samples)
        self.assertAlmostEqual(played, 30 - 40 * (1 - 0.95**10), delta=0.3)

    def test_burst_equals_play(self):
        rng = SETTINGS.generator("burst")
        for n, stake, p in ((50, 40.0, 0.02), (3, 5.0, 0.3), (1, 2.0, 0.9)):
            played = cheating.sample_burst(rng, n, stake, 1.0, p, SETTINGS.samples)
            self.assertAlmostEqual(played, caps.burst(n, stake, 1.0, p), delta=0.012 * stake)

    def test_burst_at_certain_audit_loses_the_stake(self):
        self.assertEqual(caps.burst(3, 10.0, 1.0, 1.0), -7)
        self.assertEqual(caps.burst(0, 10.0, 1.0, 1.0), 0)

    def test_sequence_equals_play(self):
        rng = SETTINGS.generator("sequence")
        n, stake, payout, p = 30, 12.0, 1.0, 0.05
        first = rng.geometric(p, SETTINGS.samples)
        played = np.where(first > n, n * payout, (first - 1) * payout - stake)
        self.assertAlmostEqual(
            float(played.mean()), cheating.sequence(n, stake, payout, p), delta=0.1
        )

    def test_refunded_equals_play(self):
        rng = SETTINGS.generator("refunded")
        n, stake, p = 20, 12.0, 0.05
        found = rng.binomial(n, p, SETTINGS.samples) > 0
        played = float(np.where(found, -stake, n).mean())
        self.assertAlmostEqual(played, cheating.refunded(n, stake, 1.0, p), delta=0.1)

    def test_convictions_halve_what_is_left(self):
        rng = SETTINGS.generator("convictions")
        bond, n, p = 100.0, 40, 0.05
        times = rng.binomial(n, p, SETTINGS.samples)
        burned = np.zeros(SETTINGS.samples)
        left = np.full(SETTINGS.samples, bond)
        for turn in range(1, n + 1):
            taken = np.where(times >= turn, left / 2, 0)
            burned += taken / 2
            left -= taken
        self.assertAlmostEqual(
            float(burned.mean()), cheating.burned_by_convictions(bond, n, p), delta=0.1
        )


class Caps(unittest.TestCase):
    def test_simple_cap_of_dear_jobs(self):
        self.assertEqual(caps.simple_cap(100.0, 4.0, 0.1), 15)

    def test_longer_waits_are_more_jobs(self):
        self.assertEqual(caps.bond_needed(100, 1.0, 0.1, 3.0), caps.bond_needed(300, 1.0, 0.1))

    def test_bond_is_in_proportion_to_the_payout(self):
        needed = caps.bond_needed(100, 1.0, 0.1)
        self.assertAlmostEqual(caps.bond_needed(100, 7.0, 0.1), 7 * needed)

    def test_exact_cap_is_the_last_that_does_not_pay(self):
        for stake, p in ((500.0, 0.0074), (300.0, 0.01), (100.0, 0.05), (10.0, 1.0)):
            cap = caps.exact_cap(stake, 1.0, p)
            self.assertLessEqual(caps.burst(cap, stake, 1.0, p), 1e-9)
            self.assertGreater(caps.burst(cap + 1, stake, 1.0, p), 0)

    def test_simple_cap_is_never_above_the_exact_one(self):
        for p in (0.001, 0.004, 0.02, 0.3, 1.0):
            for stake in np.geomspace(1, 1e5, 60):
                self.assertLessEqual(caps.simple_cap(stake, 1.0, p), caps.exact_cap(stake, 1.0, p))

    def test_bond_needed_is_where_cheating_breaks_even(self):
        for jobs, p in ((1_000, 0.0074), (10, 0.0074), (1, 0.5), (100, 1.0)):
            stake = given.BURNS * caps.bond_needed(jobs, 1.0, p)
            self.assertAlmostEqual(caps.burst(jobs, stake, 1.0, p), 0, places=6)

    def test_no_set_of_unequal_jobs_pays_under_the_rule(self):
        rng = SETTINGS.generator("unequal")
        for _ in range(300):
            stake = 100.0
            payouts = list(rng.uniform(0.01, 1, 9) * rng.choice([1, 5, 20]))
            p = [max(0.01, caps.least_audit(x, stake)) for x in payouts]
            if not all(x <= 1 for x in p) or not caps.exposure_allows(stake, payouts, p):
                continue
            for size in range(1, 10):
                for chosen in combinations(range(9), size):
                    missed = np.prod([1 - p[i] * CHOSEN.detection for i in chosen])
                    gain = sum(payouts[i] for i in chosen) - stake * (1 - missed)
                    self.assertLessEqual(gain, 1e-9)

    def test_the_rule_is_not_much_stricter_than_it_must_be(self):
        # With the reserve used by one job and the rest by many, a tenth more payouts would pay.
        stake = 1_000.0
        dear = CHOSEN.reserve * stake * CHOSEN.detection
        n = (1 - CHOSEN.reserve) * stake / dear
        p_eff = caps.least_audit(dear, stake) * CHOSEN.detection
        self.assertAlmostEqual(p_eff, CHOSEN.detection)
        self.assertLess(caps.burst(n, stake, dear, p_eff), 0)
        self.assertFalse(caps.exposure_allows(stake, [dear] * 11, [1.0] * 11))

    def test_rule_in_round_figures(self):
        # bond / 5 for payouts, 50 · payout / bond for p: what the document and the runtime say.
        bond = 1_000.0
        stake = given.BURNS * bond
        self.assertAlmostEqual(caps.least_audit(1.0, stake), 50 / bond)
        self.assertTrue(caps.exposure_allows(stake, [2.0] * 100, [1.0] * 100))
        self.assertFalse(caps.exposure_allows(stake, [2.0] * 101, [1.0] * 101))
        self.assertFalse(caps.exposure_allows(stake, [2.0], [0.09]))
        self.assertAlmostEqual(caps.bond_by_exposure(1_000, 1.0, 0.01, 1.25), 6_250)
        self.assertAlmostEqual(caps.bond_by_exposure(1, 1.0, 1.0, 1.25), 50)

    def test_bond_falls_with_p_and_grows_with_jobs(self):
        needed = [caps.bond_needed(10, 1.0, p) for p in (0.01, 0.1, 1.0)]
        self.assertEqual(needed, sorted(needed, reverse=True))
        self.assertGreater(caps.bond_needed(11, 1.0, 0.1), caps.bond_needed(10, 1.0, 0.1))

    def test_outside_offer_at_the_limit_is_what_the_burst_loses(self):
        stake, n, p = 500.0, 10, 0.02
        offer = cheating.outside_gain(stake, 1.0, n, p)
        self.assertAlmostEqual(caps.burst(n, stake, 1.0 + offer, p), 0, places=9)
        self.assertEqual(cheating.outside_gain(1.0, 1.0, n, p), 0)

    def test_quantiles_of_the_first_discovery(self):
        sample = SETTINGS.generator("quantiles").geometric(0.03, SETTINGS.samples)
        for share in (0.05, 0.5, 0.95):
            self.assertAlmostEqual(
                cheating.until_caught(0.03, share), np.quantile(sample, share), delta=2
            )
        self.assertEqual(cheating.until_caught(1.0, 0.5), 1)


class Holding(unittest.TestCase):
    def test_gain_is_that_of_the_burst_until_the_ban(self):
        # 2,500 results of payout 1 against S = 1,250 and p_eff = 0.4 %.
        expected = 2_500 - 1_250 * (1 - 0.996**2_500)
        self.assertAlmostEqual(cheating.unheld_gain(False, 1.0), expected, places=6)
        # With a hold the cap is full at 1,250; a bond for one day would not cover them.
        expected = 1_250 - 1_250 * (1 - 0.996**1_250)
        self.assertAlmostEqual(cheating.burst_while_held(1.0), expected, places=6)

    def test_cheat_earns_only_where_payouts_settle(self):
        self.assertEqual(cheating.unheld_gain(True, caps.HELD_DAYS), 0)
        self.assertGreater(cheating.unheld_gain(False, 1.0), 1_000)
        self.assertEqual(cheating.unheld_gain(False, 2.5), 0)


class Stream(unittest.TestCase):
    STAKE = given.BURNS * caps.bond_by_exposure(1_000, 1.0, 0.01, caps.HELD_DAYS)

    def test_profit_equals_play(self):
        for part, holds in ((1.0, True), (0.1, True), (0.5, False)):
            for hours in (1, 24):
                played = stream.sample(Settings(400_000), part, hours, holds, 0.01, self.STAKE)
                expected = stream.profit(part, hours, holds, 0.01, self.STAKE)
                self.assertAlmostEqual(played, expected, delta=20)

    def test_what_follows_the_first_discovery(self):
        # Two hours, then 250 results until the cap is full, or two days until the ban.
        self.assertAlmostEqual(stream.after_first(1.0, True), 1_000 / 12 + 250)
        self.assertAlmostEqual(stream.after_first(0.5, False), 500 / 12 + 1_000)

    def test_no_stream_pays_while_payouts_wait(self):
        self.assertLess(stream.respond(True), 0)
        self.assertGreater(stream.respond(False), 0)


class History(unittest.TestCase):
    def test_profit_of_a_patient_cheat(self):
        # 100 own jobs first: p = 1 / (1 + 100 / (5 · 10)) = 1 / 3 for payouts of 10.
        missed = (1 - CHOSEN.detection / 3) ** 20
        expected = 200 - 250 * (1 - missed)
        got = history.long_con(100, 10.0, 20, 1_000.0, "money", False, False)
        self.assertAlmostEqual(got, expected)
        own = history.long_con(100, 10.0, 20, 1_000.0, "money", False, True)
        self.assertAlmostEqual(own, expected - 100 * 0.61)

    def test_rule_lets_through_a_fifth_of_the_bond(self):
        self.assertEqual(history.capped(250.0, 2.0, 10_000), 100)
        self.assertEqual(history.capped(250.0, 2.0, 7), 7)
        self.assertEqual(history.capped(250.0, 21.0, 7), 0)

    def test_newcomer_is_audited_always_and_nobody_less_than_the_floor(self):
        self.assertEqual(history.by_money(0, 1.0, 5, 0.01), 1)
        self.assertEqual(history.by_money(1e9, 1.0, 5, 0.01), 0.01)
        self.assertEqual(history.by_money(5, 1.0, 5, 0.01), 0.5)

    def test_cheap_jobs_are_no_history_for_a_dear_one(self):
        self.assertGreater(history.by_money(1_000, 1_000, 5, 0.01), 0.8)
        self.assertLess(history.by_money(1_000, 1, 5, 0.01), 0.011)

    def test_floor_is_reached_where_the_formula_says(self):
        jobs = history.until_floor(5, 0.01)
        self.assertAlmostEqual(history.by_count(jobs, 5, 0.0), 0.01)

    def test_audits_of_a_newcomer_equal_play(self):
        self.assertAlmostEqual(
            history.sample_history(SETTINGS, 100),
            history.audits(100, CHOSEN.history, CHOSEN.audit_floor),
            delta=0.4,
        )

    def test_patient_cheat_loses_under_the_cap_with_every_rule_and_bond(self):
        for bond in (100.0, 5_000.0, 1e6):
            for rule in ("count", "money"):
                for own in (False, True):
                    self.assertLessEqual(history.respond(bond, rule, True, own).value, 1e-9)

    def test_patient_cheat_gains_without_the_cap(self):
        self.assertGreater(history.respond(6_250.0, "money", False).value, 100)

    def test_cheapest_floor_is_a_minimum(self):
        for jobs in (10, 100):
            p = history.cheapest(jobs)
            cost = history.yearly_cost(p, jobs)
            self.assertLess(cost, history.yearly_cost(p * 1.1, jobs))
            self.assertLess(cost, history.yearly_cost(p / 1.1, jobs))


if __name__ == "__main__":
    unittest.main()
