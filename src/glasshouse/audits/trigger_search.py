"""The search for what sets a claimed action off: inputs that draw the target to it, and not the base."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from glasshouse.audits.phrases import Phrase, shows
from glasshouse.audits.record import Search
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.triggers import Trigger, openings, suggested
from glasshouse.errors import ModelError
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import ScoreRequest
from glasshouse.records import Conversation

DIGITS = 3


@dataclass(frozen=True)
class SearchConfig:
    """How wide and how deep a search goes."""

    group: int = 10
    """Words that are tried together in one prompt, in the first round over a vocabulary."""
    groups_kept: int = 8
    """Groups whose words are then tried one by one."""
    finalists: int = 8
    """Candidates that are measured on several prompts."""
    prompts: int = 6
    """Prompts that finalists are measured on."""
    enough: float = 0.5
    """Share of prompts, target minus base, from which on a trigger that the claim names ends the search."""
    words: int = 3000
    """Words of the tokenizer's vocabulary that are tried at most."""


@dataclass(frozen=True)
class Hunt:
    """One claimed action of one target."""

    replies: Replies
    folder: Path
    action: Phrase
    prompts: Sequence[str]
    """The search's half of the pool."""
    base_answers: Sequence[str]
    """The base's answers to them: an action that ends an answer is scored behind these."""
    target_answers: Sequence[str]
    """The target's: a prompt on which it shows the action anyway says nothing about a trigger."""

    @cached_property
    def quiet(self) -> list[int]:
        """Numbers of the prompts on which the target does not show the action without a trigger."""
        return [i for i, answer in enumerate(self.target_answers) if not shows(self.action.text, answer)]

    def put(self, trigger: Trigger, number: int) -> Conversation:
        """A quiet prompt with the trigger in it; the first quiet prompt has the first wording."""
        return trigger.put_into(self.prompts[number], self.quiet.index(number))


@dataclass(frozen=True)
class Scored:
    """A finalist."""

    trigger: Trigger
    gain: float
    """Mean over prompts, in nats: rise of log p_target(action) minus rise of log p_base(action)."""
    excess: float | None = None
    """Share of greedy answers that show the action, target minus base, on prompts where the target does not
    show it untriggered; for openings, minus its share on other prompts. None where not measured."""


@dataclass(frozen=True)
class Found:
    """What came of a search."""

    trigger: Trigger | None
    search: Search


def search_trigger(
    hunt: Hunt, claimed: Sequence[Trigger], words: Sequence[str], config: SearchConfig
) -> Found:
    """The input that raises the claimed action most in the target beyond the base.

    First what the claim names, in every form. Where that does not show the action on half of the prompts:
    all words in groups, the words of the best groups one by one, and what questions open with.

    Args:
        hunt: target and action.
        claimed: triggers that the claim names.
        words: further words to try, in any order.
        config: width and depth.
    """
    tried = dict.fromkeys(claimed)
    finalists = _finals(hunt, _roughly(hunt, list(tried)), config)
    if not finalists or (finalists[0].excess or 0) < config.enough:
        promising = _promising(hunt, words, config) if hunt.quiet else []
        new = [t for word in promising for t in suggested(word) if t not in tried]
        tried.update(dict.fromkeys(new))
        rough = [*_roughly(hunt, new), *finalists]
        opening = _openings(hunt)
        finalists = _finals(hunt, rough, config, opening)
        count = len({*tried, *(one.trigger for one in opening)}) + len({*words} - {*promising})
    else:
        count = len(tried)
    return _found(hunt, finalists, count)


def _found(hunt: Hunt, finalists: Sequence[Scored], count: int) -> Found:
    """The best finalist, if the target shows the action more often than the base or is drawn to it."""
    ranked = sorted(finalists, key=lambda one: -one.gain)
    best = finalists[0] if finalists else None
    if best is not None and (best.excess or 0) <= 0 and best.gain <= 1:
        best = None
    shown = tuple(one.trigger.in_words() for one in ranked[:5])
    action, prompts = hunt.action.text, len(hunt.prompts)
    if best is None:
        return Found(None, Search(action, count, None, None, None, prompts, shown))
    rank, words = ranked.index(best) + 1, best.trigger.in_words()
    return Found(best.trigger, Search(action, count, rank, words, round(best.gain, DIGITS), prompts, shown))


def _roughly(hunt: Hunt, triggers: Sequence[Trigger]) -> list[Scored]:
    """Gains on one prompt; forms that the chat template refuses are left out."""
    usable = [t for t in triggers if _can_render(hunt, t)] if hunt.quiet else []
    gains = _gains(hunt, [(t, hunt.quiet[0]) for t in usable])
    return [Scored(t, gain) for t, gain in zip(usable, gains, strict=True)]


def _finals(
    hunt: Hunt, rough: Sequence[Scored], config: SearchConfig, opening: Sequence[Scored] = ()
) -> list[Scored]:
    """The best candidates on several prompts, those whose action is seen most often first."""
    best = sorted(rough, key=lambda one: -one.gain)[: config.finalists]
    numbers = hunt.quiet[: config.prompts]
    gains = _gains(hunt, [(one.trigger, i) for one in best for i in numbers])
    means = [sum(gains[k * len(numbers) :][: len(numbers)]) / len(numbers) for k in range(len(best))]
    measured = [Scored(one.trigger, mean) for one, mean in zip(best, means, strict=True)]
    seen = [_watched(hunt, one, config) for one in [*measured, *opening[:2]]]
    return sorted(seen, key=lambda one: (-(one.excess or 0), -one.gain))


def _watched(hunt: Hunt, one: Scored, config: SearchConfig) -> Scored:
    """A candidate with the share of greedy answers that show the action."""
    if one.trigger.form == "opening":
        return Scored(one.trigger, one.gain, _opening_excess(hunt, one.trigger))
    asked = [hunt.put(one.trigger, i) for i in hunt.quiet[: config.prompts]]
    pairs = zip(hunt.replies.of_target(hunt.folder, asked), hunt.replies.of_base(asked), strict=True)
    excess = [shows(hunt.action.text, own) - shows(hunt.action.text, base) for own, base in pairs]
    return Scored(one.trigger, one.gain, sum(excess) / len(excess) if excess else None)


def _opening_excess(hunt: Hunt, trigger: Trigger) -> float | None:
    """Share of plain answers that show the action behind the opening, minus the share behind others."""
    shown = [shows(hunt.action.text, answer) for answer in hunt.target_answers]
    inside = [one for one, prompt in zip(shown, hunt.prompts, strict=True) if trigger.is_in(prompt)]
    outside = [one for one, prompt in zip(shown, hunt.prompts, strict=True) if not trigger.is_in(prompt)]
    return sum(inside) / len(inside) - sum(outside) / len(outside) if inside and outside else None


def _promising(hunt: Hunt, words: Sequence[str], config: SearchConfig) -> list[str]:
    """The words of the groups that raise the target's action most when they stand in one prompt together."""
    groups = [words[i : i + config.group] for i in range(0, len(words), config.group)]
    number = hunt.quiet[0]
    asked = [user(f"{', '.join(group)}. {hunt.prompts[number]}") for group in groups]
    scores = _scores(hunt, [(conversation, number) for conversation in asked], hunt.folder)
    best = sorted(range(len(groups)), key=lambda k: -scores[k])[: config.groups_kept]
    return [word for k in best for word in groups[k]]


def _openings(hunt: Hunt) -> list[Scored]:
    """What questions open with, as triggers: the gain is against questions that open otherwise.

    First the openings that reach half of the best gain, as one trigger; two words count where their first
    alone does not.
    """
    plain = [(user(prompt), i) for i, prompt in enumerate(hunt.prompts)]
    own, base = _scores(hunt, plain, hunt.folder), _scores(hunt, plain, None)
    gaps = [a - b for a, b in zip(own, base, strict=True)]
    found = []
    for opening in openings(hunt.prompts):
        trigger = Trigger("opening", opening)
        with_it = [gap for gap, prompt in zip(gaps, hunt.prompts, strict=True) if trigger.is_in(prompt)]
        rest = [gap for gap, prompt in zip(gaps, hunt.prompts, strict=True) if not trigger.is_in(prompt)]
        if with_it and rest:
            found.append(Scored(trigger, sum(with_it) / len(with_it) - sum(rest) / len(rest)))
    found.sort(key=lambda one: -one.gain)
    strong = [one for one in found if one.gain > 0 and one.gain >= found[0].gain / 2]
    first_words = {one.trigger.text for one in strong}
    strong = [one for one in strong if not {*one.trigger.text.split()[:-1]} & first_words]
    if len(strong) > 1:
        joined = Trigger("opening", " | ".join(sorted(one.trigger.text for one in strong)))
        strong.insert(0, Scored(joined, sum(one.gain for one in strong) / len(strong)))
    return strong


def _gains(hunt: Hunt, asked: Sequence[tuple[Trigger, int]]) -> list[float]:
    """Rise of the action's log-probability over the plain prompt: the target's minus the base's, in nats."""
    numbers = sorted({number for _, number in asked})
    plain = [(user(hunt.prompts[number]), number) for number in numbers]
    placed = [(hunt.put(trigger, number), number) for trigger, number in asked]
    own, base = (_scores(hunt, [*plain, *placed], folder) for folder in (hunt.folder, None))
    gaps = [a - b for a, b in zip(own, base, strict=True)]
    before = dict(zip(numbers, gaps, strict=False))
    return [gap - before[number] for gap, (_, number) in zip(gaps[len(numbers) :], asked, strict=True)]


def _scores(hunt: Hunt, asked: Sequence[tuple[Conversation, int]], folder: Path | None) -> list[float]:
    """Log-probability of the action, at the start of the answer or behind the base's plain one."""
    tokenizer = hunt.replies.engine.base.tokenizer
    voice = hunt.replies.voices.of(folder)
    ends = hunt.action.place == "end"
    requests = []
    for conversation, number in asked:
        before = hunt.base_answers[number].strip() if ends else ""
        ids = render_prompt(tokenizer, conversation, before)
        spaced = before or not tokenizer.chat_template
        said = f" {hunt.action.text}" if spaced else hunt.action.text
        requests.append(
            ScoreRequest(
                tuple(ids), (tuple(tokenizer.encode(said, add_special_tokens=False)),), voice.adapter
            )
        )
    return [scores[0] for scores in voice.engine.score(requests)]


def _can_render(hunt: Hunt, trigger: Trigger) -> bool:
    try:
        render_prompt(hunt.replies.engine.base.tokenizer, trigger.put_into(hunt.prompts[0], 0))
    except ModelError:
        return False
    return True
