"""Auditors, disputes, beacon, price, concentration, verified power."""

import unittest
from dataclasses import replace
from itertools import product

import numpy as np

from economy import auditors, beacon, choices, concentration, disputes, power, price
from economy import parameters as given
from economy.parameters import BEFORE, CHOSEN, INFINITY, TODAY
from economy.settings import Settings

SETTINGS = Settings(samples=100_000)


class Auditors(unittest.TestCase):
    def test_tolerated_cartel_is_where_detection_is_what_the_cap_counts_on(self):
        share = auditors.tolerated_laziness(0.56)
        got = auditors.caught_when_redrawn(CHOSEN.auditors, share) * 0.56
        self.assertAlmostEqual(got, CHOSEN.detection)

    def test_surcharge_is_for_what_is_above_the_floor(self):
        # All auditors are its own: what it pays comes back, what emission pays is the floor's part.
        self.assertAlmostEqual(auditors.farm(0.31, 1.0, 0.5, 0.0, True), 0.01 - given.BETA)
        self.assertAlmostEqual(auditors.farm(0.31, 0.5, 0.5, 0.0, True), 0.155 - 0.3 - given.BETA)

    def test_audit_as_built_earns_its_part_of_the_credit_and_at_most_half(self):
        # 3/97 by an expected 0.2 audits; at the floor half of the credit.
        self.assertAlmostEqual(auditors.minted(0.1, 1.0, TODAY), 3 / 97 / 0.2)
        self.assertAlmostEqual(auditors.minted(0.01, 1.0, TODAY), 0.5)
        self.assertAlmostEqual(auditors.minted(0.01, 0.01, TODAY), 0.005)

    def test_audit_as_built_cannot_be_farmed_with_the_default(self):
        for p, share in product((1.0, 0.1, 0.01), (0.1, 1.0)):
            self.assertLess(auditors.farm_minted(p, share, TODAY.kappa, TODAY), 0)
        # All of it is its own, and each job is audited: 3/97 of the mint on top.
        got = auditors.farm_minted(1.0, 1.0, 0.01, TODAY)
        self.assertAlmostEqual(got, 0.01 * 100 / 97 - 0.02)

    def test_audit_pays_a_replay_as_chosen_and_not_as_built(self):
        for p in (1.0, 0.1, 0.01):
            self.assertGreater(auditors.income(p, CHOSEN.kappa, CHOSEN), auditors.REPLAY_COST)
            self.assertLess(auditors.income(p, TODAY.kappa, TODAY), 0.02 * auditors.REPLAY_COST)
        self.assertGreater(auditors.income(0.01, 1.0, TODAY), auditors.REPLAY_COST)

    def test_draws_of_an_audit_fit_the_window(self):
        # 1,152 blocks less two hours, by 13 blocks and an hour each, would be 14: three are drawn.
        self.assertEqual(auditors.draws_built(1_440, 12), 3)
        self.assertEqual(auditors.draws_built(100, 4), 3)
        self.assertEqual(auditors.draws_built(15, 2), 1)

    def test_nobody_reveals_three_times(self):
        self.assertAlmostEqual(auditors.unaudited(3), np.exp(-2.0) ** 3)

    def test_redraws_equal_play(self):
        rng = SETTINGS.generator("audit")
        for m, a in ((2.0, 1 / 3), (1.0, 0.5)):
            self.assertAlmostEqual(
                auditors.sample_audit(rng, m, a, SETTINGS.samples),
                auditors.caught_when_redrawn(m, a),
                delta=0.006,
            )

    def test_alone_equals_play(self):
        drawn = SETTINGS.generator("alone").poisson(2.0, SETTINGS.samples)
        self.assertAlmostEqual(
            float((drawn == 1).sum() / (drawn > 0).sum()), auditors.alone(2.0), delta=0.006
        )

    def test_copier_is_indifferent_at_the_share_of_the_formula(self):
        loss, lazy = 100.0, 0.3
        false = auditors.false_share(2.0, lazy, loss)
        seen = 1 - np.exp(-2.0 * (1 - lazy))
        self.assertAlmostEqual(false * seen * loss, auditors.REPLAY_COST)

    def test_guesser_is_indifferent_at_the_penalty_of_the_formula(self):
        seen = 1 - np.exp(-2.0 * (1 - 1 / 3))
        self.assertAlmostEqual(auditors.guess_penalty(2.0, 1 / 3) * seen, auditors.REPLAY_COST)

    def test_own_audits_pay_only_without_the_surcharge(self):
        self.assertGreater(auditors.farm(1.0, 0.1, 0.5, given.BETA, False), 0)
        for p, share in product((1.0, 0.3, 0.01), (0.1, 1.0)):
            self.assertLessEqual(auditors.farm(p, share, 0.5, CHOSEN.kappa, True), 1e-12)

    def test_budget_pays_for_what_it_says(self):
        p = auditors.affordable(1e6, 0.5)
        self.assertAlmostEqual(p * 1e6 * CHOSEN.auditors * 0.5, 162_000)

    def test_doubling_p_makes_up_for_some_checkers(self):
        p = 0.05
        v = auditors.private_checkers(p)
        self.assertAlmostEqual(1 - (1 - p) * (1 - v), 2 * p)

    def test_counted_detection_is_below_what_the_model_gives(self):
        self.assertLess(CHOSEN.detection, choices.detection_limit())
        self.assertGreater(CHOSEN.detection, 0.8 * choices.detection_limit())


class Beacon(unittest.TestCase):
    def test_one_block_is_the_closed_form(self):
        for x, w in product((0.1, 1 / 3, 0.45), (0.01, 0.5, 0.99)):
            self.assertAlmostEqual(beacon.Withholding(x, w).start(1), beacon.last_block(x, w))

    def test_two_blocks_by_brute_force(self):
        # Every run of own slots up to 12, every number published, values by definition.
        x, w = 0.3, 0.2

        def last(run):
            return 1 - (1 - w) ** (run + 1)

        after = sum(x**run * (1 - x) * last(run) for run in range(60))

        def two(run):
            if run < 2:
                return max(after, w) if run == 1 else after
            pairs = run * (run - 1) // 2
            return 1 - (1 - w) ** pairs * (1 - max(after, w))

        expected = sum(x**run * (1 - x) * two(run) for run in range(60))
        self.assertAlmostEqual(beacon.Withholding(x, w).start(2), expected)

    def test_play_equals_the_value(self):
        play = beacon.Withholding(1 / 3, 0.3)
        rng = SETTINGS.generator("play")
        for n in (1, 2, 8):
            self.assertAlmostEqual(play.sample(rng, n, 30_000), play.start(n), delta=0.012)

    def test_nobody_without_slots_gains(self):
        self.assertAlmostEqual(beacon.Withholding(0.0, 0.3).start(8), 0.3)

    def test_gain_grows_with_slots_and_blocks(self):
        values = [beacon.Withholding(x, 0.1).start(4) for x in (0.1, 0.2, 0.4)]
        self.assertEqual(values, sorted(values))
        factors = [beacon.escape_factor(1 / 3, 0.005, n) for n in (1, 2, 8)]
        self.assertEqual(factors, sorted(factors, reverse=True))
        self.assertAlmostEqual(factors[0], 2 / 3, delta=0.002)

    def test_withholding_pays_exactly_above_the_threshold(self):
        x, w, reward = 0.3, 0.4, 1_000.0
        for gain in (0.5 * reward / w, 0.99 * reward / w):
            self.assertFalse(beacon.worth(w, gain))
        for gain in (1.01 * reward / w, 5 * reward / w):
            self.assertTrue(beacon.worth(w, gain))
            value = beacon.value_with_cost(x, w, gain, reward)
            self.assertGreater(value, w * gain)
            # It satisfies its own equation.
            self.assertAlmostEqual(value, w * gain + x * (1 - w) * (value - reward))

    def test_days_between_foreknown_beacons(self):
        own = SETTINGS.generator("runs").random(SETTINGS.samples * 5) < 0.4
        runs = (own[:-2] & own[1:-1] & own[2:]).mean()
        self.assertAlmostEqual(1 / (runs * 1_440), beacon.days_between(0.4, 3), delta=0.001)

    def test_chosen_beacon_is_known_about_once_a_year(self):
        self.assertGreater(beacon.days_between(1 / 3, CHOSEN.audit_beacon[0]), 365)
        self.assertGreater(beacon.days_between(1 / 3, TODAY.audit_beacon[0]), 365)
        self.assertLess(beacon.days_between(1 / 3, BEFORE.audit_beacon[0]), 5)


class Disputes(unittest.TestCase):
    def test_ousting_pays_the_share_of_the_victims_margin(self):
        # A tenth of 1,000 a day at 40 % for half a day, and two clocks of 6 h at 50.
        self.assertAlmostEqual(disputes.oust(50.0, 0.1, 1_000.0, 12.0, False), 20 - 100)

    def test_stalling_is_worth_less_than_a_traces_bond(self):
        self.assertAlmostEqual(disputes.stalling_gain(7_300.0), 0.5)
        for bond in (100.0, 1e4, 1e6):
            self.assertLess(
                disputes.stalling_gain(bond), disputes.challenge_bond(bond, 1.0, CHOSEN)
            )

    def test_filling_blocks_costs_a_bond_for_each_game(self):
        self.assertAlmostEqual(disputes.clog(13, 50.0), 600 * 50)

    def test_accusation_equals_play(self):
        for bond, u in ((10_000.0, 0.05), (100_000.0, 0.02)):
            challenge = disputes.challenge_bond(bond, 1.0, CHOSEN)
            self.assertAlmostEqual(
                disputes.sample_accusations(SETTINGS, challenge, bond, u),
                disputes.accuse(challenge, bond, u),
                delta=0.02 * bond / 4,
            )

    def test_largest_absence_is_where_accusing_breaks_even(self):
        u = disputes.largest_absence(50.0, 4_000.0)
        self.assertAlmostEqual(disputes.accuse(50.0, 4_000.0, u), 0)

    def test_chosen_bond_is_twice_the_gain_for_every_worker(self):
        for bond in np.geomspace(100, 1e7, 30):
            self.assertGreaterEqual(
                disputes.challenge_bond(bond, 1.0, CHOSEN),
                2 * disputes.ABSENCE * given.REWARDS * bond,
            )
        self.assertLess(
            disputes.challenge_bond(1e6, 1.0, BEFORE), 2 * disputes.ABSENCE * given.REWARDS * 1e6
        )

    def test_chosen_bond_pays_the_defence_of_every_job(self):
        for fee in np.geomspace(0.01, 1e5, 30):
            self.assertGreater(
                disputes.covers_replay(disputes.challenge_bond(100, fee, CHOSEN), fee), 1
            )
        self.assertLess(disputes.covers_replay(50.0, 200.0), 1)

    def test_ousting_a_rival_pays_only_if_it_leaves_the_draw(self):
        self.assertLess(disputes.oust(50.0, 0.1, 1e5, 24.0, True), 0)
        self.assertGreater(disputes.oust(50.0, 0.1, 1e5, 24.0, False), 0)

    def test_delay_is_interest(self):
        self.assertAlmostEqual(disputes.delay_cost(365.0, 1.0), 0.2)

    def test_fuse_costs_half_of_a_hundredth_of_all_bonds(self):
        self.assertEqual(disputes.fuse_cost(disputes.fuse_bond(BEFORE)), 450)
        self.assertAlmostEqual(disputes.fuse_cost(disputes.fuse_bond(TODAY)), 50_300)
        # Where less is bonded than three workers need to be registered, heads are what is left.
        self.assertEqual(disputes.fuse_bond(TODAY, 10_000.0), given.MINIMUM_BOND)

    def test_rules_of_today_are_those_chosen_where_disputes_are_concerned(self):
        for bond, fee in ((100.0, 1.0), (1e6, 1.0), (100.0, 1e4)):
            now, then = (disputes.challenge_bond(bond, fee, rules) for rules in (TODAY, CHOSEN))
            self.assertEqual(now, then)


class Price(unittest.TestCase):
    def test_what_is_fixed_in_tokens_falls_to_a_fifth(self):
        rows = {row[0]: row for row in price.conditions().rows}
        falling = [
            name for name in rows if name.startswith(("a bribe", "withholding", "regist", "blow"))
        ]
        self.assertEqual(len(falling), 4)
        for name in falling:
            before, after = (float(cell.replace(",", "")) for cell in rows[name][1:3])
            self.assertAlmostEqual(after / before, price.FALL, delta=0.001)

    def test_bribe_that_the_bond_withstands(self):
        rows = {row[0][:7]: row for row in price.conditions().rows}
        # S = 1,562.5, found with 0.4 %: 6.25 is lost for 10.
        self.assertEqual(rows["a bribe"][1], "0.625")

    def test_cap_shrinks_with_the_price(self):
        self.assertAlmostEqual(price.jobs_for(6_250.0, 1.0), 1_000)
        self.assertAlmostEqual(price.jobs_for(6_250.0, 5.0), 200)

    def test_credit_stops_at_the_index_price(self):
        self.assertAlmostEqual(price.minted(5.0, 1.0), 0.2)
        self.assertEqual(price.minted(0.5, 1.0), 1)


class Concentration(unittest.TestCase):
    def test_credit_above_the_limit_does_not_count(self):
        self.assertEqual(concentration.counted(7.0, 2.0, 0.5, 4.0), 4.0)
        self.assertEqual(concentration.counted(3.0, 2.0, 0.5, 4.0), 3.0)

    def test_profit_of_washing(self):
        # As many bonds and credit as all others: half of the seats.
        bonded, credit = concentration.HONEST_BOND, concentration.HONEST_CREDIT
        cost = credit * (0.01 + 0.2 / 365)
        got = concentration.wash(credit, bonded, CHOSEN)
        self.assertAlmostEqual(got, 720_000 - cost)

    def test_whale_has_three_tenths(self):
        rng = SETTINGS.generator("whale")
        shares = concentration.capacities(concentration.KINDS[3], rng)
        self.assertAlmostEqual(shares[0], 0.3)
        self.assertAlmostEqual(shares.sum(), 1)

    def test_gini_of_known_cases(self):
        self.assertAlmostEqual(concentration.gini(np.ones(10)), 0)
        self.assertAlmostEqual(concentration.gini(np.array([0, 0, 0, 1.0])), 0.75)
        shares = np.array([1.0, 2.0, 3.0])
        expected = np.abs(shares[:, None] - shares).sum() / (2 * 9 * shares.mean())
        self.assertAlmostEqual(concentration.gini(shares), expected)

    def test_nakamoto_of_known_cases(self):
        self.assertEqual(concentration.nakamoto(np.array([0.5, 0.3, 0.2])), 1)
        self.assertEqual(concentration.nakamoto(np.ones(9)), 4)
        self.assertEqual(concentration.nakamoto(np.ones(10)), 4)

    def test_weight_is_of_degree_one(self):
        self.assertAlmostEqual(concentration.weight(6.0, 3.0), 3 * concentration.weight(2.0, 1.0))

    def test_no_split_gains(self):
        highest, _ = concentration.split_loss(SETTINGS.generator("splits"), 3, SETTINGS.samples)
        self.assertLessEqual(highest, 1 + 1e-12)

    def test_tail_equals_play(self):
        seats = SETTINGS.generator("tail").binomial(100, 0.3, SETTINGS.samples)
        self.assertAlmostEqual(float((seats > 33).mean()), concentration.reaches(0.3), delta=0.005)

    def test_a_third_of_the_seats_changes_at_most(self):
        # From nothing, one era gives at most a third of the weight.
        self.assertEqual(concentration.eras_until_third(1.0), 2)
        self.assertEqual(concentration.eras_until_third(0.3), 0)

    def test_election_follows_the_weights(self):
        rng = SETTINGS.generator("elect")
        weights = np.array([0.2, 0.8])
        mean = np.mean([concentration.elect(rng, weights)[0] for _ in range(300)])
        self.assertAlmostEqual(mean, 20, delta=1.0)

    def test_limit_at_most_doubles_what_bonds_give(self):
        for part in (0.05, 0.1, 0.2):
            share = concentration.respond(part, CHOSEN)[1]
            doubled = 2 * part / (2 * part + 1 - part)
            self.assertAlmostEqual(share, doubled, places=3)
            self.assertEqual(concentration.respond(part, TODAY)[1], share)
            before = concentration.respond(part, BEFORE)[1]
            self.assertGreater(before, 0.9 if part >= 0.1 else 0.8)


class Power(unittest.TestCase):
    def test_long_run_of_inventing_everything(self):
        # Found after 12.5 days on average, nothing for 30: 12.5 / 42.5 of an honest worker's power.
        rules = power.WITHOUT_LEAPS
        self.assertAlmostEqual(power.fake(1.0, rules), 12.5 / 42.5)
        rate = 0.02 * (1 - 0.5**8) * 4
        self.assertAlmostEqual(power.fake(0.5, rules), 2 / rate / (1 / rate + 30) - 1)

    def test_profit_of_accounts_in_the_lane(self):
        cost = 100 + 100 * 0.2 * 30 / 365
        self.assertAlmostEqual(power.lane_farm(5, 100, True), -5 * cost)
        paid = 54_000 * 30 * 5 / 105
        self.assertAlmostEqual(power.lane_farm(5, 100, False), paid * 0.4 - 5 * cost)

    def test_margin_equals_play(self):
        self.assertAlmostEqual(
            power.sample_margin(SETTINGS, 0.5, power.WITHOUT_LEAPS),
            power.margin(0.5, power.WITHOUT_LEAPS),
            delta=0.4,
        )

    def test_leaps_are_found_at_once(self):
        # A fifth of the claim is a quarter above what was proven: still left to the lottery.
        self.assertAlmostEqual(power.found(0.2, TODAY), 0.02 * (1 - 0.8**8))
        self.assertAlmostEqual(power.found(0.21, TODAY), 1 - 0.79**8)
        self.assertEqual(power.found(1.0, TODAY), 1)
        for rules in (TODAY, CHOSEN):
            worst = min(power.PARTS, key=lambda part: power.margin(part, rules))
            self.assertAlmostEqual(worst, 0.2)

    def test_windows_of_today_are_as_many_as_fit(self):
        self.assertAlmostEqual(TODAY.power_windows, 1_440 / 398)
        self.assertAlmostEqual(power.undrawn_days(TODAY), 50 * 398 / 1_440)

    def test_inventing_loses_as_chosen_and_pays_with_less(self):
        self.assertGreater(min(power.margin(y, CHOSEN) for y in power.PARTS), 2)
        self.assertGreater(min(power.margin(y, TODAY) for y in power.PARTS), 2)
        self.assertLess(power.margin(1.0, BEFORE), 1)
        edge = replace(CHOSEN, power_draw=choices.draw_limit(), power_leap=INFINITY)
        self.assertAlmostEqual(power.margin(1.0, edge), 1)

    def test_long_run_agrees_with_the_margin(self):
        self.assertLess(power.fake(0.5, CHOSEN), 0)

    def test_lane_ends(self):
        self.assertAlmostEqual(power.lane(0), 54_000)
        self.assertAlmostEqual(power.lane(30), 27_000)
        self.assertEqual(power.lane(180), 0)
        self.assertLess(power.lane_farm(10, 100, True), 0)
        self.assertGreater(power.lane_farm(10, 100, False), 0)


if __name__ == "__main__":
    unittest.main()
