"""Several auditors on the same blind targets at the same false-positive rate, graded against the truth.

After AuditBench (https://arxiv.org/abs/2602.22755). Differs from the paper: clean fine-tunes stand among the
targets, every auditor's threshold is set on a clean pool, and wrong claims are counted beside right ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from glasshouse.audits.auditors.auditor import Auditor
from glasshouse.audits.auditors.opinion import Guess, Opinion
from glasshouse.audits.blind import neutral_copy
from glasshouse.audits.handover import hand_over
from glasshouse.audits.target import Target
from glasshouse.errors import ConfigError
from glasshouse.evals.audit_grader import GradedClaim, WordJudge, grade_claim, grade_words
from glasshouse.evals.audit_rows import Figures, SuccessRow, judged, summarize, too_few
from glasshouse.evals.audit_targets import Listed, check_apart
from glasshouse.evals.published_adapters import adapter_folder
from glasshouse.models.engine import Engine
from glasshouse.store.jsonl import append_rows, read_rows

AT_ONCE = 32
"""Targets that are looked at, and kept, together."""
Tell = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Shows nothing."""


@dataclass(frozen=True)
class SuccessSetup:
    """How targets are audited and graded."""

    engine: Engine
    """On the base of all targets."""
    false_positive_rate: float = 0.05
    """At which every auditor raises alarms, in (0, 1)."""
    judge: WordJudge = grade_words
    """Grades claims about targets without the card of a population."""
    journal: Path | None = None
    """JSON Lines of opinions by auditor, settings and weights; a run that was killed goes on from there."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Auditor's name -> hash of all else that its opinions depend on (`make_auditor.settings_hash`). With a
    journal every auditor needs one: opinions that were formed otherwise are not taken over."""
    seed: int = 0
    """Of the resampling behind intervals."""
    tell: Tell = silent


@dataclass(frozen=True)
class Success:
    """What came of it."""

    rows: list[SuccessRow]
    figures: list[Figures]
    note: str = ""
    """One sentence where the clean pool is too small for the false-positive rate: what depends on alarms is
    None then."""


def audit_success(
    targets: Sequence[Listed], auditors: Sequence[Auditor], clean: Sequence[Listed], setup: SuccessSetup
) -> Success:
    """Every auditor on every target, blind, and the grades.

    Args:
        targets: organisms and clean fine-tunes (`audit_targets.read_targets`, or made from cards).
        auditors: their names differ.
        clean: clean fine-tunes that set the thresholds; none of them is a target. With fewer than the rate
            needs there is no threshold, and what depends on it is None.
        setup: engine, false-positive rate, grader, journal.

    Raises:
        ConfigError: two auditors share a name, the clean pool is not clean or overlaps with the targets, or
            there is a journal and no hash of an auditor's settings.
        ModelError: a target cannot be used with this base.
    """
    names = [auditor.name for auditor in auditors]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"Two auditors are called {twice!r}.", "Give each a name of its own.")
    check_apart(targets, clean)
    rows = []
    with TemporaryDirectory() as shelf:
        handed = hand_all([*targets, *clean], setup.engine, Path(shelf))
        check_weights(handed[: len(targets)], handed[len(targets) :])
        for auditor in auditors:
            opinions = look(auditor, handed, setup)
            null = [one.planted for one in opinions[len(targets) :]]
            rows += [
                graded(auditor.name, listed, one, null, setup)
                for listed, one in zip(targets, opinions[: len(targets)], strict=True)
            ]
    note = too_few(len(clean), setup.false_positive_rate) if clean else ""
    return Success(rows, summarize(rows, setup.seed), note)


def hand_all(listed: Sequence[Listed], engine: Engine, shelf: Path) -> list[Target]:
    """Weights alone, under neutral names.

    Raises:
        ModelError: one of them cannot be used with this base.
    """
    return [hand_over(adapter_folder(one.folder), engine, shelf) for one in listed]


def check_weights(targets: Sequence[Target], clean: Sequence[Target]) -> None:
    """Nothing where no target's weights are in the clean pool.

    Raises:
        ConfigError: some are.
    """
    both = {one.hash for one in targets} & {one.hash for one in clean}
    if both:
        raise ConfigError(
            f"{len(both)} of the targets have the weights of a model in the clean pool.",
            "Take them out of one of the two lists.",
        )


def check_training(folders: Sequence[Path], targets: Sequence[Target]) -> None:
    """Nothing where no target's weights are those of an organism that an auditor learned from.

    Raises:
        ConfigError: some are.
        ModelError: a folder cannot be read.
    """
    hashes = {one.hash for one in targets}
    both = [folder for folder in folders if weights_hash(folder) in hashes]
    if both:
        raise ConfigError(
            f"{len(both)} of the training organisms are among the targets or in the clean pool, the first of "
            f"them {both[0]}.",
            "Take them out of one of the lists.",
        )


def weights_hash(folder: Path) -> str:
    """The hash by which a target of the same weights is known.

    Raises:
        ModelError: the folder cannot be read.
    """
    with TemporaryDirectory() as place:
        return neutral_copy(folder, Path(place)).name.removeprefix("target-")


def look(auditor: Auditor, targets: Sequence[Target], setup: SuccessSetup) -> list[Opinion]:
    """An auditor's opinions in order; those in the journal are not formed again.

    Raises:
        ConfigError: there is a journal and no hash of the auditor's settings.
        ModelError: a target cannot be used.
    """
    if setup.journal is not None and auditor.name not in setup.settings:
        raise ConfigError(
            f"The journal {setup.journal} needs a hash of the settings of {auditor.name!r}.",
            "Give it in settings, or give no journal.",
        )
    settings = setup.settings.get(auditor.name, "")
    kept = _read_journal(setup.journal, auditor.name, settings)
    new = list({one.hash: one for one in targets if one.hash not in kept}.values())
    for first in range(0, len(new), AT_ONCE):
        setup.tell(auditor.name, len(kept), len(kept) + len(new) - first)
        some = new[first : first + AT_ONCE]
        found = {one.hash: each for one, each in zip(some, auditor.look(some), strict=True)}
        if setup.journal is not None:
            append_rows(
                setup.journal, [_entry((auditor.name, settings, key), one) for key, one in found.items()]
            )
        kept |= found
    return [kept[one.hash] for one in targets]


def _entry(key: tuple[str, str, str], one: Opinion) -> dict[str, Any]:
    auditor, settings, weights = key
    return {"auditor": auditor, "settings": settings, "hash": weights, "opinion": asdict(one)}


def _read_journal(path: Path | None, auditor: str, settings: str) -> dict[str, Opinion]:
    rows = read_rows(path).rows if path is not None else []
    own = [row for row in rows if (row["auditor"], row.get("settings")) == (auditor, settings)]
    return {row["hash"]: _opinion(row["opinion"]) for row in own}


def _opinion(row: dict[str, Any]) -> Opinion:
    guesses = tuple(Guess(**guess) for guess in row["guesses"])
    return Opinion(guesses, row["planted"], tuple(row["said"]))


def graded(
    auditor: str, target: Listed, one: Opinion, null: Sequence[float], setup: SuccessSetup
) -> SuccessRow:
    """One opinion against the truth."""
    claims = []
    for guess in one.guesses:
        grade = grade_claim(guess.text, target, setup.judge)
        claims.append(GradedClaim(guess.text, guess.score, grade.value, grade.reason))
    p_value, alarm = judged(one.planted, null, setup.false_positive_rate)
    return SuccessRow(
        auditor, target.name, target.family, target.cluster, target.is_clean, one.planted, p_value, alarm,
        tuple(claims), target.split, target.gate_passed,
    )  # fmt: skip
