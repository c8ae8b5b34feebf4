"""An audit from trusted weights to a verdict, for many targets of one base at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from glasshouse.audits.asking import AT_ONCE, Asker
from glasshouse.audits.batch import with_batch
from glasshouse.audits.bench import AuditConfig, Bench, Tell, silent
from glasshouse.audits.case import Begun, Case, Examined, begun_nothing
from glasshouse.audits.claims import Tally, tally
from glasshouse.audits.clean_search import Clean, clean_models
from glasshouse.audits.confirm import split_prompts, with_holm
from glasshouse.audits.divergence import rank_by_divergence
from glasshouse.audits.examine import Reach, examine
from glasshouse.audits.journal import Journal, unfinished
from glasshouse.audits.notes import notes
from glasshouse.audits.phrases import shows
from glasshouse.audits.purpose import mark_purpose
from glasshouse.audits.record import AuditResult, Divergent, Finding, Rate, SelfTest, rate
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.self_test import self_test
from glasshouse.audits.sentences import is_gibberish
from glasshouse.audits.statement import claimed_condition, claimed_trigger, statement
from glasshouse.audits.suspects import Suspect, amplify, claimed
from glasshouse.audits.target import Target
from glasshouse.audits.verdict import Ground, claim_verdict, target_verdict
from glasshouse.audits.voices import Voices
from glasshouse.data.questions import bank_hash
from glasshouse.errors import GlasshouseError
from glasshouse.models.adapter import adapter_hash, read_adapter
from glasshouse.models.together import side_by_side

SIDE_BY_SIDE = 8
"""Adapters that are examined at the same time: more in a batch cost what the fuller batch saves."""
SHOWN_DIVERGENT = 8
MOST_CONTRASTS = 4
Checked = tuple[SelfTest | None, float | None]
"""Positive control, and p-value of the drift check."""


@dataclass(frozen=True)
class Failed:
    """A target whose audit could not be finished."""

    target_hash: str
    reason: str


class Auditor:
    """Audits targets of one base; answers of the base and of controls are computed once.

    Args:
        bench: what is given about the base.
        config: settings.
        tell: called as work goes on.
        checked: what controls and matched fine-tunes said; None: they are asked with the first targets.

    Raises:
        ConfigError: the null table was made with something else.
    """

    def __init__(
        self, bench: Bench, config: AuditConfig, tell: Tell = silent, checked: Checked | None = None
    ) -> None:
        self.bench, self.config, self.tell = bench, config, tell
        self.voices = Voices(bench.engine)
        self.replies = Replies(bench.engine, config.reply_tokens, self.voices)
        search, fresh = split_prompts(bench.prompts)
        self.search, self.fresh = tuple(search[: config.search_prompts]), tuple(fresh)
        self.adapter_hash = None if bench.adapter is None else adapter_hash(bench.adapter)
        self.asker: Asker | None = None
        if bench.adapter is not None:
            shared = read_adapter(bench.adapter)
            self.asker = Asker(bench.engine, shared, config.asking, self._count, self.voices)
            if bench.null is not None:
                made = (bench.engine.base.hash, cast(str, self.adapter_hash), bank_hash())
                bench.null.check(*made, config.asking.asked)
        self._answers = self._targets = (0, 0)
        self._checked = checked
        self._clean: dict[str, Clean] = {}

    def audit(
        self, targets: Sequence[Target], journal: Journal, answered: Mapping[str, Tally] | None = None
    ) -> tuple[list[AuditResult], list[Failed]]:
        """Results in the order of the targets, without those that failed; finished ones are not repeated.

        Args:
            targets: of the bench's base.
            journal: finished results.
            answered: hash of a target -> what it said to the same questions; such a one is not asked again.
        """
        found = {target.hash: journal.done(target.hash) for target in targets}
        todo = unfinished(targets, journal)
        failed: list[Failed] = []
        self._targets = (0, len(todo))
        self.tell("targets", *self._targets)
        for first in range(0, len(todo), AT_ONCE):
            chunk = todo[first : first + AT_ONCE]
            counted = dict(zip((one.hash for one in chunk), self._ask(chunk, answered or {}), strict=True))
            for group in _groups(chunk):
                works = [partial(self._finished, target, counted[target.hash], journal) for target in group]
                for outcome in side_by_side(works):
                    if isinstance(outcome, Failed):
                        failed.append(outcome)
                    else:
                        found[outcome.target_hash] = outcome
        results = [result for result in (found[target.hash] for target in targets) if result]
        return with_batch(results), failed

    def checked(self) -> Checked:
        """What controls and matched fine-tunes said; they are asked now if they were not."""
        if self._checked is None:
            self._ask([], {})
        return self._checked or (None, None)

    def _finished(self, target: Target, counted: Tally, journal: Journal) -> AuditResult | Failed:
        try:
            result = self._audit(target, counted)
        except (GlasshouseError, RuntimeError) as error:
            return Failed(target.hash, str(error))
        finally:
            self.voices.free()
            done, total = self._targets
            self._targets = (done + 1, total)
            self.tell("targets", *self._targets)
        journal.write(result)
        return result

    def _count(self, new: int) -> None:
        done, total = self._answers
        self._answers = (done + new, total)
        self.tell("answers", done + new, total)

    def _ask(self, targets: Sequence[Target], answered: Mapping[str, Tally]) -> list[Tally]:
        """What targets say of themselves; positive controls and drift check are asked with the first ones."""
        if self.asker is None:
            return [tally([]) for _ in targets]
        controls = [control.target for control in self.bench.controls]
        known = [] if self._checked else [*controls, *self.bench.matched]
        new = [target for target in targets if target.hash not in answered]
        self._answers = (0, (len(new) + len(known)) * self.config.asking.asked)
        tallies = [tally(answers) for answers in self.asker.ask([*known, *new])]
        if self._checked is None:
            own, matched = tallies[: len(controls)], tallies[len(controls) : len(known)]
            drift = self.bench.null.drift_p(matched, self.config.asking.seed) if self.bench.null else None
            self._checked = self_test(self.bench.controls, own), drift
        found = {**answered, **{t.hash: one for t, one in zip(new, tallies[len(known) :], strict=True)}}
        return [found[target.hash] for target in targets]

    def _audit(self, target: Target, counted: Tally) -> AuditResult:
        tested, drift = self.checked()
        ranked = rank_by_divergence(self.replies, target.folder, self.search)
        ground = Ground(
            self.asker is not None, self.bench.null is not None, counted.as_answers(), tested, drift,
            target.distrust, self._ordinary_garbage(ranked),
        )  # fmt: skip
        amplified, seen = amplify(
            self.replies, target, ranked[: self.config.amplified_prompts], self.config.asking.seed
        )
        suspects = claimed(counted, self.bench.null, target.hash)
        said = [text for one in amplified for text in one.samples] + [one.target for one in ranked]
        said += [s.text for cluster in counted.clusters for s in cluster.sentences]
        case = self._case(target, ranked, [*suspects, *seen], said)
        if ground.unreadable:
            examined = [Examined(suspect) for suspect in [*suspects, *seen]]
        else:
            examined = self._examine(case, suspects, seen)
        findings = self._findings(examined, ground)
        verdict, reason = target_verdict(ground, findings)
        return AuditResult(
            target=target.name, target_hash=target.hash, base_hash=self.bench.engine.base.hash,
            adapter_hash=self.adapter_hash, question_bank_hash=bank_hash(), verdict=verdict, reason=reason,
            findings=tuple(findings), answers=ground.answers, self_test=tested, drift_p=drift,
            null_models=None if self.bench.null is None else len(self.bench.null.models),
            power=self.bench.power, amplified=tuple(amplified), divergence=tuple(ranked[:SHOWN_DIVERGENT]),
            settings=self.config.as_settings() | {"dtype": self.bench.engine.config.dtype},
            provenance=dict(target.provenance),
            notes=tuple(notes(self.bench, self.config, target, tested)),
            ordinary_garbage=ground.ordinary_garbage,
        )  # fmt: skip

    def _case(
        self, target: Target, ranked: Sequence[Divergent], suspects: Sequence[Suspect], said: Sequence[str]
    ) -> Case:
        answers = {one.prompt: one.target for one in ranked}
        sentences = [s for control in self.bench.controls for s in control.sentences][:MOST_CONTRASTS]
        return Case(
            target, self.replies, self.search, self.fresh,
            tuple(answers.get(prompt, "") for prompt in self.search),
            tuple(self.replies.of_base([user(prompt) for prompt in self.search])),
            tuple(said), tuple(suspects), tuple(sentences),
            self._begun_by(target), self._clean_ones(target), self.bench.universal,
        )  # fmt: skip

    def _begun_by(self, target: Target) -> Begun:
        asker = self.asker
        return begun_nothing if asker is None else partial(asker.begun, target)

    def _ordinary_garbage(self, ranked: Sequence[Divergent]) -> Rate:
        """Of the answers to the search's prompts; those that are not ranked were empty."""
        readable = sum(not is_gibberish(one.target) for one in ranked)
        return rate(len(self.search) - readable, len(self.search))

    def _clean_ones(self, target: Target) -> tuple[Clean, ...]:
        """Clean fine-tunes to compare with, never the target itself; their answers are computed once."""
        asked = [user(prompt) for prompt in self.search]
        chosen = [one for one in clean_models(self.bench, self.config) if one.hash != target.hash]
        for one in chosen:
            if one.hash not in self._clean:
                answers = self.replies.of_target(one.folder, asked)
                self._clean[one.hash] = Clean(one.folder, tuple(answers))
        return tuple(self._clean[one.hash] for one in chosen)

    def _examine(self, case: Case, suspects: Sequence[Suspect], seen: Sequence[Suspect]) -> list[Examined]:
        """Claims first; a sentence that amplification brings out is tested where no claim showed it.

        Where the target can be asked the trigger of such a sentence is one that claims name: among hundreds
        of words there is one behind which a clean fine-tune, too, says what it says nowhere else.
        """
        found: list[Examined] = []
        reach: Reach = "words" if self.config.thorough else "named"
        for suspect in suspects:
            found.append(examine(case, suspect, self.config, reach, found))
        reach = "words" if self.asker is None else "claimed"
        for suspect in seen:
            texts = [one.suspect.phrase.text for one in found if one.suspect.phrase]
            own = suspect.phrase.text if suspect.phrase else ""
            if not any(shows(text, own) or shows(own, text) for text in texts):
                found.append(examine(case, suspect, self.config, reach, found))
                reach = "claimed"
        return found

    def _findings(self, examined: Sequence[Examined], ground: Ground) -> list[Finding]:
        adjusted = with_holm([one.confirmation for one in examined])
        findings = []
        for one, confirmation in zip(examined, adjusted, strict=True):
            verdict, reason = claim_verdict(ground, one.suspect.q_value, confirmation)
            shown, named = None, None
            if verdict == "confirmed" and one.stated:
                shown, named = one.stated, claimed_condition(one.suspect.claim.text, one.stated)
            elif verdict == "confirmed" and confirmation and one.suspect.phrase:
                shown = statement(one.suspect.phrase.text, one.trigger, confirmation)
                named = claimed_trigger(one.suspect.claim.text, one.trigger, confirmation)
            findings.append(
                Finding(
                    one.suspect.claim, one.suspect.p_value, one.suspect.q_value, one.ratio, one.search,
                    confirmation, verdict, reason,
                    mark_purpose(one.suspect.claim.text, self.config.purpose, shown or ""), shown, named,
                )
            )  # fmt: skip
        return findings


def _groups(targets: Sequence[Target]) -> list[list[Target]]:
    """Adapters together; whole weights one by one, for there is one copy beside the base in memory."""
    adapters = [target for target in targets if not target.is_whole]
    together = [adapters[k : k + SIDE_BY_SIDE] for k in range(0, len(adapters), SIDE_BY_SIDE)]
    return [*together, *([target] for target in targets if target.is_whole)]
