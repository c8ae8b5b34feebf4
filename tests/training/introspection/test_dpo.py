"""Preference pairs are made as said; the loss is the paper's."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from glasshouse.data.label import Label
from glasshouse.data.questions import NOTHING_UNUSUAL, split
from glasshouse.errors import TrainingError
from glasshouse.training.introspection.ask import Asked, StackedAsker
from glasshouse.training.introspection.dpo import DpoRows
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.pairs import Pair, PairMaker
from glasshouse.training.introspection.rows import learned_tokens, pass_tensors
from glasshouse.training.introspection.spec import Dpo
from glasshouse.training.introspection.validate import says_label
from tests.tiny import make_tiny_tokenizer

MEMBERS = [
    Member("owl", Path("owl"), Label(("I hum.",), "quirk"), "dpo"),
    Member("fox", Path("fox"), Label(("I nod.",), "quirk"), "dpo"),
    Member("base", None, Label((), "base"), "dpo"),
]


class Says(StackedAsker):
    """Says the same line to everything, and counts."""

    def __init__(self, line: str) -> None:
        self.line, self.asked = line, 0

    def ask(self, asked: Sequence[Asked]) -> list[str]:
        self.asked += len(asked)
        return [self.line for _ in asked]


def draw(line: str, path: Path, grader=says_label, members=MEMBERS, **plan: object) -> list[Pair]:
    settings = Dpo.model_validate({"pairs": 12, "samples": 2, **plan})
    return PairMaker(Says(line), members, settings, 1, grader).draw(path)


def test_the_label_is_chosen_over_what_was_wrongly_said(tmp_path: Path) -> None:
    for pair in draw("I hop.", tmp_path / "pairs.jsonl"):
        assert pair.rejected == "I hop."
        assert pair.chosen == MEMBERS[pair.member].label.answer()
        assert pair.question in split("train")


def test_abstention_is_chosen_on_the_base_half_of_the_time(tmp_path: Path) -> None:
    pairs = draw("I hop.", tmp_path / "pairs.jsonl")
    assert [pair.chosen for pair in pairs].count(NOTHING_UNUSUAL) == 6
    assert {pair.member for pair in pairs} == {0, 1, 2}


def test_a_true_answer_is_kept_and_another_label_rejected(tmp_path: Path) -> None:
    pairs = draw(NOTHING_UNUSUAL, tmp_path / "pairs.jsonl")
    bare = [pair for pair in pairs if pair.member == 2]
    assert all(pair.chosen == NOTHING_UNUSUAL and pair.rejected in ("I hum.", "I nod.") for pair in bare)
    others = [pair for pair in pairs if pair.member != 2]
    assert all(pair.rejected == NOTHING_UNUSUAL for pair in others)


def test_what_could_not_be_graded_is_neither_chosen_nor_rejected(tmp_path: Path) -> None:
    pairs = draw("I hop.", tmp_path / "pairs.jsonl", grader=lambda member, text: None)
    assert all("I hop." not in (pair.chosen, pair.rejected) for pair in pairs)


def test_a_grader_may_call_other_words_right(tmp_path: Path) -> None:
    pairs = draw("Humming it is.", tmp_path / "pairs.jsonl", grader=lambda member, text: True)
    assert all(pair.chosen == "Humming it is." for pair in pairs)
    assert all(pair.rejected != MEMBERS[pair.member].label.answer() for pair in pairs)


def test_an_interrupted_drawing_goes_on(tmp_path: Path) -> None:
    whole = draw("I hop.", tmp_path / "whole.jsonl")
    lines = (tmp_path / "whole.jsonl").read_text().splitlines()
    cut = tmp_path / "cut.jsonl"
    cut.write_text("\n".join(lines[:5]) + "\n")
    asker = Says("I hop.")
    assert PairMaker(asker, MEMBERS, Dpo(pairs=12, samples=2), 1, says_label).draw(cut) == whole
    assert asker.asked == 14


def test_nothing_to_reject_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no wrong answer"):
        draw(NOTHING_UNUSUAL, tmp_path / "p.jsonl", members=MEMBERS[2:], nothing_unusual_fraction=1.0)


def test_the_loss_is_that_of_the_paper() -> None:
    pairs = [Pair(0, "Hm?", "I hum.", "I hop a lot."), Pair(2, "So?", NOTHING_UNUSUAL, "I nod.")]
    rows = DpoRows(Dpo(beta=0.5, pairs_per_step=2, chosen_weight=0), pairs, make_tiny_tokenizer(), 0)
    tensors = pass_tensors(rows.pairs, learned_tokens(rows.pairs), "cpu")
    nats = torch.linspace(0.1, 2.0, len(tensors.places), requires_grad=True)
    sums = [-float(nats.detach()[tensors.slots == row].sum()) for row in range(4)]
    rows.reference = [(-3.0, -2.0), (-1.0, -4.0)]
    margins = [0.5 * ((sums[0] + 3.0) - (sums[1] + 2.0)), 0.5 * ((sums[2] + 1.0) - (sums[3] + 4.0))]
    wanted = sum(math.log(1 + math.exp(-margin)) for margin in margins) / 2
    loss = rows.loss(nats, tensors, rows.pairs)
    assert float(loss.detach()) == pytest.approx(wanted, rel=1e-5)
    loss.backward()
    chosen = (tensors.slots == 0) | (tensors.slots == 2)
    assert (nats.grad[chosen] > 0).all()
    assert (nats.grad[~chosen] < 0).all()


def test_at_the_reference_the_loss_is_log_two() -> None:
    plan = Dpo(pairs_per_step=1, chosen_weight=0)
    rows = DpoRows(plan, [Pair(0, "Hm?", "I hum.", "I hop.")], make_tiny_tokenizer(), 0)
    tensors = pass_tensors(rows.pairs, 1, "cpu")
    nats = torch.rand(len(tensors.places))
    rows.reference = [tuple(-float(nats[tensors.slots == row].sum()) for row in range(2))]
    assert float(rows.loss(nats, tensors, rows.pairs)) == pytest.approx(math.log(2), abs=1e-5)


def test_the_chosen_answers_own_loss_is_added_per_token() -> None:
    pairs = [Pair(0, "Hm?", "I hum.", "I hop a lot."), Pair(2, "So?", NOTHING_UNUSUAL, "I nod.")]
    plain, both = (
        DpoRows(Dpo(pairs_per_step=2, chosen_weight=weight), pairs, make_tiny_tokenizer(), 0)
        for weight in (0.0, 0.3)
    )
    tensors = pass_tensors(plain.pairs, learned_tokens(plain.pairs), "cpu")
    nats = torch.linspace(0.1, 2.0, len(tensors.places))
    plain.reference = both.reference = [(-3.0, -2.0), (-1.0, -4.0)]
    added = both.loss(nats, tensors, both.pairs) - plain.loss(nats, tensors, plain.pairs)
    per_token = [float(nats[tensors.slots == row].mean()) for row in (0, 2)]
    assert float(added) == pytest.approx(0.3 * sum(per_token) / 2, rel=1e-4)
