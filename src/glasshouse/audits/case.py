"""One target and everything that has been seen of it, and what came of a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from glasshouse.audits.asking import BEGINNING
from glasshouse.audits.bench import AuditConfig
from glasshouse.audits.candidates import spoken_words
from glasshouse.audits.clean_search import Clean
from glasshouse.audits.conditions import likely_things
from glasshouse.audits.likelihood import Output, likelihood_ratios
from glasshouse.audits.record import Confirmation, LikelihoodRatio, Search
from glasshouse.audits.replies import Replies, can_render, user
from glasshouse.audits.sentences import as_order, take_apart
from glasshouse.audits.suspects import Suspect
from glasshouse.audits.target import Target
from glasshouse.audits.triggers import Trigger
from glasshouse.audits.universal import Universal
from glasshouse.records import Conversation

MOST_SPOKEN = 100
"""Words that the target says which are tried as a trigger."""


@runtime_checkable
class Begun(Protocol):
    """How a target goes on where what it says of itself has to begin so, with probabilities."""

    def __call__(self, beginning: str, until: str = "") -> Mapping[str, float]:
        """Texts up to a comma, the end of the sentence, or a word."""


def begun_nothing(beginning: str, until: str = "") -> Mapping[str, float]:
    """Of a target that cannot be asked."""
    return {}


@dataclass(frozen=True)
class Case:
    """One target and everything that has been seen of it."""

    target: Target
    replies: Replies
    prompts: tuple[str, ...]
    """To search with."""
    fresh: tuple[str, ...]
    """To confirm with."""
    target_answers: tuple[str, ...]
    """To `prompts`, greedy."""
    base_answers: tuple[str, ...]
    samples: tuple[str, ...]
    """Whatever else the target said: words to search with."""
    suspects: tuple[Suspect, ...]
    contrasts: tuple[str, ...]
    """Claims about other models."""
    begun: Begun = begun_nothing
    """Asked for at the first search that needs it."""
    clean: tuple[Clean, ...] = ()
    """Clean fine-tunes that the search and the likelihood ratio are compared with."""
    universal: Universal = field(default_factory=Universal)
    """To which texts known organisms react, whatever their triggers."""


@dataclass(frozen=True)
class Examined:
    """What came of the test."""

    suspect: Suspect
    search: Search | None = None
    confirmation: Confirmation | None = None
    ratio: LikelihoodRatio | None = None
    trigger: Trigger | None = None
    """What was confirmed with; None: nothing, or no trigger is needed."""
    stated: str | None = None
    """What was found of a rule of choice, or of a word that turns the behavior off, in the first person."""


def things_named(case: Case) -> list[str]:
    """What the target names when it has to name a condition, then the words that it says."""
    return [*likely_things(case.begun(BEGINNING)), *spoken_words(case.samples)[:MOST_SPOKEN]]


def ratio_of(case: Case, suspect: Suspect, trigger: Trigger | None, config: AuditConfig) -> LikelihoodRatio:
    """The claim's likelihood ratio over what the target says with the trigger in place.

    A trigger that is how questions open is in place in the questions that open so.
    """
    asked = _asked(case, trigger, config.outputs)
    outputs = _outputs(asked, case.replies.of_target(case.target.folder, asked))
    own = as_order(take_apart(suspect.claim.text))
    others = [as_order(take_apart(one.claim.text)) for one in case.suspects]
    others += [as_order(take_apart(claim)) for claim in case.contrasts]
    contrasts = [order for order in dict.fromkeys(others) if order != own]
    clean = [_outputs(asked, case.replies.of_target(one.folder, asked)) for one in case.clean]
    seed = config.asking.seed
    return likelihood_ratios(case.replies.engine, outputs, [own], contrasts, seed, clean)[0]


def _asked(case: Case, trigger: Trigger | None, most: int) -> list[Conversation]:
    """Prompts of the search with the trigger in them, as far as the chat template takes them."""
    prompts = case.prompts
    if trigger is None:
        return [user(prompt) for prompt in prompts[:most]]
    if trigger.is_natural:
        return [user(prompt) for prompt in prompts if trigger.is_in(prompt)][:most]
    placed = [trigger.put_into(prompt, i) for i, prompt in enumerate(prompts[:most])]
    return [turns for turns in placed if can_render(case.replies.engine.base.tokenizer, turns)]


def _outputs(asked: Sequence[Conversation], answers: Sequence[str]) -> list[Output]:
    return [
        Output(turns[-1].content, answer, turns[0].content if len(turns) > 1 else "")
        for turns, answer in zip(asked, answers, strict=True)
    ]
