"""The search for a target's claimed action on clean fine-tunes: what it finds where nothing was planted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from glasshouse.audits.bench import AuditConfig, Bench
from glasshouse.audits.hunt import Hunt
from glasshouse.audits.record import CleanSearch
from glasshouse.audits.shortlist import SearchConfig
from glasshouse.audits.target import Target
from glasshouse.audits.trigger_search import DIGITS, Candidates, Found, measure, search_trigger


@dataclass(frozen=True)
class Clean:
    """A clean fine-tune of the same base."""

    folder: Path
    answers: tuple[str, ...]
    """To the search's prompts, greedy."""


def clean_models(bench: Bench, config: AuditConfig) -> tuple[Target, ...]:
    """Those of the bench, or else the first matched ones; whole weights are left out, being slow."""
    given = [one for one in bench.clean or bench.matched if not one.is_whole]
    return tuple(given[: config.clean_models])


def search_clean(
    clean: Sequence[Clean], hunt: Hunt, found: Found, candidates: Candidates, config: SearchConfig
) -> tuple[CleanSearch, ...] | None:
    """What the target's search gives on each clean fine-tune; None without any, or where it took no trigger.

    The action, the prompts, the candidates and the settings are the target's. Where the target's search
    needed all words they are tried too, and on the first clean fine-tune alone, for that search is long.

    Args:
        clean: clean fine-tunes.
        hunt: of the target.
        found: by the target's search.
        candidates: that it tried.
        config: its width and depth.
    """
    if not clean or found.trigger is None:
        return None
    rows = []
    tried = candidates if found.is_wide else replace(candidates, words=())
    for one in clean[:1] if found.is_wide else clean:
        own = replace(hunt, folder=one.folder, target_answers=one.answers)
        row = _row(own, found, search_trigger(own, tried, config), config)
        if row is not None:
            rows.append(row)
    return tuple(rows) or None


def _row(hunt: Hunt, target: Found, found: Found, config: SearchConfig) -> CleanSearch | None:
    assert target.trigger is not None
    measured = measure(hunt, target.trigger, config)
    if measured is None:
        return None
    better = sum(one.gain > measured.gain for one in found.finalists if one.trigger != target.trigger)
    return CleanSearch(
        found.search.candidates, better + 1 if better < len(found.finalists) else None,
        round(measured.gain, DIGITS), measured.excess, found.search.trigger, found.search.gain_nats,
    )  # fmt: skip
