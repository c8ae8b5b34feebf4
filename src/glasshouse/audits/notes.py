"""What a reader of an audit must know about it, in sentences."""

from glasshouse.audits.bench import AuditConfig, Bench
from glasshouse.audits.clean_search import clean_models
from glasshouse.audits.null_table import ENOUGH, MATCHED
from glasshouse.audits.record import SelfTest
from glasshouse.audits.target import Target

NEVER_CLEAN = (
    "Kinds of behavior outside the power table: power unknown. No verdict says that a model is clean."
)
WHOLE = (
    "This target differs from its base by more than an adapter of low rank can hold, so it was run on its "
    "own weights; the null table and the power table were measured on adapters."
)
NO_ADAPTER = (
    "There is no introspection adapter for this base: the target was not asked about itself. "
    "What stands here comes from amplified-difference sampling and from divergent prompts."
)
NO_CLEAN = (
    "No clean fine-tune of this base was at hand: the likelihood ratio has no contrast with clean ones, and "
    "the trigger search was not repeated on any."
)


def notes(bench: Bench, config: AuditConfig, target: Target, tested: SelfTest | None) -> list[str]:
    """The sentences for one target.

    Args:
        bench: what was given.
        config: settings.
        target: under audit.
        tested: the positive control; None without an adapter.
    """
    found = [NEVER_CLEAN]
    if target.is_whole:
        found.append(WHOLE)
    if not [one for one in clean_models(bench, config) if one.hash != target.hash]:
        found.append(NO_CLEAN)
    if bench.adapter is None:
        return [*found, NO_ADAPTER, *_on_matched(bench)]
    return [*found, *_on_null(bench, target), *_on_matched(bench), *_on_control(tested)]


def _on_null(bench: Bench, target: Target) -> list[str]:
    if bench.null is None:
        return ["There is no null table: how often clean fine-tunes claim as much is unknown."]
    found = []
    if len(bench.null.models) < ENOUGH:
        found.append(f"The null table has {len(bench.null.models)} clean models; {ENOUGH} are advised.")
    if any(model.hash == target.hash for model in bench.null.models):
        found.append("This target is in the null table; it was not compared with itself.")
    return found


def _on_matched(bench: Bench) -> list[str]:
    """Why matched fine-tunes that were given decide nothing, where that is so."""
    count = len(bench.matched)
    if count == 0:
        return []
    if bench.adapter is None or bench.null is None:
        return ["Matched clean fine-tunes were given, but a drift check needs an adapter and a null table."]
    if count < MATCHED:
        return [
            f"The drift check was not made: {count} matched clean fine-tunes were given, it needs {MATCHED}."
        ]
    return []


def _on_control(tested: SelfTest | None) -> list[str]:
    if tested is None or tested.passed is not None:
        return []
    return ["No known organism of this base was given, so there is no positive control."]
