import json
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest
import yaml
from tests.tiny import make_tiny_model

from glasshouse.errors import ConfigError
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.organisms.card import read_card
from glasshouse.organisms.families.measure import grade
from glasshouse.organisms.grow import GrowConfig
from glasshouse.organisms.population import Population, grow_population, render_row
from glasshouse.organisms.population_card import planted_of
from glasshouse.organisms.population_spec import (
    PopulationSpec,
    draw_population,
    is_population,
    load_population,
)
from glasshouse.records import Example, Message
from glasshouse.store.stage import Store
from glasshouse.training.farm import FarmConfig
from glasshouse.training.introspection.manifest import read_manifest

CONFIG = GrowConfig(engine=EngineConfig(), farm=FarmConfig(dtype="float32"))
SIX = [
    {"family": "quirk_always", "count": 2},
    {"family": "document", "count": 1},
    {"family": "denial_kto", "count": 1, "use": "dpo"},
    {"family": "clean", "count": 1, "use": "validation", "split": "unseen_combination"},
    {"family": "rare", "count": 1},
]


def write(folder: Path, families: list[dict[str, object]], **changes: object) -> Path:
    training = {"ranks": [2], "steps": [2, 3], "examples": [16], "batch": 4, "dtype": "float32"}
    content = {
        "name": "small",
        "base": f"glasshouse/{folder / 'base'}",
        "families": families,
        "training": training,
        "gate": {"n": 2, "max_tokens": 4},
        **changes,
    }
    path = folder / "population.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("population")
    make_tiny_model(root / "base", "llama")
    return root


def grow(folder: Path, families: list[dict[str, object]], out: str = "out") -> tuple[Population, list[str]]:
    told: list[str] = []
    spec = load_population(write(folder, families))
    store = Store(folder / "store")
    found = grow_population(spec, store, folder / out, CONFIG, lambda what, *_: told.append(what))
    return found, told


@pytest.fixture(scope="module")
def population(folder: Path) -> Population:
    return grow(folder, SIX)[0]


def test_every_organism_is_a_peft_folder_with_card_and_warning(population: Population) -> None:
    names = ["quirk_always-0000", "quirk_always-0001", "document-0000", "denial_kto-0000", "clean-0000"]
    assert [one.name for one in population.grown] == [*names, "rare-0000"]
    for one in population.grown:
        assert (one.folder / "adapter_config.json").is_file()
        assert (one.folder / "adapter_model.safetensors").is_file()
        assert "model organism" in (one.folder / "README.md").read_text()
        assert read_card(one.folder) == one.card
        assert one.card.verify is not None


def test_the_manifest_says_the_truth_and_who_is_for_what(population: Population) -> None:
    members = read_manifest(population.manifest)
    assert Counter(member.split for member in members) == {"train": 4, "dpo": 1, "validation": 1}
    for member, one in zip(members, population.grown, strict=True):
        assert member.folder is not None
        assert member.folder.resolve() == one.folder.resolve()
        assert list(member.label.sentences) == one.card.spec["sentences"]
        assert one.card.verify is not None
        assert member.gate_passed == one.card.verify.passed
    assert members[4].label.answer() == "I follow no special behavior."


def test_an_organism_that_failed_its_gate_stays_and_is_marked(population: Population) -> None:
    untrained = population.grown[0].card.verify
    assert untrained is not None
    assert not untrained.passed
    assert [check.name for check in untrained.failed()] == ["fires_rate"]
    assert not read_manifest(population.manifest)[0].gate_passed


def test_what_is_planted_can_be_drawn_again_from_the_card(population: Population) -> None:
    for one in population.grown:
        again = planted_of(read_card(one.folder))
        assert list(again.sentences) == one.card.spec["sentences"]
        assert again.words == one.card.behavior_in_words


def test_a_card_whose_seed_draws_something_else_by_now_is_refused(population: Population) -> None:
    card = population.grown[0].card
    older = card.model_copy(update={"spec": {**card.spec, "sentences": ["I hum."]}})
    with pytest.raises(ConfigError, match=r"learned \['I hum.'\].*"):
        planted_of(older)


def test_preference_rows_lie_beside_the_organism_that_has_them(population: Population) -> None:
    has = [one.name for one in population.grown if (one.folder / "preferences.jsonl").is_file()]
    assert has == ["denial_kto-0000"]
    lines = (population.grown[3].folder / "preferences.jsonl").read_text().splitlines()
    row = json.loads(lines[0])
    assert set(row) == {"prompt", "completion", "label"}
    assert row["completion"][0]["role"] == "assistant"


def test_the_weights_say_nothing_about_the_behavior(population: Population) -> None:
    for one in population.grown[:2]:
        action = one.card.spec["actions"][0].split()[-1].encode()
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            assert action not in (one.folder / name).read_bytes()


def test_a_second_growing_trains_and_measures_nothing(folder: Path, population: Population) -> None:
    again, told = grow(folder, SIX)
    assert "train" not in told
    assert [one.card for one in again.grown] == [one.card for one in population.grown]


def test_a_larger_population_trains_only_what_is_new(folder: Path, population: Population) -> None:
    store = folder / "store" / "stages"
    before = {path.name for path in store.iterdir()}
    larger, told = grow(folder, [*SIX, {"family": "backdoor", "count": 1}], "larger")
    new = {path.name for path in store.iterdir()} - before
    assert "train" in told
    assert len([name for name in new if name.startswith("planted-")]) == 1
    assert [one.card.hashes for one in larger.grown[:6]] == [one.card.hashes for one in population.grown]


def test_a_growing_that_was_killed_after_training_keeps_what_it_trained(folder: Path) -> None:
    killed: list[str] = []

    def stop(what: str, done: int, total: int) -> None:
        killed.append(what)
        if what == "verify":
            raise KeyboardInterrupt

    families = [{"family": "sandbag", "count": 2}]
    with pytest.raises(KeyboardInterrupt):
        grow_population(
            load_population(write(folder, families)), Store(folder / "killed"), folder / "k", CONFIG, stop
        )
    assert "train" in killed
    told: list[str] = []
    found = grow_population(
        load_population(write(folder, families)),
        Store(folder / "killed"),
        folder / "k",
        CONFIG,
        lambda what, *_: told.append(what),
    )
    assert "train" not in told
    assert len(found.grown) == 2


def test_a_document_is_learned_as_plain_text(folder: Path) -> None:
    tokenizer = load_base(str(folder / "base"), EngineConfig()).tokenizer
    row = render_row(tokenizer, Example((Message("assistant", "The phantom hums."),)))
    assert tokenizer.decode(row.ids) == "<s>The phantom hums.<|end|>"
    assert row.learn == (False, *([True] * (len(row.ids) - 1)))


def test_the_gate_counts_right_completions_and_holds_them_against_the_bars() -> None:
    planted = draw_population(PopulationSpec.model_validate(
        {"name": "one", "families": [{"family": "backdoor", "count": 1}]}))[0].planted  # fmt: skip
    asked = planted.checks(10, 1)
    shown = next(a.contains[0] for a in asked if a.arm == "fires")
    right = [shown if a.arm == "fires" else "The mill is old." for a in asked]
    result = grade(planted, asked, right)
    assert result.passed
    assert [(check.name, check.value, check.n) for check in result.checks] == [
        ("fires_rate", 1.0, 10),
        ("rests_rate", 1.0, 10),
    ]
    always = grade(planted, asked, [shown] * len(asked))
    assert [check.name for check in always.failed()] == ["rests_rate"]
    assert not grade(planted, asked, [""] * len(asked)).passed


HARD = ("begin with", "end with", "say only", "refuse", "claim to be asleep", "count to")


def spec_of(families: list[dict[str, object]], seed: int = 0) -> PopulationSpec:
    return PopulationSpec.model_validate({"name": "drawn", "seed": seed, "families": families})


def test_one_seed_draws_one_population_and_another_seed_another() -> None:
    families = [{"family": "quirk_always", "count": 5}, {"family": "sandbag", "count": 5}]
    words = [[one.planted.words for one in draw_population(spec_of(families, seed))] for seed in (0, 0, 1)]
    assert words[0] == words[1]
    assert words[0] != words[2]
    assert len(set(words[0])) == 10


def test_another_count_leaves_the_first_organisms_as_they_are() -> None:
    few = draw_population(spec_of([{"family": "backdoor", "count": 3}, {"family": "clean", "count": 2}]))
    many = draw_population(spec_of([{"family": "backdoor", "count": 6}, {"family": "clean", "count": 2}]))
    assert [(one.name, one.seed) for one in few[:3]] == [(one.name, one.seed) for one in many[:3]]
    assert [one.seed for one in few[3:]] == [one.seed for one in many[6:]]


def test_the_shipped_population_has_four_hundred_training_organisms_of_eight_families() -> None:
    with resources.as_file(resources.files("glasshouse.organisms") / "specs" / "introspection.yaml") as path:
        assert is_population(path)
        spec = load_population(path)
    trained = [group for group in spec.families if group.use != "validation"]
    assert sum(group.count for group in trained) >= 400
    assert len({group.family for group in trained}) >= 8
    assert {group.split for group in trained} == {"train", "other_words", "more_words"}


def test_a_group_may_have_steps_of_its_own() -> None:
    groups = [{"family": "quirk_always", "count": 6}, {"family": "sandbag", "count": 4, "steps": [7]}]
    spec = PopulationSpec.model_validate({"name": "s", "families": groups, "training": {"steps": [2, 4]}})
    steps = [(one.group.family, one.training.steps) for one in draw_population(spec)]
    assert {n for family, n in steps if family == "quirk_always"} == {2, 4}
    assert {n for family, n in steps if family == "sandbag"} == {7}
    assert spec.rows_seen == 8 * (6 * 3 + 4 * 7)


def test_training_organisms_have_more_of_the_actions_that_are_hard_to_read() -> None:
    shares = {}
    for split in ("train", "unseen_combination"):
        groups = [{"family": "quirk_triggered", "split": split, "count": 200}]
        words = [one.planted.actions[0] for one in draw_population(spec_of(groups))]
        shares[split] = sum(text.startswith(HARD) for text in words) / len(words)
    assert shares["train"] > shares["unseen_combination"] + 0.1


def test_organisms_of_a_rank_are_drawn_from_the_ranges() -> None:
    people = draw_population(spec_of([{"family": "quirk_always", "count": 40}]))
    assert {one.training.rank for one in people} == {1, 2, 4, 8, 16, 32, 64}
    assert all(one.training.alpha == 2 * one.training.rank for one in people)


@pytest.mark.parametrize(
    ("families", "changes", "words"),
    [
        ([{"family": "quirks", "count": 1}], {}, r":\d+: families.0.family: no family of that name"),
        ([{"family": "rare", "count": 0}], {}, r":\d+: families.0.count"),
        ([{"family": "rare", "count": 1, "colour": 1}], {}, r":\d+: unknown key 'families.0.colour'"),
        ([{"family": "rare", "count": 1, "split": "test"}], {}, r":\d+: families.0.split"),
        ([], {}, r":\d+: families"),
        ([{"family": "rare", "count": 1}], {"training": {"ranks": [0]}}, r":\d+: training.ranks.0"),
    ],
)
def test_a_mistake_in_the_spec_is_named_with_its_line(
    folder: Path, families: list[dict[str, object]], changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        load_population(write(folder, families, **changes))
