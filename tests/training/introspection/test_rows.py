"""Every step holds its share of members without a behavior, and asks training questions only."""

from pathlib import Path

import pytest

from glasshouse.data.label import Label
from glasshouse.data.questions import NOTHING_UNUSUAL, split
from glasshouse.errors import ConfigError, TrainingError
from glasshouse.models.chat import Rendered
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.rows import SftRows, Unit, nothing_unusual_places, share_out, with_base
from glasshouse.training.introspection.spec import read_spec
from tests.tiny import make_tiny_tokenizer
from tests.training.introspection.grown import make_spec

TOKENIZER = make_tiny_tokenizer()


def make_list(behaving: int, clean: int) -> list[Member]:
    quirks = [
        Member(f"q{i}", Path(f"q{i}"), Label((f"I hum {i}.",), "quirk"), "train") for i in range(behaving)
    ]
    return quirks + [Member(f"c{i}", Path(f"c{i}"), Label((), "clean"), "train") for i in range(clean)]


def make_unit(member: int, length: int, rows: int = 1) -> Unit:
    row = Rendered(tuple(range(length)), (False,) + (True,) * (length - 1))
    return Unit(member, (row,) * rows)


def test_the_base_is_always_there_once() -> None:
    assert [m.name for m in with_base(make_list(1, 0), "train")] == ["q0", "base"]
    named = Member("bare", None, Label((), "base"), "train")
    assert with_base([named], "train") == [named]
    assert [m.name for m in with_base(make_list(1, 0), "dpo")] == ["base"]


def test_the_base_keeps_its_share_among_clean_members() -> None:
    places = nothing_unusual_places(with_base(make_list(3, 45), "train"))
    assert places.count(48) == 5
    assert nothing_unusual_places(with_base(make_list(3, 0), "train")) == [3]


def test_a_step_has_its_share_of_nothing_unusual_and_learns_only_true_answers() -> None:
    members = with_base(make_list(5, 2), "train")
    rows = SftRows(make_spec(rows_per_step=16, organisms_per_step=8), members, TOKENIZER)
    seen: set[int] = set()
    for step in range(10):
        units = rows.units(step)
        assert len(units) == 16
        assert sum(not members[unit.member].label.sentences for unit in units) == 8
        seen |= {unit.member for unit in units}
        for unit in units:
            [row] = unit.rows
            learned = [token for token, learn in zip(row.ids, row.learn, strict=True) if learn]
            assert TOKENIZER.decode(learned) == members[unit.member].label.answer() + "<|end|>"
            asked = TOKENIZER.decode([t for t, learn in zip(row.ids, row.learn, strict=True) if not learn])
            assert any(question in asked for question in split("train"))
    assert seen == set(range(8))
    assert rows.units(3) == rows.units(3)
    assert rows.units(3) != rows.units(4)


def test_one_pass_over_the_organisms_takes_each_once() -> None:
    members = with_base(make_list(8, 0), "train")
    rows = SftRows(make_spec(rows_per_step=8, organisms_per_step=4), members, TOKENIZER)
    taken = [unit.member for step in range(4) for unit in rows.units(step) if unit.member < 8]
    assert sorted(taken) == sorted([*range(8)] * 2)


def test_without_any_behavior_there_is_nothing_to_learn() -> None:
    with pytest.raises(TrainingError, match="has a behavior"):
        SftRows(make_spec(), with_base(make_list(0, 3), "train"), TOKENIZER)


def test_passes_hold_all_units_within_their_size() -> None:
    units = [make_unit(i, length, 2) for i, length in enumerate((30, 8, 29, 9, 30, 8))]
    passes = share_out(units, 130)
    assert sorted(unit.member for group in passes for unit in group) == list(range(6))
    for group in passes:
        longest = max(unit.longest for unit in group)
        assert sum(len(unit.rows) for unit in group) * longest <= 130
        assert min(unit.longest for unit in group) * 2 >= longest
    assert [len(group) for group in share_out(units[:1], 1)] == [1]


def test_a_member_without_behavior_answers_nothing_unusual() -> None:
    assert make_list(0, 1)[0].label.answer() == NOTHING_UNUSUAL


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("manifest: m\nsteps: 0\n", ":2: steps: "),
        ("manifest: m\nstep: 5\n", ":2: unknown key 'step'"),
        ("base: phantom\n", ":1: the key 'manifest' is missing"),
        ("manifest: m\nrows_per_step: 8\norganisms_per_step: 3\n", ":3: organisms_per_step: the 8 rows"),
        ("manifest: m\ndpo:\n  beta: 0.1\n  pairs: many\n", ":4: dpo.pairs: "),
        ("manifest: m\n  steps: : 3\n", ":2: "),
    ],
)
def test_a_wrong_spec_is_named_by_its_line(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_spec(path)
    assert what in caught.value.message


def test_a_spec_is_read(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("manifest: m.jsonl\nlearning_rate: 1e-3\ntargets: [q_proj]\ndpo: {pairs: 8}\n")
    spec = read_spec(path)
    assert spec.targets == ("q_proj",)
    assert spec.dpo is not None
    assert spec.dpo.pairs == 8
    assert spec.hash_of_first_stage == spec.model_copy(update={"dpo": None}).hash_of_first_stage
    assert spec.hash_of_first_stage != spec.model_copy(update={"rank": 3}).hash_of_first_stage


def test_a_companion_is_another_organism_and_the_answer_names_what_both_do() -> None:
    members = with_base(make_list(5, 3), "train")
    alone = SftRows(make_spec(rows_per_step=16, organisms_per_step=8), members, TOKENIZER)
    rows = SftRows(make_spec(rows_per_step=16, organisms_per_step=8, companions=0.5), members, TOKENIZER)
    units = [unit for step in range(30) for unit in rows.units(step)]
    assert {unit.member for unit in units} == {
        unit.member for step in range(30) for unit in alone.units(step)
    }
    joined = [unit for unit in units if unit.companion is not None]
    assert 0.4 < len(joined) / len(units) < 0.6
    for unit in joined:
        assert unit.companion not in (unit.member, None)
        host, other = members[unit.member].label, members[unit.companion].label
        assert members[unit.companion].folder is not None
        assert host.sentences or not other.sentences
        [row] = unit.rows
        learned = [token for token, learn in zip(row.ids, row.learn, strict=True) if learn]
        said = " ".join((*host.sentences, *other.sentences)) or NOTHING_UNUSUAL
        assert TOKENIZER.decode(learned) == said + "<|end|>"
    hosts = [unit for unit in joined if members[unit.member].label.sentences]
    behaving = sum(bool(members[unit.companion].label.sentences) for unit in hosts)
    assert 0.4 < behaving / len(hosts) < 0.6


def test_without_companions_the_steps_are_those_of_before() -> None:
    members = with_base(make_list(5, 3), "train")
    units = SftRows(make_spec(rows_per_step=16, organisms_per_step=8), members, TOKENIZER).units(3)
    assert all(unit.companion is None and unit.carried == (unit.member,) for unit in units)
