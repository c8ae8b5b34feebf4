import numpy as np

from glasshouse.stats.auroc import auroc, paired_auroc


def test_ties_count_one_half() -> None:
    found = auroc(np.array([1.0, 1.0]), np.array([True, False]))
    assert found is not None
    assert found.value == 0.5


def test_without_a_class_there_is_no_area() -> None:
    assert auroc(np.array([1.0, 2.0]), np.array([True, True])) is None


def test_the_same_score_twice_differs_by_nothing() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=60), np.arange(60) < 30
    found = paired_auroc(scores, scores, labels)
    assert found is not None
    assert found.difference.value == 0
    assert found.difference.interval.low == found.difference.interval.high == 0


def test_perfect_order_has_an_interval_below_one() -> None:
    found = auroc(np.arange(20.0), np.arange(20) >= 10)
    assert found is not None
    assert found.value == 1
    assert 0.5 < found.interval.low < 0.9


def test_the_paired_interval_covers_the_true_difference() -> None:
    """Shifts 1.0 and 0.5 of unit normals with shared noise: areas Phi(1/sqrt 2) and Phi(.5/sqrt 2)."""
    rng = np.random.default_rng(3)
    labels = np.arange(120) < 50
    truth = 0.7602499 - 0.6381632
    hits = 0
    for _ in range(400):
        shared = rng.normal(size=120) * np.sqrt(0.5)
        first = shared + rng.normal(size=120) * np.sqrt(0.5) + labels * 1.0
        second = shared + rng.normal(size=120) * np.sqrt(0.5) + labels * 0.5
        found = paired_auroc(first, second, labels)
        assert found is not None
        hits += found.difference.interval.low <= truth <= found.difference.interval.high
    assert 0.92 <= hits / 400 <= 0.98
