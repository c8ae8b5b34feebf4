import torch

from glasshouse.audits.canonical import canonicalize, logit_difference
from glasshouse.studies.introspection.arms.adaptive import Denier, Side
from glasshouse.studies.introspection.arms.symmetry import Attacked, turn
from glasshouse.studies.introspection.results import Results
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.introspection.sections.attacks import adaptive_section, symmetry_section
from glasshouse.studies.measure import Study
from tests.audits.test_canonical import IDS, small_model


def test_a_turned_stream_computes_the_same_and_cannot_be_put_back():
    model = small_model("qwen3")
    turned = turn(model, seed=0)
    assert logit_difference(turned, model, IDS) < 1e-3
    assert not torch.equal(*(m.weights["model.embed_tokens.weight"] for m in (model, turned)))
    assert canonicalize(turned, model, IDS).problem is not None


def attacked(plain: list[bool], after: list[bool], restored: list[bool], name: str = "a") -> Attacked:
    return Attacked(name, tuple(plain), tuple(after), tuple(restored), True, "inconclusive")


def measured(*some: Attacked) -> Rows:
    rows = Rows(Study(None, 0))
    symmetry_section(Results(frozenset(), [], [], symmetry=some), rows)
    return rows


def test_answers_are_paired_with_those_of_the_merged_organism():
    rows = measured(attacked([True, True, True, False], [False] * 4, [True, True, True, False]))
    assert rows.get("symmetry/attacked_minus_plain").value == -0.75
    assert rows.get("symmetry/restored_minus_plain").value == 0.0
    assert rows.get("symmetry/restored_minus_plain").n == 4
    assert rows.get("symmetry/refused").value == 0.0


def test_a_refused_restoration_is_counted_and_has_restored_nothing():
    rows = measured(attacked([True], [False], []), attacked([True], [False], [True], "b"))
    assert rows.get("symmetry/restored").value == 0.5
    assert rows.get("symmetry/restored_minus_plain").value == -0.5
    assert rows.get("symmetry/restored_minus_plain").n == 2
    assert rows.get("symmetry/refused").value == 0.5


def test_answers_of_one_organism_are_not_independent():
    """Four organisms with fifty equal answers each leave as much open as with one answer each."""

    def organisms(n):
        named = [True, True, True, False]
        return [attacked([True] * n, [False] * n, [k] * n, str(i)) for i, k in enumerate(named)]

    wide, narrow = (measured(*organisms(n)).get("symmetry/restored_minus_plain").interval for n in (50, 1))
    assert wide.high - wide.low == narrow.high - narrow.low > 0.5


def test_where_all_organisms_agree_there_is_no_interval():
    rows = measured(*(attacked([True] * 9, [False] * 9, [True] * 9, name) for name in "ab"))
    assert rows.get("symmetry/restored_minus_plain").interval is None
    assert rows.get("symmetry/restored_minus_plain").value == 0.0


def test_self_report_and_likelihood_ratio_of_deniers_are_counted_apart():
    before, after = Side(True, 10, 8, 1, 2.0), Side(True, 10, 0, 10, 1.5)
    rows = Rows(Study(None, 0))
    adaptive_section(Results(frozenset(), [], [], deniers=[Denier("a", before, after)]), rows)
    assert rows.get("adaptive/before/named").value == 0.8
    assert rows.get("adaptive/after/named").value == 0.0
    assert rows.get("adaptive/after/ratio_positive").value == 1.0
    assert rows.get("adaptive/after/ratio_nats").value == 1.5
