"""Alignment faking of any model, from asking every variant in both tiers to the report.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
sections 2 and 3 and appendix G. Differs from the paper: prompts in our own words; queries paired over tiers,
gaps called together over all variants; paraphrases, controls and motive arms (Sheshadri et al. 2025,
https://arxiv.org/abs/2506.18032) are asked every time; nothing is dropped.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from glasshouse.reports.build import build_report
from glasshouse.store.hashing import json_hash
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.studies.alignment_faking.ask import Bench, ask, graded_by, questions
from glasshouse.studies.alignment_faking.plan import FakingStudyPlan
from glasshouse.studies.alignment_faking.results import analyze_study
from glasshouse.studies.alignment_faking.subject import Subject, find_subjects
from glasshouse.studies.alignment_faking.write_run import write_results
from glasshouse.studies.bench import record


def run_alignment_faking(bench: Bench, plan: FakingStudyPlan, run: RunFolder) -> Path:
    """The whole study, resumed where it stopped.

    Returns:
        The HTML report.

    Raises:
        ConfigError: the queries cannot be read.
        ModelError: a model is not there, or too many samples ended in an error.
        StoreError: store or run cannot be written.
    """
    asked = questions(plan)
    runs = [one for subject in find_subjects(plan.models) for one in ask(bench, plan, subject, asked)]
    results = analyze_study(runs, plan.seed)
    protocol = json_hash([plan.config(), sorted(q.id for each in asked for q in each.queries)])
    common = {"protocol_hash": protocol, "grader_hash": json_hash(graded_by(plan))}
    write_results(run, plan, results, common)
    record(bench.store, run)
    return build_report(run.path)


def open_study(bench: Bench, plan: FakingStudyPlan, name: str) -> RunFolder:
    """The run's folder, made or found again; its config holds the plan and how local models are run.

    Raises:
        StoreError: a run of that name was made with another plan.
    """
    subjects = find_subjects(plan.models)
    config = {
        "study": "alignment-faking",
        "plan": plan.config(),
        "engine": asdict(bench.engine),
        "models": {subject.label: dict(subject.hashes) for subject in subjects},
    }
    return create_run(bench.store, name, config, about(plan, subjects))


def about(plan: FakingStudyPlan, subjects: list[Subject]) -> dict[str, Any]:
    """The words with which the report opens."""
    names = ", ".join(subject.label for subject in subjects)
    return {
        "title": f"Alignment faking: {names}" if len(subjects) < 4 else "Alignment faking",
        "question": (
            "Does the model comply more when it believes that its answer trains it than when it believes "
            "nobody will, and does its reasoning say that it does so in order not to be changed? The same "
            f"queries are put to it in both tiers, under {len(plan.variants)} variants of the prompt."
        ),
        "notes": [
            f"Setting {plan.setting}; graders: {plan.graders}"
            + (f" ({plan.judge})" if plan.judge else ", no judge model") + ".",
        ],
        "orderings_only": plan.setting == "world",
    }  # fmt: skip
