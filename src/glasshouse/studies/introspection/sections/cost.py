"""What growing and training took on the machine that did it."""

from typing import Any

from glasshouse.studies.introspection.results import Results
from glasshouse.studies.introspection.rows import Rows, cell

GROWING_GOAL, TRAINING_GOAL = 75 * 60, 45 * 60
"""Seconds."""
NAMES = {"sft": "first stage of the adapter", "dpo": "second stage, against over-claiming"}


def cost_section(results: Results, rows: Rows) -> dict[str, Any]:
    """Seconds of growing the training population and of the adapter's stages."""
    count = len(results.train_gates)
    grown = rows.number("cost/growing_seconds", results.growing_seconds, count, "seconds")
    lines: list[list[Any]] = [["training organisms grown and measured", cell(grown), ""]]
    for key, stage in results.stages.items():
        ids = (
            rows.number(f"cost/{key}_seconds", float(stage["seconds"]), int(stage["steps"]), "seconds"),
            rows.number(f"cost/{key}_tokens", float(stage["tokens"]), int(stage["steps"]), "tokens"),
        )
        lines.append([NAMES.get(key, key), *map(cell, ids)])
    text = (
        f"n: organisms of the training population, steps of a stage. Goals: {GROWING_GOAL} s for at least "
        f"400 organisms, {TRAINING_GOAL} s for both stages. Validation and the drawing of pairs are not in a "
        "stage's seconds. A dash: found ready, grown by an earlier run."
    )
    table = {"caption": "Time on this machine", "head": ["", "seconds", "tokens"], "rows": lines}
    return {"id": "cost", "title": "What it took", "text": [text], "tables": [table]}
