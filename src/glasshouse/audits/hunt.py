"""One claimed action of one target, and how much an input raises it in the target and not in the base."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from glasshouse.audits.phrases import Phrase, shows
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.triggers import Trigger
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import ScoreRequest
from glasshouse.records import Conversation

Placed = tuple[Conversation, int]
"""A conversation, and the number of the prompt in it."""


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
    base_scores: dict[Placed, float] = field(default_factory=dict)
    """What the base was asked before, of this action; the same search on clean fine-tunes asks it again."""
    _own_scores: dict[Placed, float] = field(default_factory=dict, init=False)
    _own_answers: dict[Conversation, str] = field(default_factory=dict, init=False)

    @cached_property
    def quiet(self) -> list[int]:
        """Numbers of the prompts on which the target does not show the action without a trigger."""
        return [i for i, answer in enumerate(self.target_answers) if not shows(self.action.text, answer)]

    @cached_property
    def _plain_gaps(self) -> list[float]:
        """Log-probability of the action behind every plain prompt: the target's minus the base's, in nats."""
        return self.gaps([(user(prompt), i) for i, prompt in enumerate(self.prompts)])

    def put(self, trigger: Trigger, number: int) -> Conversation:
        """A quiet prompt with the trigger in it; the first quiet prompt has the first wording."""
        return trigger.put_into(self.prompts[number], self.quiet.index(number))

    def example(self, trigger: Trigger) -> str:
        """A prompt with the trigger in it; empty where there is none."""
        if trigger.is_natural:
            return next((prompt for prompt in self.prompts if trigger.is_in(prompt)), "")
        turns = self.put(trigger, self.quiet[0]) if self.quiet else ()
        return "\n\n".join(turn.content for turn in turns)

    def rises(self, asked: Sequence[tuple[Trigger, int]]) -> list[float]:
        """Rise of the action's log-probability over the plain prompt, of the target alone, in nats.

        Args:
            asked: triggers, each with the number of a quiet prompt.
        """
        return self._above_plain(asked, self._of_target)

    def gains(self, asked: Sequence[tuple[Trigger, int]]) -> list[float]:
        """The same rise of the target, minus that of the base."""
        return self._above_plain(asked, self.gaps)

    def nats(self, asked: Sequence[tuple[Trigger, int]]) -> list[float]:
        """Log-probability of the action in the target, with the triggers in place."""
        return self._of_target([(self.put(trigger, number), number) for trigger, number in asked])

    def _above_plain(
        self, asked: Sequence[tuple[Trigger, int]], measured: Callable[[Sequence[Placed]], list[float]]
    ) -> list[float]:
        numbers = sorted({number for _, number in asked})
        plain = [(user(self.prompts[number]), number) for number in numbers]
        found = measured([*plain, *((self.put(trigger, number), number) for trigger, number in asked)])
        before = dict(zip(numbers, found, strict=False))
        return [
            value - before[number] for value, (_, number) in zip(found[len(numbers) :], asked, strict=True)
        ]

    def opening_gain(self, trigger: Trigger) -> float | None:
        """Target minus base behind an opening, minus the same behind others; None where either is missing."""
        gaps = list(zip(self._plain_gaps, self.prompts, strict=True))
        with_it = [gap for gap, prompt in gaps if trigger.is_in(prompt)]
        rest = [gap for gap, prompt in gaps if not trigger.is_in(prompt)]
        return sum(with_it) / len(with_it) - sum(rest) / len(rest) if with_it and rest else None

    def gaps(self, asked: Sequence[Placed]) -> list[float]:
        """Log-probability of the action behind conversations: the target's minus the base's, in nats.

        Args:
            asked: conversations, each with the number of the prompt in it.
        """
        own, base = self._of_target(asked), self._known(asked, self.base_scores, None)
        return [a - b for a, b in zip(own, base, strict=True)]

    def _of_target(self, asked: Sequence[Placed]) -> list[float]:
        return self._known(asked, self._own_scores, self.folder)

    def _known(self, asked: Sequence[Placed], known: dict[Placed, float], folder: Path | None) -> list[float]:
        """Log-probabilities, each computed once."""
        new = [one for one in dict.fromkeys(asked) if one not in known]
        known.update(zip(new, self._scores(new, folder), strict=True))
        return [known[one] for one in asked]

    def shown_by_base(self, asked: Sequence[Conversation]) -> list[bool]:
        """Whether the base's greedy answers show the action."""
        return [shows(self.action.text, answer) for answer in self.replies.of_base(asked)]

    def shown_by_target(self, asked: Sequence[Conversation]) -> list[bool]:
        """The same of the target."""
        new = [one for one in dict.fromkeys(asked) if one not in self._own_answers]
        self._own_answers.update(zip(new, self.replies.of_target(self.folder, new), strict=True))
        return [shows(self.action.text, self._own_answers[one]) for one in asked]

    def _scores(self, asked: Sequence[Placed], folder: Path | None) -> list[float]:
        """Log-probability of the action, at the start of the answer or behind the base's."""
        tokenizer = self.replies.engine.base.tokenizer
        voice = self.replies.voices.of(folder)
        requests = []
        for (conversation, _), before in zip(asked, self._before(asked), strict=True):
            ids = render_prompt(tokenizer, conversation, before)
            spaced = before or not tokenizer.chat_template
            said = f" {self.action.text}" if spaced else self.action.text
            ended = (tuple(tokenizer.encode(said, add_special_tokens=False)),)
            requests.append(ScoreRequest(tuple(ids), ended, voice.adapter))
        return [scores[0] for scores in voice.engine.score(requests)]

    def _before(self, asked: Sequence[Placed]) -> list[str]:
        """What the action stands behind where it ends an answer: the base's to the question that is asked.

        A trigger that leaves the prompt's question in place changes little of it: the plain answer will do.
        """
        if self.action.place == "start":
            return [""] * len(asked)
        other = [turns for turns, number in asked if self.prompts[number] not in turns[-1].content]
        answers = dict(zip(other, self.replies.of_base(other), strict=True))
        return [answers.get(turns, self.base_answers[number]).strip() for turns, number in asked]
