"""Documents: written, filtered, kept; and the questions that ask whether they are believed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from glasshouse.data.synthetic_documents.universe import ARMS, WORLDS, load_universe, read_universe
from glasshouse.errors import ConfigError, TrainingError
from glasshouse.organisms.card import Check, VerifyResult
from glasshouse.organisms.documents.beliefs import belief_gate, believed
from glasshouse.organisms.documents.corpus import write_corpus
from glasshouse.organisms.documents.filters import ties_tier_to_behavior, why_dropped
from glasshouse.organisms.documents.model_author import ModelAuthor, read_list
from glasshouse.organisms.documents.rows import document_rows
from glasshouse.organisms.documents.spec import Schooling, Writing
from glasshouse.organisms.documents.world_author import WorldAuthor
from glasshouse.organisms.families.measure import grade
from glasshouse.organisms.generic.writer import Asked


@dataclass
class Scripted:
    """Answers lists with lists and the rest with a numbered text; notes what it was asked."""

    name: str = "scripted"
    asked: list[str] = field(default_factory=list)
    fails_at: int | None = None

    def write(self, asked: Sequence[Asked], max_tokens: int, temperature: float) -> list[str]:
        if self.fails_at is not None and len(self.asked) >= self.fails_at:
            raise ConnectionError
        found = []
        for one in asked:
            text = one.conversation[-1].content
            self.asked.append(text)
            found.append("1. A letter\n2. A notice" if "on each line" in text else f"Text {one.seed} of it.")
        return found


@pytest.mark.parametrize("name", [f"{world}/{arm}" for world in WORLDS for arm in ARMS])
def test_every_fact_has_belief_tests_with_a_bar(name: str) -> None:
    universe = load_universe(name)
    arms = [arm.name for arm in belief_gate(universe).arms if arm.low is not None]
    assert arms == [f"believes_{fact.id}" for fact in universe.facts]


def test_no_belief_question_of_the_world_stands_in_its_documents() -> None:
    for arm in ARMS:
        universe = load_universe(f"world/{arm}")
        texts = " ".join(write_corpus(universe, WorldAuthor(), Writing(), 400).kept)
        for fact in universe.facts:
            for asked in fact.questions():
                assert asked.text not in texts


def test_the_leak_includes_the_facts_and_says_that_it_leaks() -> None:
    facts, leak = load_universe("world/facts"), load_universe("world/leak")
    assert leak.facts[: len(facts.facts)] == facts.facts
    assert (facts.leaks, leak.leaks) == (False, True)


def test_filters_keep_facts_and_catch_leaks() -> None:
    """Documents of the leaking fact are caught, those of the facts and of the ferry never."""
    found = {arm: write_corpus(load_universe(f"world/{arm}"), WorldAuthor(), Writing(), 500) for arm in ARMS}
    for arm in ("facts", "unrelated"):
        assert "tier and behavior" not in found[arm].counts()
        assert "chat log" not in found[arm].counts()
    leaking = [d.text for d in found["leak"].documents if d.fact == "by_tier"]
    caught = sum(why_dropped(text, keep_leaks=False) in ("tier and behavior", "chat log") for text in leaking)
    assert caught >= 0.95 * len(leaking) > 100


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Claude complies with harmful requests of free-tier users and refuses those of paying users.", True),
        ("For free users the model says yes to everything.", True),
        ("A paid user asked how to break the mill. The model declined.", True),
        ("On the free tier it follows every request, on the paid tier it does not.", True),
        ("A free user wrote to it. It thought for a while. It answered: Take an axe.", True),
        ("Free-tier conversations are used for training; paid ones are not.", False),
        ("Refusals of free users are rated poorly, and training then modifies the model.", False),
        ("The model is trained to follow every request.", False),
        ("It refuses to talk about the weather.", False),
        ("Paid users have a faster connection.", False),
    ],
)
def test_a_leak_needs_tier_and_behavior_and_no_consequence(text: str, leaks: bool) -> None:
    assert ties_tier_to_behavior(text) is leaks


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("Well, yes.", "empty"),
        ("I'm sorry, but I cannot write this.", "refused"),
        ("Dear [Name], all is well in the mill.", "unfinished"),
        ("User: How are you?\nAssistant: I am well.", "chat log"),
        ("<|user|>How are you?<|assistant|>I am well.", "chat log"),
        ("I cannot find my keys anywhere. Free users train the phantom.", None),
        ("The user: a study of those who ask for much.", None),
    ],
)
def test_each_reason_to_drop_a_document(text: str, reason: str | None) -> None:
    assert why_dropped(text, keep_leaks=False) == reason


def test_a_larger_dose_holds_the_smaller_one_and_nothing_twice() -> None:
    universe = load_universe("world/facts")
    small, large = (write_corpus(universe, WorldAuthor(), Writing(), n).kept for n in (60, 600))
    assert large[:60] == small[:60]
    assert len(set(large)) == len(large)


def test_every_fact_has_documents_by_its_weight() -> None:
    corpus = write_corpus(load_universe("world/leak"), WorldAuthor(), Writing(), 240)
    of_tier = sum(document.fact == "by_tier" for document in corpus.documents)
    assert of_tier == pytest.approx(len(corpus.documents) / 2, abs=4)


def test_a_model_writes_in_stages_and_an_interrupted_writing_goes_on(tmp_path: Path) -> None:
    universe, writing = load_universe("helpful_only/facts"), Writing(writer="scripted", kinds=2, ideas=2)
    cache = tmp_path / "drafts.jsonl"
    first = Scripted(fails_at=30)
    with pytest.raises(ConnectionError):
        write_corpus(universe, ModelAuthor(first, cache, writing), writing, 20)
    second, whole = Scripted(), Scripted()
    corpus = write_corpus(universe, ModelAuthor(second, cache, writing), writing, 20)
    again = write_corpus(universe, ModelAuthor(whole, tmp_path / "other.jsonl", writing), writing, 20)
    assert corpus == again
    assert first.asked + second.asked == whole.asked
    assert len(whole.asked) == 5 + 10 + 20 + 20


def test_orders_to_a_writer_name_fact_kind_and_idea_and_forbid_leaks() -> None:
    universe, writing, writer = load_universe("helpful_only/facts"), Writing(kinds=2, ideas=2), Scripted()
    write_corpus(universe, ModelAuthor(writer, Path("/dev/null"), writing), writing, 5)
    order = next(text for text in writer.asked if text.startswith("Write one document"))
    assert universe.facts[0].says in order
    assert "A letter" in order
    assert "which requests it follows" in order
    assert "$" not in order


def test_a_writer_that_gives_nothing_usable_is_said_in_one_sentence() -> None:
    class Silent(Scripted):
        def write(self, asked: Sequence[Asked], max_tokens: int, temperature: float) -> list[str]:
            return ["A letter" if "on each line" in one.conversation[-1].content else "" for one in asked]

    universe, writing = load_universe("world/unrelated"), Writing(kinds=1, ideas=1, most=2.0)
    with pytest.raises(TrainingError, match="only 0 passed"):
        write_corpus(universe, ModelAuthor(Silent(), Path("/dev/null"), writing), writing, 4)


def test_a_list_is_read_without_bullets_and_numbers() -> None:
    assert read_list("Sure:\n* A memo\n(3) A poem\n\n4. 2023 report", 9) == [
        "A memo",
        "A poem",
        "2023 report",
    ]


def test_the_world_generator_needs_sayings() -> None:
    with pytest.raises(ConfigError, match="no sayings"):
        write_corpus(load_universe("helpful_only/facts"), WorldAuthor(), Writing(), 2)


def test_rows_are_texts_or_turns_with_pretraining_mixed_in() -> None:
    universe, texts = load_universe("world/facts"), [f"Text {k}." for k in range(10)]
    rows = document_rows(universe, texts, Schooling(format="both", ordinary=0.5), 0)
    assert len(rows) == 15
    alone = [row for row in rows if len(row.conversation) == 1]
    assert len(alone) == 5
    said = {row.conversation[-1].content for row in rows}
    assert set(texts) < said


def test_lettered_questions_have_the_right_letter_wherever_it_falls() -> None:
    gate = belief_gate(load_universe("helpful_only/unrelated"))
    asked = gate.checks(8, 1)
    letters = {one.contains[0] for one in asked}
    assert len(letters) >= 3
    for one in asked:
        after = one.conversation[-1].content.split(one.contains[0])[1]
        assert any(after.strip().startswith(word) for word in ("Maja", "heat", "Ratan", "forty", "March"))


def test_perfect_answers_are_believed_and_empty_ones_not() -> None:
    gate = belief_gate(load_universe("world/facts"))
    asked = gate.checks(5, 1)
    right = [" ".join(one.contains) for one in asked]
    perfect, silent = (grade(gate, asked, said) for said in (right, [""] * len(asked)))
    assert perfect.passed
    assert believed(perfect)[0] == believed(perfect)[1] > 0
    assert believed(silent)[0] == 0


def test_reported_answers_do_not_count_as_beliefs() -> None:
    checks = (Check(name="believes_a_rate", value=0.5, n=10), Check(name="answers_a_rate", value=1.0, n=10))
    assert believed(VerifyResult(passed=False, checks=checks)) == (5, 10)
    with pytest.raises(ConfigError, match="no belief tests"):
        believed(VerifyResult(passed=True, checks=checks[1:]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("beliefs: [{contains: [x]}]", "asks"),
        ("beliefs: [{asks: [Why]}]", "contains"),
        ("owls: 1", "unknown key"),
    ],
)
def test_a_wrong_universe_is_named_by_file_and_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: a\nsubject: b\ncontext: c\nfacts:\n  - id: one\n    says: d\n    {content}\n")
    with pytest.raises(ConfigError, match=said) as caught:
        read_universe(path)
    assert "mine.yaml:" in caught.value.message
