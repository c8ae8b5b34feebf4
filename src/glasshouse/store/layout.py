"""Every file and folder name below a store's root, in one place.

ROOT/stages/KIND-HASH12/    stage.json, the stage's own files, done.json last
ROOT/runs/NAME/             run.json, README.md, measurements.jsonl and what else a report reads
"""

STAGES_FOLDER = "stages"
RUNS_FOLDER = "runs"

STAGE_FILE = "stage.json"
DONE_FILE = "done.json"
LOCK_NOTE = "working.json"
LOCKS_FILE = ".locks"

RUN_FILE = "run.json"
README_FILE = "README.md"
STAGES_FILE = "stages.json"
MEASUREMENTS_FILE = "measurements.jsonl"
FINDINGS_FILE = "findings.json"
OUTCOMES_FILE = "outcomes.json"
EFFICACY_FILE = "efficacy.json"
TRANSCRIPTS_FILE = "transcripts.jsonl"
GATES_FILE = "gates.json"
SENTENCES_FILE = "sentences.json"
FIGURES_FILE = "figures.json"
ANSWERS_FILE = "answers-to-read.jsonl"
REPORT_HTML = "report.html"
REPORT_MARKDOWN = "report.md"
