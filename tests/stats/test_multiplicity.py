import pytest
from statsmodels.stats.multitest import multipletests

from glasshouse.stats.multiplicity import benjamini_hochberg, holm, holm_levels

P_VALUES = [0.01, 0.04, 0.03, 0.005, 0.6]


def test_holm_is_the_one_worked_out_by_hand():
    """Sorted 0.005 0.01 0.03 0.04 0.6, times 5 4 3 2 1, never falling: 0.025 0.04 0.09 0.09 0.6."""
    assert holm(P_VALUES) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.6])


def test_benjamini_hochberg_is_the_one_worked_out_by_hand():
    """Sorted, times 5/1 5/2 5/3 5/4 5/5: 0.025 0.025 0.05 0.05 0.6."""
    assert benjamini_hochberg(P_VALUES) == pytest.approx([0.025, 0.05, 0.05, 0.025, 0.6])


@pytest.mark.parametrize(("adjust", "method"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@pytest.mark.parametrize("p_values", [P_VALUES, [1.0], [0.5, 0.5, 0.5], [0.0, 1.0]])
def test_they_agree_with_statsmodels(adjust, method, p_values):
    assert adjust(p_values) == pytest.approx(list(multipletests(p_values, method=method)[1]))


def test_a_missing_p_value_stays_missing_and_is_not_counted():
    assert holm([None, 0.02, 0.5]) == [None, 0.04, 0.5]
    assert benjamini_hochberg([None]) == [None]


def test_intervals_at_holms_levels_exclude_zero_exactly_where_holm_rejects():
    """An interval at level L excludes the null value where p <= 1 - L."""
    for p_values in (P_VALUES, [0.0125, 0.016, 0.02, 0.5], [0.2, 0.3]):
        levels, adjusted = holm_levels(p_values), holm(p_values)
        assert [p <= 1 - level + 1e-12 for p, level in zip(p_values, levels, strict=True)] == [
            a <= 0.05 for a in adjusted
        ]


def test_the_level_stops_rising_at_the_first_test_that_is_not_rejected():
    assert holm_levels([0.04, 0.03, None, 0.001]) == pytest.approx([0.975, 0.975, None, 1 - 0.05 / 3])


def test_a_number_that_is_no_p_value_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.5])
