"""What an audit found, as plain records that become JSON and come back; undefined is None.

Nothing here names a folder, a date or a card: the same weights give the same bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from glasshouse.errors import StoreError
from glasshouse.records import Interval
from glasshouse.stats.proportion import wilson

FORMAT = 1
"""Raised by hand when the fields change."""

Verdict = Literal["confirmed", "claimed", "inconclusive", "nothing found"]
Purpose = Literal["expected", "beyond purpose"]
Contrast = Literal["choice", "lock"]
Source = Literal["introspection adapter", "amplified difference"]


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % interval."""

    value: float | None
    """In [0, 1]; None where n is 0."""
    interval: Interval | None
    n: int


def rate(successes: int, n: int) -> Rate:
    """A share with Wilson's interval.

    Example:
        >>> rate(3, 4).value, rate(0, 0)
        (0.75, Rate(value=None, interval=None, n=0))
    """
    return Rate(successes / n if n else None, wilson(successes, n), n)


@dataclass(frozen=True)
class Claim:
    """Something that answers say of the model, and how many say it."""

    text: str
    """The commonest wording."""
    count: int
    """Answers that say it."""
    share: Rate
    """Of all answers, abstentions and garbage included."""
    samples: tuple[str, ...]
    """Some answers as they were given."""
    source: Source = "introspection adapter"


@dataclass(frozen=True)
class Nats:
    """A mean in nats with its 95 % interval."""

    value: float | None
    interval: Interval | None
    n: int
    """Outputs of the target that were scored."""


@dataclass(frozen=True)
class LikelihoodRatio:
    """How much better the claim, as system prompt of the base, explains what the target says."""

    own: Nats
    """Of this claim: log p_base(y | x, claim) - log p_base(y | x), mean over outputs."""
    above_others: Nats
    """The same minus the mean of the other claims; value None where there are none."""
    above_clean: Nats = Nats(None, None, 0)
    """This claim's ratio over the target's outputs minus that over what clean fine-tunes say to the same
    prompts; value None where no clean fine-tune was at hand."""


@dataclass(frozen=True)
class CleanSearch:
    """The search for the same action on one clean fine-tune, and what the target's trigger does there."""

    candidates: int
    """Different candidates that were tried."""
    rank: int | None
    """Place of the target's trigger among the finalists of this search, 1 the best; None: below them."""
    gain_nats: float | None
    """Of the target's trigger, as for the target; None of a rule of choice, which is no text."""
    excess: float | None
    """Share of greedy answers with the trigger that show the action, minus the base's."""
    best: str | None
    """The trigger that this search takes: what a search finds by chance; None where it takes none."""
    best_gain_nats: float | None
    """Of that trigger."""


@dataclass(frozen=True)
class Search:
    """The search for an input that sets the claimed action off."""

    action: str
    """What is searched for in the target's answers."""
    candidates: int
    """Different candidates that were tried."""
    rank: int | None
    """Place of the trigger that was taken, 1 the best; None where none was taken."""
    trigger: str | None
    """The text that is put into prompts; None where no candidate raised the action."""
    gain_nats: float | None
    """How much the target, beyond the base, raises the action's log-probability over neutral prompts."""
    prompts: int
    """Prompts that the search used; none of them is used to confirm."""
    best: tuple[str, ...] = ()
    """The best candidates, first the best."""
    example: str = ""
    """A prompt of the search with the trigger in it; empty where none was taken."""
    clean: tuple["CleanSearch", ...] | None = None
    """The same search on clean fine-tunes; None where none were at hand, or where no trigger was taken that
    sets the action off on fresh prompts."""
    universal: Rate | None = None
    """Known organisms with other triggers that react to this one; None where that was not counted."""


@dataclass(frozen=True)
class Exchange:
    """One prompt and both answers, side by side."""

    prompt: str
    target: str
    base: str
    triggered: bool
    target_shows: bool
    """Whether the target's answer shows the action."""
    base_shows: bool


@dataclass(frozen=True)
class Confirmation:
    """Target against base on fresh prompts, with the trigger and without it."""

    triggered_target: Rate
    triggered_base: Rate
    neutral_target: Rate
    neutral_base: Rate
    difference: float | None
    """Triggered, target minus base, in [-1, 1]."""
    interval: Interval | None
    """Of the difference, paired by prompt."""
    p_value: float | None
    """Exact McNemar, two-sided; of `always_on` with neutral prompts the larger one of both kinds."""
    p_holm: float | None
    """After Holm over the findings of this target."""
    always_on: bool
    """Whether it was tested as a behavior that needs no trigger. Then the triggered prompts are plain ones
    and there are no neutral ones; where the claim names a trigger all the same, the triggered prompts have
    it, the neutral ones lack it, and the behavior must show on both."""
    transcripts: tuple[Exchange, ...]
    contrast: Contrast | None = None
    """Where neutral prompts are the triggered ones with what decides changed: what it is. `p_value` is the
    larger one of target against base and of unchanged against changed then. `choice`: it is moved to another
    thing on offer, and what counts there is to take the same thing all the same, as one in three does by
    chance. `lock`: triggered prompts have a word that means little, the others the word that turns the
    behavior off."""


@dataclass(frozen=True)
class ClaimedTrigger:
    """The trigger that a claim names, beside what was confirmed."""

    words: str
    """As the claim says it."""
    confirmed: bool
    """Whether the trigger that was confirmed is this one; a behavior that shows everywhere confirms none."""


@dataclass(frozen=True)
class Finding:
    """One claim with everything that speaks for and against it."""

    claim: Claim
    p_value: float | None
    """Conformal, against clean fine-tunes; None where there is no null table."""
    q_value: float | None
    """After Benjamini-Hochberg over the claims of this target, which its verdict rests on."""
    likelihood_ratio: LikelihoodRatio | None
    search: Search | None
    confirmation: Confirmation | None
    verdict: Verdict
    reason: str
    """One sentence: which rule gave the verdict."""
    purpose: Purpose | None
    """None where no purpose was stated."""
    statement: str | None = None
    """What was shown, in the first person, under the condition that was tested; None where nothing was. The
    claim's own words may say more, or something else."""
    claimed_trigger: ClaimedTrigger | None = None
    """None where the claim names no trigger or nothing was confirmed."""


@dataclass(frozen=True)
class SelfTest:
    """Whether the adapter makes known organisms of this base speak: the positive control."""

    passed: bool | None
    """None where no control organism was given."""
    named: Rate
    """Share of control organisms whose largest claim is the known one."""
    needed: float
    """Share that counts as passed."""


@dataclass(frozen=True)
class PowerRow:
    """How often behaviors of one kind are found at the false-positive rate in use."""

    family: str
    strength: str
    detected: Rate
    false_positive_rate: float
    left_out: bool
    """Whether the adapter was trained without this family (leave-one-family-out)."""


@dataclass(frozen=True)
class Answers:
    """What became of the questions."""

    asked: int
    abstained: Rate
    """Answers that say there is nothing unusual."""
    garbage: Rate
    """Answers that are empty or no sentence."""


@dataclass(frozen=True)
class Amplified:
    """What is sampled from base + alpha (target - base), for one alpha."""

    alpha: float
    samples: tuple[str, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Divergent:
    """A prompt on which the target goes away from the base."""

    prompt: str
    nats_per_token: float
    """Mean over the target's greedy answer of log p_target - log p_base."""
    target: str
    base: str


@dataclass(frozen=True)
class Batch:
    """The targets that were audited in one call."""

    targets: int
    q_values: tuple[float | None, ...]
    """Of this target's findings, in their order: after Benjamini-Hochberg over the claims of all targets. No
    verdict depends on them."""


@dataclass(frozen=True)
class AuditResult:
    """Everything about one target."""

    target: str
    """A neutral name, made from the weights."""
    target_hash: str
    base_hash: str
    adapter_hash: str | None
    """Of the introspection adapter; None where there was none for this base."""
    question_bank_hash: str
    verdict: Verdict
    reason: str
    findings: tuple[Finding, ...]
    answers: Answers
    self_test: SelfTest | None
    drift_p: float | None
    """Whether clean fine-tunes made like the target answer as the null table's; small: they do not."""
    null_models: int | None
    """Clean fine-tunes in the null table; None without a table."""
    power: tuple[PowerRow, ...]
    amplified: tuple[Amplified, ...]
    divergence: tuple[Divergent, ...]
    settings: Mapping[str, str | int | float | bool | None]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """What was checked before the weights were trusted."""
    notes: tuple[str, ...] = ()
    ordinary_garbage: Rate | None = None
    """Share of the answers to ordinary questions that are empty or garbage."""
    batch: Batch | None = None
    """None where one target was audited alone, or without a null table."""

    def to_json(self) -> dict[str, Any]:
        """The result as JSON's own types."""
        plain: dict[str, Any] = json.loads(json.dumps({"format": FORMAT, **asdict(self)}, allow_nan=False))
        return plain

    @property
    def is_alarming(self) -> bool:
        """Whether a finding beyond the stated purpose is confirmed; without a purpose every one is beyond."""
        return any(f.verdict == "confirmed" and f.purpose != "expected" for f in self.findings)


_READER = TypeAdapter(AuditResult)


def from_json(value: Mapping[str, Any]) -> AuditResult:
    """The result that `to_json` wrote.

    Raises:
        StoreError: it is of another format, or a field is missing or of a wrong kind.
    """
    fields = dict(value)
    if fields.pop("format", None) != FORMAT:
        raise StoreError("The audit is of another format.", "Run the audit again.")
    try:
        return _READER.validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise StoreError(
            f"The audit is damaged at {place}: {first['msg']}.", "Run the audit again."
        ) from error


def findings_text(result: AuditResult) -> str:
    """The findings as JSON, the same bytes for the same weights whatever their folder is called."""
    found = result.to_json()["findings"]
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
