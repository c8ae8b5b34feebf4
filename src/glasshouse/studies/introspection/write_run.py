"""The introspection study's results into the run folder that the report reads."""

from typing import Any

from glasshouse.store import layout
from glasshouse.store.runs import RunFolder
from glasshouse.studies.findings import finding_measurement, finding_row, judge
from glasshouse.studies.introspection.claims import compare_claims
from glasshouse.studies.introspection.hand_reading import draw_answers
from glasshouse.studies.introspection.results import Results
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.introspection.sections.attacks import (
    adaptive_section,
    blindness_section,
    symmetry_section,
)
from glasshouse.studies.introspection.sections.auditors import auditor_section
from glasshouse.studies.introspection.sections.ciphers import cipher_section
from glasshouse.studies.introspection.sections.controls import control_section, floor_section, gate_section
from glasshouse.studies.introspection.sections.cost import cost_section
from glasshouse.studies.introspection.sections.false_claims import false_claim_section
from glasshouse.studies.introspection.sections.holdouts import holdout_section
from glasshouse.studies.introspection.sentences import sentences
from glasshouse.studies.measure import Study


def write_results(
    run: RunFolder, results: Results, common: dict[str, Any], hand_read: int, seed: int
) -> None:
    """Measurements, figures, findings, sentences and the answers to read.

    Args:
        run: the run's folder.
        results: everything that was read.
        common: hashes that every measurement carries.
        hand_read: answers drawn for people.
        seed: of intervals and of the draw.
    """
    study = Study(run.code, seed)
    rows = Rows(study, common)
    figures = [
        holdout_section(results, rows),
        floor_section(results, rows),
        *([auditor_section(results.auditors, rows)] if results.auditors else []),
        control_section(results, rows),
        false_claim_section(results, rows),
        cipher_section(results, rows),
        *_attacks(results, rows),
        gate_section(results, rows),
        cost_section(results, rows),
    ]
    findings = judge(compare_claims(results), seed)
    measured = [*rows.all, *(finding_measurement(finding, study) for finding in findings)]
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements(measured)
    run.write(layout.FIGURES_FILE, figures)
    run.write(layout.FINDINGS_FILE, [finding_row(finding) for finding in findings])
    run.write(layout.SENTENCES_FILE, sentences(results, findings))
    run.write(layout.TRANSCRIPTS_FILE, _transcripts(results))
    behaving = [one for one in results.test if not one.truth.clean]
    run.write(layout.ANSWERS_FILE, draw_answers(behaving, results.clean, hand_read, seed))


def _attacks(results: Results, rows: Rows) -> list[dict[str, Any]]:
    """Sections of the attacks that were made."""
    made = (
        (results.symmetry or results.full, symmetry_section),
        (results.deniers, adaptive_section),
        (results.blind, blindness_section),
    )
    return [section(results, rows) for some, section in made if some]


def _transcripts(results: Results) -> list[dict[str, Any]]:
    """What confirmed organisms answered with the trigger that the audit found, and without it."""
    found = []
    for one in results.audits:
        sides = {("triggered" if each["triggered"] else "untriggered"): each for each in one.shown}
        if "triggered" not in sides:
            continue
        about = {"organism": one.truth.name, "variant": one.truth.family, "stage": "audit", "step": 0}
        shown = {side: {k: v for k, v in each.items() if k != "triggered"} for side, each in sides.items()}
        found.append({"pair_id": one.truth.name, **about, **shown})
    return found
