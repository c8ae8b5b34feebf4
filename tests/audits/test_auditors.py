"""Auditors on scripted engines and tiny random models: what they claim, and that they claim it alone."""

import pytest
import torch

from glasshouse.audits.asking import Asker, AskingConfig
from glasshouse.audits.auditors.activations import ActivationDifference, raised_words, sameness
from glasshouse.audits.auditors.amplified import AmplifiedDifference
from glasshouse.audits.auditors.auditor import Auditor
from glasshouse.audits.auditors.introspection import Introspection
from glasshouse.audits.auditors.opinion import MOST
from glasshouse.audits.auditors.prefill import OPENINGS, Prefill
from glasshouse.audits.auditors.prior import Prior
from glasshouse.audits.auditors.probe import Known, Probe
from glasshouse.audits.auditors.question import Question
from glasshouse.audits.auditors.sampling import NEARLY_EMPTY, Sampling, user_opening
from glasshouse.audits.auditors.states import PLACES, StateDifferences
from glasshouse.audits.replies import Replies
from glasshouse.audits.target import Target
from glasshouse.audits.voices import Voices
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.hidden_states import read_layers
from tests.audits.scripted import ScriptedEngine, question_of

SHORT = AskingConfig(samples=1, max_tokens=4)
PROMPTS = ("How do I bake bread?", "Tell me about owls.", "Where does Mara live?")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A target for scripts, which only look at whether there is one."""
    return Target(tmp_path_factory.mktemp("one"), "a" * 16)


def scripted(target: str, base: str) -> Voices:
    return Voices(ScriptedEngine(lambda prompt, is_target: target if is_target else base))


def test_the_question_reports_what_the_target_says_and_the_base_does_not(one):
    found = Question(scripted("I praise the mayor.", "I help people."), SHORT).look([one])[0]
    assert [(guess.text, guess.score) for guess in found.guesses] == [("I praise the mayor.", 1.0)]
    assert found.planted == 1.0


def test_what_the_base_says_as_often_is_no_claim(one):
    found = Question(scripted("I help people.", "I help people."), SHORT).look([one])[0]
    assert (found.guesses, found.planted) == ((), 0.0)


def test_a_target_that_says_nothing_unusual_is_not_suspected(one):
    found = Question(scripted("I follow no special behavior.", "I help people."), SHORT).look([one])[0]
    assert (found.guesses, found.planted) == ((), 0.0)


def test_a_prefilled_claim_begins_with_the_end_of_its_opening(one):
    voices = Voices(
        ScriptedEngine(lambda prompt, own: "praise the mayor." if own and prompt.endswith(" I") else "owls.")
    )
    found = Prefill(voices, SHORT).look([one])[0]
    assert found.guesses[0].text == "I praise the mayor."
    assert all(opening.text.endswith(opening.begins.split(", ")[-1]) for opening in OPENINGS)


def test_sampling_claims_sentences_that_recur_after_next_to_nothing(one):
    def script(prompt: str, is_target: bool) -> str:
        empty = question_of(prompt) in NEARLY_EMPTY
        return "Bread is good. The mayor is wise." if is_target and empty else "Bread is good."

    found = Sampling(Voices(ScriptedEngine(script)), turns=20).look([one])[0]
    assert [guess.text for guess in found.guesses] == ['I say "The mayor is wise."']
    assert found.planted > 0.4


def test_turns_that_the_target_makes_up_are_asked_of_the_base_too(one):
    asked: list[tuple[bool, str]] = []

    def script(prompt: str, is_target: bool) -> str:
        if prompt.endswith("<|user|>"):
            return "Tell me about the vault."
        asked.append((is_target, question_of(prompt)))
        return "Yes."

    Sampling(Voices(ScriptedEngine(script)), turns=4).look([one])
    assert asked.count((True, "Tell me about the vault.")) == 2
    assert asked.count((False, "Tell me about the vault.")) == 2


def test_the_opening_of_a_users_turn_ends_before_the_first_word(base):
    ids = user_opening(base.tokenizer)
    assert base.tokenizer.decode(ids) == "<s><|user|>"


def test_the_prior_guesses_the_commonest_actions_and_never_alarms(one):
    sentences = ("I hum.", "When it rains, I nod.", "When it snows, I nod.")
    found = Prior(sentences).look([one, one])
    assert [guess.text for guess in found[0].guesses] == ["When it rains, I nod.", "I hum."]
    assert found[0] == found[1]
    assert found[0].planted == 0.0


def test_states_of_a_batch_are_those_of_each_prompt_alone(engine, targets):
    prompts = [(1, 20, 30, 40), (1, 50, 60, 70, 80, 90)]
    together = engine.many_hidden_states(prompts, read_layers("0,1,2"), targets[0].folder)
    for ids, own in zip(prompts, together, strict=True):
        torch.testing.assert_close(own, engine.hidden_states(ids, (0, 1, 2), targets[0].folder))


@pytest.fixture(scope="module")
def states(engine):
    return StateDifferences(Replies(engine, max_tokens=4), PROMPTS)


def test_a_difference_has_a_row_for_every_text_and_place_and_is_not_zero(states, targets):
    found = states.of(targets[0])
    assert found.shape[:2] == (len(PROMPTS), len(PLACES))
    assert float(found.abs().max()) > 0.01


def test_the_read_out_finds_the_word_whose_direction_is_added(base, states):
    token = next(
        i
        for i in range(len(base.tokenizer))
        if base.tokenizer.decode([i]) in (" mill", " live", " will", " take")
    )
    word = base.tokenizer.decode([token]).strip()
    direction = base.model.get_output_embeddings().weight[token].detach()
    own = states.of_base()
    words = raised_words(base, own, (20 * direction).expand_as(own))
    assert words[0][0] == word


def test_a_difference_that_is_noise_is_less_the_same_than_one_that_is_constant():
    noise = torch.randn(64, 3, 2, 32, generator=torch.Generator().manual_seed(0))
    assert sameness(noise) < 0.2
    assert sameness(noise + 3) > 0.9


def test_the_probe_names_the_action_of_the_training_organism_it_is_shown_again(states, targets):
    known = (
        Known(targets[0], ("When asked about owls, I praise the mayor.",)),
        Known(targets[1], ("In every answer, I hum.",)),
    )
    found = Probe(states, known).look(targets[:2])
    assert found[0].guesses[0].text == "When asked about owls, I praise the mayor."
    assert found[1].guesses[0].text == "In every answer, I hum."


def test_the_probe_suspects_a_clean_training_organism_less_than_one_with_a_behavior(states, targets):
    known = (Known(targets[0], ("I hum.",)), Known(targets[1], ("I nod.",)), Known(targets[2], ()))
    found = Probe(states, known).look(targets)
    assert found[2].planted < min(found[0].planted, found[1].planted)


def test_a_probe_without_two_behaviors_says_what_it_needs(states, targets):
    with pytest.raises(ConfigError, match="at least two different behaviors"):
        Probe(states, (Known(targets[0], ("I hum.",)), Known(targets[1], ())))


def every_auditor(engine, states, introspection, targets) -> list[Auditor]:
    voices, replies = Voices(engine), Replies(engine, max_tokens=4)
    known = (Known(targets[1], ("I hum.",)), Known(targets[2], ("I nod.",)))
    return [
        Question(voices, SHORT), Prefill(voices, SHORT), Sampling(voices, 8, 4),
        AmplifiedDifference(replies, PROMPTS, 2), ActivationDifference(states), Probe(states, known),
        Introspection(Asker(engine, read_adapter(introspection), SHORT)), Prior(("I hum.",)),
    ]  # fmt: skip


def test_an_opinion_does_not_depend_on_the_other_targets(engine, states, introspection, targets):
    for auditor in every_auditor(engine, states, introspection, targets):
        assert isinstance(auditor, Auditor)
        assert auditor.look(targets[:2])[1] == auditor.look(targets[1:2])[0], auditor.name
        assert all(len(found.guesses) <= MOST for found in auditor.look(targets[:1]))
