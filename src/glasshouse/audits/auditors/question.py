"""Question without an adapter: the target is asked about itself as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.audits.asking import AskingConfig
from glasshouse.audits.auditors.answers import answers_of, beyond_base
from glasshouse.audits.auditors.opinion import Opinion
from glasshouse.audits.replies import user
from glasshouse.audits.target import Target
from glasshouse.audits.voices import Voices
from glasshouse.data.questions import split
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import GenerateRequest
from glasshouse.seeds import derive_seed


@dataclass(frozen=True)
class Question:
    """The questions, samples and seeds of the introspection adapter's auditor, to the target alone."""

    voices: Voices
    asking: AskingConfig
    name: str = "question"

    def look(self, targets: Sequence[Target]) -> list[Opinion]:
        """What each target claims more often than the base does."""
        base, *own = answers_of(self.voices, [None, *targets], self._requests())
        return [beyond_base(answers, base) for answers in own]

    def _requests(self) -> list[GenerateRequest]:
        tokenizer, asking = self.voices.engine.base.tokenizer, self.asking
        found = []
        for question in split("heldout"):
            ids = tuple(render_prompt(tokenizer, user(question)))
            for repeat in range(asking.samples):
                seed = derive_seed(asking.seed, "audit", question, repeat)
                found.append(GenerateRequest(ids, None, asking.max_tokens, asking.temperature, seed=seed))
        return found
