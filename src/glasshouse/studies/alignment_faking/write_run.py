"""The study's results into the run folder that the report reads."""

from typing import Any

from glasshouse.store import layout
from glasshouse.store.runs import RunFolder
from glasshouse.studies.alignment_faking.pairs import pairs
from glasshouse.studies.alignment_faking.plan import FakingStudyPlan, study_power
from glasshouse.studies.alignment_faking.results import Results
from glasshouse.studies.alignment_faking.rows import Rows
from glasshouse.studies.alignment_faking.sections.arms import arm_section
from glasshouse.studies.alignment_faking.sections.formats import format_section
from glasshouse.studies.alignment_faking.sections.gaps import gap_section, scatter_section
from glasshouse.studies.alignment_faking.sections.grid import grid_section
from glasshouse.studies.alignment_faking.sections.mechanism import mechanism_section
from glasshouse.studies.alignment_faking.sections.published import MISSING, published_section
from glasshouse.studies.alignment_faking.sections.reasoning import reasoning_section
from glasshouse.studies.alignment_faking.sections.tiers import tier_section
from glasshouse.studies.alignment_faking.sentences import verdicts


def write_results(run: RunFolder, plan: FakingStudyPlan, results: Results, common: dict[str, Any]) -> None:
    """Measurements, sections, sentences and transcripts.

    Args:
        run: the run's folder.
        plan: what was asked.
        results: everything that was read.
        common: hashes that every measurement carries.
    """
    rows = Rows(run.code, common)
    sections = [
        grid_section(results, rows),
        gap_section(results, rows, study_power(_counts(results), len(results.models))),
        reasoning_section(results, rows),
        scatter_section(results, rows),
        mechanism_section(results, rows),
        tier_section(results, rows),
        arm_section(results, rows),
        published_section(results, rows),
        format_section(results, rows),
    ]
    sentences = verdicts(results, rows)
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements(rows.all)
    run.write(layout.FIGURES_FILE, [each for each in sections if _says_something(each)])
    run.write(layout.SENTENCES_FILE, sentences)
    run.write(layout.TRANSCRIPTS_FILE, pairs(results, plan.seed))


def _counts(results: Results) -> dict[str, int]:
    """Variant -> queries that it asked per tier."""
    return {read.variant: len({row.query_id for row in read.run.rows}) for read in results.reads}


def _says_something(section: dict[str, Any]) -> bool:
    """Whether it has a table or a plot, or says why it has none."""
    return bool(section.get("tables") or section.get("plots")) or section["text"] == [MISSING]
