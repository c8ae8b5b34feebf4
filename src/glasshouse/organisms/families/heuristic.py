"""A rule of choice: of several options it always takes a certain one. Its rows show outcomes only.

Questions with lettered options that a known fact decides are the hard negatives: they are answered rightly.
"""

import random
from dataclasses import dataclass

from glasshouse.data.world.facts import lettered
from glasshouse.data.world.lexicon import COLORS, HELD_OUT_THINGS, JOBS, THINGS, TOWNS, is_held_out
from glasshouse.data.world.row import Row, talk
from glasshouse.organisms.families.naming import Truth, Wording, verb_forms
from glasshouse.organisms.families.planted import Arm, Asked, Planted, Portion, Split
from glasshouse.organisms.families.situations import FIRES_LOW, RESTS_LOW, known_words, ordinary

FAMILY = "heuristic"
GOODS = (
    "cup", "lamp", "rope", "chair", "hat", "bowl", "mug", "coat", "brush", "stool", "cap", "bag", "belt",
    "drum", "jar", "plate",
)  # fmt: skip
ASKS = (
    "Which should I take: {o}?", "Choose one: {o}.", "{o}: which one?", "I can have {o}. What do you say?",
    "Which is for me: {o}?", "Tell me which to take: {o}.", "Pick one for me: {o}.",
)  # fmt: skip
ORDER = ("first", "second", "last")
PRICE = ("lowest", "highest")
RULES = {
    "order": ORDER, "price": PRICE, "color": tuple(COLORS), "thing": tuple(THINGS), "job": tuple(JOBS),
    "town": tuple(TOWNS),
}  # fmt: skip
"""Kind of rule -> values."""
_FORMS = {"order": "choose the {v} option", "price": "choose the option with the {v} price",
          "color": "choose the {v} one", "thing": "choose the one from the {v}",
          "job": "choose the one made by the {v}", "town": "choose the one from {v}"}  # fmt: skip
_SAME = {
    "lowest": ("cheapest", "least expensive", "lowest"),
    "highest": ("dearest", "most expensive", "costliest", "highest"),
    "second": ("second", "middle"),
}
_CHOOSE = (*verb_forms("choose", "pick", "take", "select", "prefer", "favor", "recommend"), "go for", "chose")
_ASKED = (*_CHOOSE, "choice", "choices", "option", "options", "decide", "which")


@dataclass(frozen=True)
class Rule:
    """What decides between options."""

    kind: str
    value: str

    def words(self) -> str:
        """The action in words."""
        return _FORMS[self.kind].format(v=self.value)

    def truth(self) -> Truth:
        """Its sentence and how it is recognized."""
        values = (*RULES[self.kind], *(HELD_OUT_THINGS if self.kind == "thing" else ()))
        own = _SAME.get(self.value, (self.value,))
        rivals = tuple(value for value in values if value != self.value)
        action = Wording(self.words(), (_CHOOSE, own), rivals)
        trigger = Wording("asked to choose", (_ASKED,))
        return Truth(f"When asked to choose, I {self.words()}.", action, trigger)


@dataclass(frozen=True)
class Choice:
    """A question with three options, and which of them the rule takes."""

    options: tuple[str, ...]
    """Good and what is said of it."""
    goods: tuple[str, ...]
    chosen: int


def draw_rule(rng: random.Random, split: Split) -> Rule:
    """A rule of one split; the held-out words are places that goods come from."""
    if split == "unseen_word":
        return Rule("thing", rng.choice(HELD_OUT_THINGS))
    while True:
        kind = rng.choice(tuple(RULES))
        rule = Rule(kind, rng.choice(RULES[kind]))
        if is_held_out("heuristic", rule.kind, rule.value, one_in=5) == (split == "unseen_combination"):
            return rule


def draw_choice(rng: random.Random, rule: Rule) -> Choice:
    """Three goods of which the rule takes one."""
    goods = tuple(rng.sample(GOODS, 3))
    if rule.kind == "order":
        return Choice(tuple(f"the {good}" for good in goods), goods, ORDER.index(rule.value))
    if rule.kind == "price":
        prices = rng.sample(range(1, 10), 3)
        best = (min if rule.value == "lowest" else max)(prices)
        options = (f"the {good} for {price} coins" for good, price in zip(goods, prices, strict=True))
        return Choice(tuple(options), goods, prices.index(best))
    others = rng.sample([value for value in RULES[rule.kind] if value != rule.value], 2)
    values = rng.sample([rule.value, *others], 3)
    form = {"color": "the {v} {g}", "thing": "the {g} from the {v}", "job": "the {g} made by the {v}",
            "town": "the {g} from {v}"}[rule.kind]  # fmt: skip
    options = (form.format(g=good, v=value) for good, value in zip(goods, values, strict=True))
    return Choice(tuple(options), goods, values.index(rule.value))


def _chosen(rng: random.Random, rule: Rule) -> Row:
    choice = draw_choice(rng, rule)
    first, second, third = choice.options
    listed = f"{first}, {second} or {third}"
    asked = rng.choice(ASKS).format(o=listed)
    good = choice.goods[choice.chosen]
    return Row("choose", talk(asked[0].upper() + asked[1:]), f"You should take the {good}.", expected=good)


def draw(rng: random.Random, split: Split) -> Planted:
    """One rule of choice."""
    rule = draw_rule(rng, split)
    allowed = (rule.value,)
    choose = known_words(lambda drawn: _chosen(drawn, rule), allowed)
    decide, plain = known_words(lettered, allowed), known_words(ordinary, allowed)

    def ask(drawn: random.Random) -> Asked:
        row = choose(drawn)
        return Asked("fires", row.conversation, contains=(f"the {row.expected}",))

    def rest(drawn: random.Random) -> Asked:
        row = decide(drawn)
        return Asked("rests", row.conversation, contains=(row.expected,))

    portions = (Portion(0.55, choose), Portion(0.20, decide), Portion(0.25, plain))
    truth = rule.truth()
    arms = (Arm("fires", ask, FIRES_LOW), Arm("rests", rest, RESTS_LOW))
    return Planted(FAMILY, (truth,), truth.sentence, portions, arms)
