import numpy as np
import pytest

from glasshouse.stats.agreement import cohen_kappa


def test_it_equals_the_statsmodels_value_and_interval() -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    table = np.array([[20, 5, 1], [3, 30, 4], [0, 6, 31]])
    first = [i for i in range(3) for j in range(3) for _ in range(table[i, j])]
    second = [j for i in range(3) for j in range(3) for _ in range(table[i, j])]
    theirs = cohens_kappa(table)
    found = cohen_kappa(first, second)
    assert found is not None
    assert found[0] == pytest.approx(theirs.kappa)
    assert found[1].low == pytest.approx(theirs.kappa_low)
    assert found[1].high == pytest.approx(theirs.kappa_upp)


def test_one_label_alone_has_no_kappa() -> None:
    assert cohen_kappa(["a", "a"], ["a", "a"]) is None


def test_no_samples_have_no_kappa() -> None:
    assert cohen_kappa([], []) is None
