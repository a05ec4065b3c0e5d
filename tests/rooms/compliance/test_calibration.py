"""Projections are true: a small cut of what benchmarks/projection.py measures on three hundred plans."""

from benchmarks.projection import calibrate


def test_intervals_hold_about_four_in_five_and_the_odds_beat_today_stays() -> None:
    found = calibrate(120, seed=401, scenarios=300)
    assert 0.70 <= found["held"] <= 0.90
    assert found["brier"] < found["brier_today_stays"]
    assert found["median_off_bps"] < found["today_off_bps"]
