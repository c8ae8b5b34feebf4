"""The text with which a run's folder explains itself."""

from collections.abc import Mapping
from typing import Any

from glasshouse.store import layout

FILES = {
    layout.RUN_FILE: "what was asked, the whole config, code, versions and machine",
    layout.STAGES_FILE: "the stages that were used, each by its hash; their folders are in `../../stages/`",
    layout.MEASUREMENTS_FILE: "every number, one a row, with interval, n and hashes; undefined is null",
    layout.FINDINGS_FILE: "the paper's claims, each tied to one measurement, with its verdict",
    layout.OUTCOMES_FILE: "removed or only suppressed, one row per setting",
    layout.EFFICACY_FILE: "whether each safety training did what it is for",
    layout.TRANSCRIPTS_FILE: "example conversations, triggered and not",
    layout.GATES_FILE: "what each organism's gate found",
    layout.SENTENCES_FILE: "the result in three sentences",
    layout.REPORT_HTML: "the report, one file without network; `report.md` says the same",
}


def readme_text(manifest: Mapping[str, Any]) -> str:
    """README.md of a run, from its manifest."""
    about = manifest["about"]
    files = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in FILES.items())
    return (
        f"# {about.get('title') or manifest['name']}\n\n{about.get('question', '')}\n\n"
        f"Made by glasshouse ({manifest['provenance']['code']}) on {manifest['created']}.\n\n"
        f"| file | holds |\n|---|---|\n{files}\n\n"
        "A file that is missing was not needed, or the run was interrupted: "
        "the command that made the run resumes it.\n\n"
        f"- report: `glasshouse report {manifest['name']}`\n"
        f"- numbers: `glasshouse runs export {manifest['name']}`\n"
        "- the logs of the evaluations lie in the stages' folders: `inspect view --log-dir FOLDER`\n"
    )
