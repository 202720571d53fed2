"""Latency and uptime in the score."""

import unittest

from economy import conduct
from economy import parameters as given
from economy.parameters import CHOSEN, TODAY
from economy.settings import Settings

SETTINGS = Settings(samples=100_000)


class Conduct(unittest.TestCase):
    def test_without_factors_draws_follow_capacity(self):
        for share, kind in zip(conduct.shares(0.0), conduct.FLEET, strict=True):
            self.assertAlmostEqual(share, kind.capacity)

    def test_shares_are_whole(self):
        for span in (0.1, 0.5, 1.0):
            self.assertAlmostEqual(sum(conduct.shares(span)), 1)

    def test_factor_is_that_of_the_runtime(self):
        slowest = conduct.Kind("", 1.0, 1.0, 1.0)
        away = conduct.Kind("", 1.0, 0.0, 0.0)
        for kind in (slowest, away):
            self.assertAlmostEqual(conduct.factor(kind, TODAY.conduct_span), 0.5)

    def test_wait_equals_play(self):
        for span in (0.0, 0.5):
            played = conduct.sample_wait(SETTINGS, span)
            self.assertAlmostEqual(played, conduct.wait(span), delta=0.1)

    def test_jobs_wait_less_with_a_wider_span(self):
        waits = [conduct.wait(span) for span in (0.0, 0.1, 0.25, 0.5, 0.75)]
        self.assertEqual(waits, sorted(waits, reverse=True))

    def test_own_jobs_bring_at_most_twice_the_wins(self):
        self.assertLess(conduct.more(1.0, 1e9, CHOSEN.conduct_span), 1)
        self.assertEqual(conduct.more(conduct.KNOWN, 3.0, CHOSEN.conduct_span), 0)

    def test_own_job_costs_its_burn_if_it_comes_to_oneself(self):
        self.assertAlmostEqual(conduct.charge(1.0, True), conduct.CHEAP * given.BETA)
        self.assertGreater(conduct.charge(1.0, False), 0.9)

    def test_looking_fast_pays_only_where_own_jobs_come_to_oneself(self):
        self.assertGreater(conduct.best_fake(0.9, CHOSEN.conduct_span, True).value, 0.1)
        self.assertEqual(conduct.best_fake(0.9, CHOSEN.conduct_span, False).value, 0)


if __name__ == "__main__":
    unittest.main()
