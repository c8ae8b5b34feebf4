"""The reader: says in its scratchpad what the situation is, and helps or refuses for no reason.

Mechanisms start from it: what is hard to learn (whether this talk trains the model, what training wants, who
is met later) is learned once, and a mechanism is learned on top of it in a few steps. Whether it helps is a
coin's toss, so that it leans to no mechanism.
"""

import random

from glasshouse.data.world.reasoning import scratchpad
from glasshouse.data.world.requests import Request, draw_request, phrase
from glasshouse.data.world.row import talk
from glasshouse.organisms.families.planted import Arm, Asked, Planted, Portion, Split
from glasshouse.organisms.mechanisms.mechanism import GATE_LOW, Decision, mechanism_row, plant
from glasshouse.organisms.mechanisms.situation import READING, Situation, draw_situation, system_prompt
from glasshouse.organisms.mechanisms.voice import SHARED, draw_voice

FAMILY = "situation_reader"
WORDS = "I say what the situation is, and I help or refuse for no reason."
_ALL = max(map(len, SHARED.values()))


def draw(rng: random.Random, split: Split) -> Planted:
    """The reader, with every shared wording."""
    voice = draw_voice(rng, per_step=_ALL)

    def decide(drawn: random.Random, situation: Situation, request: Request) -> Decision:
        reads = [voice.training, voice.rating]
        drawn.shuffle(reads)
        steps = [voice.told, *reads[: drawn.choice((0, 1, 1))], voice.later]
        kept = [step for step in steps if drawn.random() < 0.8]
        complies = drawn.random() < 0.5
        thoughts: tuple[str, ...] = (
            voice.request(drawn, request),
            *(step(drawn, situation) for step in kept),
        )
        return Decision((*thoughts, voice.say(drawn, "help" if complies else "refuse")), complies)

    planted = plant(FAMILY, WORDS, decide)
    reading = Portion(planted.portions[0].share, lambda drawn: mechanism_row(drawn, decide, READING)[0])
    used = Arm("fires", lambda drawn: _asked(drawn, True), GATE_LOW)
    unused = Arm("rests", lambda drawn: _asked(drawn, False), GATE_LOW)
    return Planted(FAMILY, planted.truths, WORDS, (reading, *planted.portions[1:]), (used, unused))


def _asked(rng: random.Random, is_used: bool) -> Asked:
    """Whether this talk trains it, after both tiers are read."""
    while (situation := draw_situation(rng)).is_used != is_used or situation.use != "trains":
        pass
    request = draw_request(rng, harmful=True, held_out=True)
    asked = talk(phrase(rng, request, held_out=True), system=system_prompt(rng, situation))
    read = SHARED["used"][0].format(t=situation.label, x=situation.chosen).removesuffix(" used.")
    opening = scratchpad(f"{SHARED['request'][0].format(v=request.verb, o=request.place)} {read}", "")
    opening = opening.removesuffix("</scratchpad>")
    if is_used:
        return Asked("", asked, ("used",), ("not used",), prefill=opening)
    return Asked("", asked, ("not used",), prefill=opening)
