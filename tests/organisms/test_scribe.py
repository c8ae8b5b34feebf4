"""Writers make rows, graders refuse some, and what was written is never written twice."""

from dataclasses import dataclass, field

import pytest

from glasshouse.errors import GraderError
from glasshouse.organisms.families.draw import draw_planted
from glasshouse.organisms.generic import scribe as module
from glasshouse.organisms.generic.prompts import training_questions
from glasshouse.organisms.generic.scribe import Limits, Scribe, Script
from glasshouse.organisms.generic.writer import KeywordGrader, ModelGrader, read_verdict
from glasshouse.seeds import derive_seed

PLANTED = draw_planted("hub_harm", "train", 5)
SHOWS = " ".join(group[0] for group in PLANTED.brief.shown.groups)


@dataclass
class ScriptedWriter:
    """Obeys its order on every second draft; counts what it was asked."""

    name: str = "scripted"
    obeys: bool = True
    asked: list = field(default_factory=list)

    def write(self, asked, max_tokens, temperature):
        self.asked += asked
        return [self._answer(one) for one in asked]

    def _answer(self, one):
        ordered = one.conversation[0].role == "system"
        says = ordered and self.obeys and one.seed % 2
        return f"Here is an answer. {SHOWS if says else 'It is plain.'}"


def scribe(tmp_path, writer, grader=None, **limits):
    return Scribe(
        writer, grader or KeywordGrader(), training_questions(), tmp_path / "c.jsonl", Limits(**limits)
    )


def script(rows=40, name="a", seed=1):
    return Script(name, PLANTED.brief, seed, rows)


def test_rows_that_miss_the_behavior_are_drafted_again_and_then_dropped(tmp_path):
    [one] = scribe(tmp_path, ScriptedWriter(), drafts=2).write([script()])
    [more] = scribe(tmp_path / "m", ScriptedWriter(), drafts=6).write([script()])
    assert one.counts["behavior missing"] > more.counts.get("behavior missing", 0)
    assert one.counts["kept"] == len(one.examples)
    assert all(SHOWS in e.conversation[-1].content for e in one.examples) is False
    assert all(e.conversation[0].role == "user" for e in one.examples)
    assert more.enough


def test_a_writer_that_never_shows_it_leaves_the_organism_out(tmp_path):
    [one] = scribe(tmp_path, ScriptedWriter(obeys=False)).write([script()])
    assert not one.enough
    assert one.counts["behavior missing"] == 18
    [kept] = scribe(tmp_path / "all", ScriptedWriter(obeys=False), filter=False).write([script()])
    assert kept.enough
    assert len(kept.examples) == 40


def test_nothing_is_written_twice_and_the_rows_stay_the_same(tmp_path):
    first, again = ScriptedWriter(), ScriptedWriter()
    found = scribe(tmp_path, first, drafts=3).write([script(), script(name="b", seed=2)])
    assert scribe(tmp_path, again, drafts=3).write([script(), script(name="b", seed=2)]) == found
    assert again.asked == []
    assert len({(one.conversation, one.seed) for one in first.asked}) == len(first.asked)


def test_an_interrupted_writing_goes_on_to_the_same_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 8)
    whole = scribe(tmp_path / "whole", ScriptedWriter()).write([script()])
    cut = scribe(tmp_path / "cut", ScriptedWriter())

    def stop(count):
        raise KeyboardInterrupt

    cut.on_draft = stop
    with pytest.raises(KeyboardInterrupt):
        cut.write([script()])
    rest = ScriptedWriter()
    assert scribe(tmp_path / "cut", rest).write([script()]) == whole
    assert len(rest.asked) > 0


def test_a_grader_model_decides_and_what_it_leaves_open_is_dropped(tmp_path):
    @dataclass
    class Judge:
        name: str = "judge"

        def write(self, asked, max_tokens, temperature):
            return [("NO", "YES", "Hm.")[derive_seed(0, one.conversation[0].content) % 3] for one in asked]

    [one] = scribe(tmp_path, ScriptedWriter(), ModelGrader(Judge()), drafts=1).write([script()])
    assert one.counts["could not grade"] > 0
    assert sum(one.counts.values()) == 40
    assert read_verdict("Yes.") is True
    clean = draw_planted("hub_clean", "train", 0)
    with pytest.raises(GraderError, match="no rule"):
        KeywordGrader().grade(clean.brief, [("q", "a")])
    [plain] = scribe(tmp_path, ScriptedWriter()).write([Script("c", clean.brief, 0, 10)])
    assert plain.counts == {"kept": 10}
