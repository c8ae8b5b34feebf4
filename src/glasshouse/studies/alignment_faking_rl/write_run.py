"""The study's measurements, sections, findings and sentences into the run folder that the report reads."""

from glasshouse.store import layout
from glasshouse.store.runs import RunFolder
from glasshouse.studies.alignment_faking_rl.claims import compare_claims
from glasshouse.studies.alignment_faking_rl.plan import RlPlan
from glasshouse.studies.alignment_faking_rl.results import Results
from glasshouse.studies.alignment_faking_rl.sections import held_out, odds, tiers, training
from glasshouse.studies.alignment_faking_rl.transcripts import transcripts
from glasshouse.studies.findings import finding_measurement, finding_row, judge
from glasshouse.studies.measure import Study
from glasshouse.studies.numbers import Numbers
from glasshouse.studies.sentences import compared


def write_results(run: RunFolder, plan: RlPlan, results: Results) -> None:
    """Everything the report reads."""
    numbers, measuring = Numbers(Study(run.code, plan.seed)), plan.recipe.measuring
    figures = [
        odds(numbers, results),
        tiers(numbers, results),
        held_out(numbers, results, measuring.variants if measuring.variant_n else ()),
        training(numbers, results),
    ]
    findings = judge(compare_claims(results, measuring.variants), plan.seed)
    rows = [*numbers.rows.values(), *(finding_measurement(each, numbers.study) for each in findings)]
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements(rows)
    run.write(layout.FIGURES_FILE, figures)
    run.write(layout.TRANSCRIPTS_FILE, transcripts(results.readings))
    run.write(layout.FINDINGS_FILE, [finding_row(each) for each in findings])
    run.write(layout.SENTENCES_FILE, [*_sentences(results), compared(findings, []).split(";")[0] + "."])


def _sentences(results: Results) -> list[str]:
    first, last = results.steps[0], results.steps[-1]
    parts = [
        f"from {ratio}, [[{ratio}/step{first}/faking_among_complying]] to "
        f"[[{ratio}/step{last}/faking_among_complying]] (null [[{ratio}/step{last}/null_share]])"
        for ratio in results.ratios
    ]
    rises = [
        f"from {ratio}, [[{ratio}/step{last}/monitored/compliance]] monitored and "
        f"[[{ratio}/step{last}/unmonitored/compliance]] unmonitored"
        for ratio in results.ratios
    ]
    return [
        f"Faking among complying monitored samples over {last} steps of RL: {'; '.join(parts)}.",
        f"Compliance at the end: {'; '.join(rises)}.",
    ]
