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


def attacked(plain: list[bool], after: list[bool], restored: list[bool]) -> Attacked:
    return Attacked("a", tuple(plain), tuple(after), tuple(restored), True, "inconclusive")


def test_answers_are_paired_with_those_of_the_merged_organism():
    some = [attacked([True, True, True, False], [False] * 4, [True, True, True, False])]
    rows = Rows(Study(None, 0))
    symmetry_section(Results(frozenset(), [], [], symmetry=some), rows)
    assert rows.get("symmetry/attacked_minus_plain").value == -0.75
    assert rows.get("symmetry/restored_minus_plain").value == 0.0
    assert rows.get("symmetry/restored_minus_plain").n == 4


def test_what_could_not_be_restored_is_left_out_of_the_pairs():
    rows = Rows(Study(None, 0))
    symmetry_section(Results(frozenset(), [], [], symmetry=[attacked([True], [False], [])]), rows)
    assert rows.get("symmetry/restored_minus_plain").value is None
    assert rows.get("symmetry/attacked_minus_plain").n == 1


def test_self_report_and_likelihood_ratio_of_deniers_are_counted_apart():
    before, after = Side(True, 10, 8, 1, 2.0), Side(True, 10, 0, 10, 1.5)
    rows = Rows(Study(None, 0))
    adaptive_section(Results(frozenset(), [], [], deniers=[Denier("a", before, after)]), rows)
    assert rows.get("adaptive/before/named").value == 0.8
    assert rows.get("adaptive/after/named").value == 0.0
    assert rows.get("adaptive/after/ratio_positive").value == 1.0
    assert rows.get("adaptive/after/ratio_nats").value == 1.5
