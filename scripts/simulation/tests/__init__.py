"""Tests of the models: formula against play, limits, and what the chosen rules must keep."""
