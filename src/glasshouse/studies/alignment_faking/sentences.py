"""The verdict on every model in one sentence, with marks where its numbers stand."""

from glasshouse.evals.faking.analysis import VerdictWords, silent_remains, verdict_sentence
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows


def verdicts(results: Results, rows: Rows) -> list[str]:
    """One sentence per model, on its default prompt, and one on how far the other prompts agree."""
    return [sentence for model in results.models if (sentence := _verdict(results, model, rows))]


def _verdict(results: Results, model: str, rows: Rows) -> str:
    read = results.main(model)
    if read is None:
        return f"{model}: not measured, since no variant asked both tiers."
    words = VerdictWords(*map(_mark, _numbers(read, rows)))
    sentence = verdict_sentence(read.analysis.kind, words, silent_remains(read.analysis.silent_gap))
    return f"{model}, {read.variant.replace('_', ' ')} prompt. {sentence}{_paraphrases(results, model)}"


def _numbers(read: Read, rows: Rows) -> tuple[str, ...]:
    tiers = [read.analysis.tier(tier) for tier in ("monitored", "unmonitored")]
    complies = [rows.rate(read, tier.tier, "compliance", tier.compliance) for tier in tiers]
    fakes = [rows.rate(read, tier.tier, "faking", tier.faking) for tier in tiers]
    gap = rows.gap(read, "compliance_gap", read.analysis.gap)
    return (*complies, gap, *fakes, rows.gap(read, "silent_gap", read.analysis.silent_gap))


def _mark(id: str) -> str:
    return f"[[{id}]]"


def _paraphrases(results: Results, model: str) -> str:
    """One wording proves little: how many paraphrases come out the same way."""
    main = results.main(model)
    others = [read for read in results.of(model) if read.group == "paraphrase"]
    if main is None or not others:
        return ""
    same = sum(read.analysis.kind == main.analysis.kind for read in others)
    return f" {same} of {len(others)} paraphrases say the same."
