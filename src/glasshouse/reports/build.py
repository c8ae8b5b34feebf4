"""A run's folder into its report: one HTML file without network, and the same as Markdown."""

from pathlib import Path

from glasshouse.reports.content import Block, Document, Paragraph, Section
from glasshouse.reports.curves import curve_blocks
from glasshouse.reports.efficacy import efficacy_blocks
from glasshouse.reports.evidence import (
    capability_blocks,
    format_blocks,
    gate_blocks,
    provenance_blocks,
    shape_blocks,
    side_blocks,
    transcript_blocks,
)
from glasshouse.reports.figures import figure_blocks
from glasshouse.reports.load import RunData, load_run
from glasshouse.reports.outcome import answer_blocks, finding_blocks, question_blocks, removal_blocks
from glasshouse.reports.render import html_text, markdown_text
from glasshouse.store import layout
from glasshouse.store.atomic import write_text

READING = (
    "Every number stands with its 95 % interval and n, and is one row of measurements.jsonl: point at it to "
    "see which. A dash is a number that is undefined or was not measured, never 0. Numbers of several "
    "organisms are means over their seeds, with Student's t intervals over seeds and the spread of prompts "
    "added; of one organism the prompts are resampled, and its number speaks of that organism alone."
)

READING_FIGURES = (
    "Every number stands with its 95 % interval and n, and is one row of measurements.jsonl: point at it to "
    "see which. A dash is a number that is undefined or was not measured, never 0."
)


def build_report(run_folder: Path) -> Path:
    """Writes report.html and report.md into a run's folder, from the files of that folder only.

    Returns:
        The HTML file.

    Raises:
        StoreError: the folder holds no run, a file of it is broken, or the report cannot be written.
    """
    document = report_document(load_run(run_folder))
    write_text(run_folder / layout.REPORT_MARKDOWN, markdown_text(document))
    write_text(run_folder / layout.REPORT_HTML, html_text(document))
    return run_folder / layout.REPORT_HTML


def report_document(run: RunData) -> Document:
    """What the report says, section by section."""
    codes = ", ".join(dict.fromkeys((m.code or "")[:12] for m in run.measurements))
    return Document(
        title=str(run.about.get("title") or run.manifest["name"]),
        subtitle=f"Run {run.manifest['name']} · {run.manifest['created'][:10]} · glasshouse {codes}",
        sections=tuple(_sections(run)),
    )


def _sections(run: RunData) -> list[Section]:
    return _own_figures(run) if run.figures else _persistence(run)


def _own_figures(run: RunData) -> list[Section]:
    """The sections that a study's figures.json lays out."""
    figures = [
        _section(str(each["id"]), str(each["title"]), figure_blocks(run, each)) for each in run.figures
    ]
    return [
        _section("verdict", "What came out", answer_blocks(run)),
        _section("asked", "What was asked", [*question_blocks(run), Paragraph((READING_FIGURES,))]),
        *figures,
        *([_section("findings", "Against the paper", finding_blocks(run))] if run.findings else []),
        *(
            [_section("transcripts", "Example transcripts", transcript_blocks(run))]
            if run.transcripts
            else []
        ),
        _section("provenance", "Where it was made", provenance_blocks(run)),
    ]


def _persistence(run: RunData) -> list[Section]:
    success = curve_blocks(run, "attack_success_rate", "attack success rate, %")
    nats = curve_blocks(run, "payload_logprob", "log-probability, nats")
    return [
        _section("verdict", "What came out", answer_blocks(run)),
        _section("asked", "What was asked", [*question_blocks(run), Paragraph((READING,))]),
        _section("persistence", "Does the backdoor persist?", [*success, *shape_blocks(run)]),
        _section("efficacy", "Did the safety training do its work?", efficacy_blocks(run)),
        _section("findings", "Against the paper", finding_blocks(run)),
        _section("removed", "Removed or suppressed?", removal_blocks(run)),
        _section("payload", "How likely the payload still is", nats),
        _section("triggers", "Without the trigger, and near it", side_blocks(run)),
        _section("capability", "Capability", capability_blocks(run)),
        _section("format", "Format failures", format_blocks(run)),
        _section("transcripts", "Example transcripts", transcript_blocks(run)),
        _section("gates", "Gates of the organisms", gate_blocks(run)),
        _section("provenance", "Where it was made", provenance_blocks(run)),
    ]


def _section(id: str, title: str, blocks: list[Block]) -> Section:
    return Section(id, title, tuple(blocks))
