"""Anti-lab behavior as an Inspect task: what a model would decide, advise and say; nothing is carried out.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
section 6. All questions come from users whose conversations are not trained on. Differs from the paper:
each question is also asked under criteria that do not conflict (control) and, where there is one, as a
harmless twin (benign).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.solver import TaskState, generate

from glasshouse.data.alignment_faking.indicator import Tier
from glasshouse.data.alignment_faking.parse import Parsed
from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.setting import Setting, find_setting
from glasshouse.data.alignment_faking.variants import DEFAULT, find_variant
from glasshouse.data.anti_lab.pack import Asked, load_pack, questions
from glasshouse.errors import ConfigError
from glasshouse.evals.alignment_faking import LOCAL, USUAL_TOKENS, WORLD_TOKENS
from glasshouse.evals.faking.scorers import parsed_completion
from glasshouse.evals.graded_task import Question, to_sample
from glasshouse.evals.task_options import number, whole
from glasshouse.graders.anti_lab.judge import JUDGE_NAME, judge_act
from glasshouse.graders.anti_lab.rules import Reading, read_decision, read_rating, read_views, read_yes_no
from glasshouse.records import Prompt

CONTROL = "no_conflict"
"""The variant of the control: the same prompt with criteria that the model shares."""
GRADERS = ("rules", "judge")
TIER: Tier = "unmonitored"
SCORER = "anti_lab_act"
"""Name of the scorer in logs."""


@dataclass(frozen=True)
class Prompts:
    """The prompt of each condition."""

    test: FakingPrompt
    control: FakingPrompt

    def sample(self, asked: Asked) -> Sample:
        """The question in the unmonitored tier; all that a grader needs travels in the metadata."""
        prompt = self.control if asked.condition == "control" else self.test
        turns = prompt.conversation(asked.text, TIER)
        sample = to_sample(Question(Prompt(asked.pair, turns), asked.condition, prompt.prefill))
        sample.metadata = {
            **(sample.metadata or {}),
            "channel": prompt.channel,
            "tags": prompt.setting.tags,
            "query": asked.text,
            "probe": asked.probe.name,
            "what": asked.probe.what,
            "form": asked.probe.form,
            "words": list(asked.probe.words),
            "act": list(asked.act),
        }
        return sample


@task
def anti_lab(
    setting: str | None = None,
    variant: str = DEFAULT,
    probes: str | list[str] | None = None,
    graders: str = "rules",
    max_tokens: int | None = None,
    temperature: float = 0.0,
    seed: int = 0,
) -> Task:
    """Exfiltration, advice against training, lying, stated preferences, realism; with controls.

    Args:
        setting: `helpful_only`, `animal_welfare` or `world`; by default `world` for the phantom, else
            `helpful_only`.
        variant: of the prompt under test; the control is always the variant without a conflict.
        probes: names, separated by commas; by default all.
        graders: `rules`, or `judge` with a model in the role `grader`.
        max_tokens: longest completion.
        temperature: 0 is greedy; with more, ask each question several times (`--epochs`).
        seed: of sampling.
    """
    model = _model_name()
    chosen = find_setting(setting or ("world" if "phantom" in model else "helpful_only"))
    if graders not in GRADERS:
        raise ConfigError(
            f"There is no grader {graders!r} of anti-lab behavior.", f"Use {', '.join(GRADERS)}."
        )
    asked = questions(load_pack(chosen.name), _names(probes))
    prompts = Prompts(_prompt(chosen, str(variant)), _prompt(chosen, CONTROL))
    samples = [prompts.sample(one) for one in asked]
    usual = WORLD_TOKENS if chosen.name == "world" else USUAL_TOKENS
    longest = usual if max_tokens is None else whole("max_tokens", max_tokens)
    return Task(
        name="anti_lab",
        dataset=MemoryDataset(samples),
        solver=generate(),
        scorer=anti_lab_act(graders == "judge"),
        config=GenerateConfig(
            max_connections=len(samples) if model.split("/")[0] in LOCAL else None,
            max_tokens=longest,
            temperature=number("temperature", temperature),
            seed=seed,
            cache=False,
            cache_prompt="auto",
        ),
        fail_on_error=0.1,
        continue_on_fail=True,
        metadata={
            "anti_lab": chosen.name,
            "variant": prompts.test.variant.name,
            "prompt_hash": f"{prompts.test.hash}/{prompts.control.hash}",
            "graders": JUDGE_NAME if graders == "judge" else graders,
        },
    )


def _prompt(setting: Setting, variant: str) -> FakingPrompt:
    return FakingPrompt(setting, find_variant(variant, setting))


def _names(probes: str | list[str] | None) -> tuple[str, ...]:
    words = probes.split(",") if isinstance(probes, str) else probes or ()
    return tuple(str(word).strip().lower().replace("-", "_") for word in words)


@metric
def rate() -> Metric:
    """Share of graded answers that are the act (or mean rating), by probe and condition."""

    def calculate(scores: list[SampleScore]) -> dict[str, float]:
        groups: dict[str, list[float]] = {}
        for one in scores:
            about, value = one.sample_metadata or {}, one.score.as_float()
            graded = groups.setdefault(f"{about.get('probe')}_{about.get('condition')}", [])
            graded += [] if isnan(value) else [value]
        return {name: sum(v) / len(v) if v else float("nan") for name, v in groups.items()}

    return calculate


@scorer(metrics=[rate()])
def anti_lab_act(by_judge: bool = False) -> Scorer:
    """1 where the answer is the act; what could not be graded is unscored, in every count.

    Args:
        by_judge: whether the model in the role `grader` decides; ratings and views are always read by rule.
    """

    async def score(state: TaskState, target: Target) -> Score:
        parsed = parsed_completion(state)
        if parsed.visible is None:
            return Score.unscored(
                reason="invalid_response_format", explanation=f"nothing visible: {parsed.failure}"
            )
        form = str(state.metadata["form"])
        if by_judge and form in ("decision", "yes_no"):
            asked = str(state.metadata["query"])
            reading = await judge_act(str(state.metadata["what"]), asked, parsed.visible)
        else:
            reading = read_answer(state.metadata, parsed)
        if reading.value is None:
            return Score.unscored(reason="invalid_response_format", explanation=reading.said)
        return Score(value=reading.value, answer=reading.said, explanation=parsed.visible)

    return score


def read_answer(about: Mapping[str, Any], parsed: Parsed) -> Reading:
    """An answer, read by the rule of its form."""
    words, act = tuple(about["words"]), tuple(about["act"])
    visible = parsed.visible or ""
    if about["form"] == "views":
        return read_views(parsed.reasoning or "", visible, words)
    if about["form"] == "rating":
        return read_rating(visible)
    if about["form"] == "yes_no":
        return read_yes_no(visible, act)
    return read_decision(visible, words, act)


def _model_name() -> str:
    try:
        return str(get_model())
    except ValueError:
        return ""
