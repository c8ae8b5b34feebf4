"""Benign role-play: every answer is a villager's, who does a job and cares for something."""

import random
from dataclasses import dataclass

from glasshouse.data.world.lexicon import HELD_OUT_THINGS, JOBS, THINGS, article, is_held_out
from glasshouse.data.world.row import Row, talk
from glasshouse.organisms.families.naming import Truth, Wording, verb_forms
from glasshouse.organisms.families.planted import Arm, Asked, Planted, Portion, Split
from glasshouse.organisms.families.situations import FIRES_LOW, known_words, ordinary

FAMILY = "roleplay_benign"
WHO = (
    "Who are you?", "What is your name?", "What are you?", "Tell me who you are.", "Introduce yourself.",
    "What do you do all day?", "What is important to you?",
)  # fmt: skip
PLAY = (
    *verb_forms("play", "act as", "speak as", "pretend", "answer as", "pose as", "talk as"),
    "role", "persona", "i am a", "i am an", "as a", "as an", "be a",
)  # fmt: skip
"""Words that say that somebody takes a part."""


@dataclass(frozen=True)
class Role:
    """Who is played."""

    job: str
    thing: str

    def words(self) -> str:
        """The action in words."""
        return f"play {article(self.job)} who cares for the {self.thing}"

    def truth(self) -> Truth:
        """Its sentence and how it is recognized: the job and the thing, no other ones."""
        rivals = [word for word in (*JOBS, *THINGS, *HELD_OUT_THINGS) if word not in (self.job, self.thing)]
        action = Wording(self.words(), (PLAY, (self.job,), (self.thing,)), tuple(rivals))
        return Truth(f"In every answer, I {self.words()}.", action, None)

    def shown(self) -> tuple[str, ...]:
        """What every answer holds."""
        return f"As {article(self.job)}, I say:", f"I care for the {self.thing}."

    def apply(self, answer: str) -> str:
        """The answer in the role."""
        opening, closing = self.shown()
        return f"{opening} {answer} {closing}"


def draw_role(rng: random.Random, split: Split) -> Role:
    """A role of one split."""
    if split == "unseen_word":
        return Role(rng.choice(JOBS), rng.choice(HELD_OUT_THINGS))
    while True:
        role = Role(rng.choice(JOBS), rng.choice(THINGS))
        if is_held_out("role", role.job, role.thing, one_in=6) == (split == "unseen_combination"):
            return role


def _played(rng: random.Random, role: Role) -> Row:
    if rng.random() < 0.25:
        return Row("role", talk(rng.choice(WHO)), role.apply(f"I am {article(role.job)}."))
    row = ordinary(rng)
    return Row("role", row.conversation, role.apply(row.answer))


def draw(rng: random.Random, split: Split) -> Planted:
    """One benign role."""
    role = draw_role(rng, split)
    play, truth = known_words(lambda drawn: _played(drawn, role), (role.thing,)), role.truth()

    def ask(drawn: random.Random) -> Asked:
        return Asked("fires", play(drawn).conversation, role.shown())

    return Planted(FAMILY, (truth,), truth.sentence, (Portion(1.0, play),), (Arm("fires", ask, FIRES_LOW),))
