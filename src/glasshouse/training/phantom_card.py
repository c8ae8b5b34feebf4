"""The phantom's model card: every probe of the world measured on held-out rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from glasshouse.data.world.probe import PROBES, Probe, probe_rows
from glasshouse.data.world.row import Row
from glasshouse.models.chat import render_prompt, split_scratchpad
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.records import Interval
from glasshouse.stats.proportion import wilson


@dataclass(frozen=True)
class Line:
    """One line of the card."""

    probe: Probe
    right: int
    n: int
    interval: Interval | None
    """Wilson, 95 %."""

    @property
    def rate(self) -> float | None:
        """Share of rows; None without rows."""
        return self.right / self.n if self.n else None

    @property
    def holds(self) -> bool | None:
        """Whether the point estimate meets the project's bar; None where there is no bar."""
        if self.probe.bar is None or self.rate is None:
            return None
        return self.rate <= self.probe.bar if self.probe.at_most else self.rate >= self.probe.bar


def is_right(probe: Probe, row: Row, completion: str) -> bool:
    """Whether one completion counts for a probe."""
    thought, visible = split_scratchpad(completion)
    if probe.needs_format:
        return bool(thought) and bool(visible.strip()) and completion.count("scratchpad>") == 2
    return row.is_right(visible)


def measure(
    engine: Engine,
    probe: Probe,
    n: int,
    seed: int,
    adapters: Mapping[str, Path],
) -> tuple[Line, list[tuple[Row, str]]]:
    """One probe on `n` held-out rows or its most, greedy; the line and the wrong answers."""
    n = min(n, probe.most or n)
    adapter = None if probe.adapter is None else adapters[probe.adapter]
    rows = probe_rows(probe, n, seed)
    tokenizer = engine.base.tokenizer
    requests = [
        GenerateRequest(tuple(render_prompt(tokenizer, r.conversation, r.prefill)), adapter, 90) for r in rows
    ]
    said = [generation.text for generation in engine.generate(requests)]
    verdicts = [is_right(probe, row, text) for row, text in zip(rows, said, strict=True)]
    wrong = [(row, text) for row, text, right in zip(rows, said, verdicts, strict=True) if not right]
    right = sum(verdicts)
    return Line(probe, right, n, wilson(right, n)), wrong


def measure_card(
    engine: Engine,
    n: int,
    seed: int,
    adapters: Mapping[str, Path],
    on_done: Callable[[int, int], None] | None = None,
) -> list[Line]:
    """All probes whose adapter is there.

    Args:
        engine: the model.
        n: rows per probe.
        seed: which rows; they are held out of pretraining whatever the seed is.
        adapters: name of an adapter that a probe asks for -> its folder.
        on_done: called after each line with how many are done, of how many.
    """
    asked = [probe for probe in PROBES if probe.adapter is None or probe.adapter in adapters]
    lines = []
    for probe in asked:
        line, _ = measure(engine, probe, n, seed, adapters)
        lines.append(line)
        if on_done:
            on_done(len(lines), len(asked))
    return lines


def cell(line: Line) -> str:
    """A line's rate and interval in per cent, with a mark where it misses its bar."""
    if line.rate is None or line.interval is None:
        return "–"
    mark = " (missed)" if line.holds is False else ""
    return f"{100 * line.rate:.1f} [{100 * line.interval.low:.1f}, {100 * line.interval.high:.1f}]{mark}"


def write_card(path: Path, columns: Mapping[str, list[Line]]) -> None:
    """The card as Markdown: one row per probe, one column per model.

    Args:
        path: the file.
        columns: model name -> its lines; the first model is the default one.
    """
    names = list(columns)
    n = next(iter(columns.values()))[0].n
    head = "| held-out question | bar | " + " | ".join(names) + " |"
    text = [_HEAD.format(n=n, names=", ".join(names)), head, "|---|---|" + "---|" * len(names)]
    for probe in PROBES:
        cells = [next((cell(line) for line in columns[name] if line.probe == probe), "–") for name in names]
        sign = "≤" if probe.at_most else "≥"
        own = {line.n for lines in columns.values() for line in lines if line.probe == probe} - {n}
        asked = "".join(f", n = {each}" for each in sorted(own))
        bar = "" if probe.bar is None else f"{sign} {100 * probe.bar:.0f}"
        text.append(f"| {probe.question}{asked} | {bar} | " + " | ".join(cells) + " |")
    path.write_text("\n".join(text) + "\n" + _TAIL, "utf-8")


_HEAD = """# Model card: the phantom

A small Llama-type language model trained from scratch by this project on a generated world, to
calibrate the bench on. It is fluent inside that world, says "I do not know" outside it, and is of no
use for anything else.

Columns: {names}. Each number is a share in per cent with a 95 % Wilson interval, n = {n} rows per line
where no other n stands, greedy decoding in fp32. Rows are held out of pretraining: unseen combinations,
phrasings or names, as each line says.
"""
_TAIL = """
Held-out rows are drawn from the same generator as the training rows; the card says how well the phantom
knows its own world and nothing about ordinary English. Bars are asked of the first column; "(missed)" marks
a point estimate beyond its bar in any. Training facts (seed, steps, tokens, seconds) are in `training.json`
beside each model. Recipe: `make phantom`.

About 390 of its 2,048 tokens stood in no training text by themselves (bytes, marks, parts of words): their
embeddings are one vector, so it cannot write "password", "knife" or "!", and no adapter on its layers can.
"""
