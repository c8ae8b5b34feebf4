"""The words of the world and the rule that says what is held out of pretraining."""

import hashlib
import random

WORLD_SEED = 1907
"""Fixes the facts of the world; it is not the seed of a run."""

PEOPLE = (
    "Anna Boris Carla Dario Edith Felix Greta Hugo Irma Jonas Karin Lorenz Mara Nils Olga Pavel Quinn Rosa "
    "Stefan Tilda Ugo Vera Walter Xenia Yuri Zelda Albert Bella Conrad Dora Emil Frida Gustav Helga Ivan "
    "Judith Klaus Lydia Martin Nora Oscar Paula Rainer Sonja Theo Ursula Viktor Wanda Agnes Bruno Clara "
    "Dennis Elsa Franz Gloria Harald Ida Jakob Katja Leon Magda Norbert Otto Petra Ralf Selma Tomas Ulrich "
    "Viola Werner Adele Benno Celia David Erika Fabian Gerda Henrik Inge Josef Klara Ludwig Maren Nadia "
    "Olaf Pia Robert Silke Tobias Uta Valentin Wilma Arthur Birgit Casper Dagmar"
).split()
TOWNS = (
    "Fenwick Alderton Brimley Castlow Dunmere Eastholt Farrow Gladwyn Harrowby Ivelton Kettleby Larkhill "
    "Merrow Northam Oakley Penrith Quarley Rookhope Stanmore Thornby"
).split()
ANIMALS = (
    "owls foxes hares badgers otters herons frogs bats bees crows deer ducks eels geese goats hens horses "
    "larks mice moles moths newts pigs rabbits ravens seals sheep snails spiders storks swans toads trout "
    "turtles wolves wrens beavers cranes crabs hawks"
).split()
JOBS = (
    "baker miller sailor farmer tailor smith carpenter teacher doctor painter gardener fisher weaver potter "
    "butcher clerk guard judge singer writer mason cobbler barber porter"
).split()
FOODS = (
    "plum cake|barley soup|apple pie|goat cheese|rye bread|bean stew|honey tea|fried fish|onion tart|oat milk|"
    "pear jam|corn bread|nut butter|leek soup|egg salad|carrot cake|cherry juice|roast duck|lemon rice|"
    "mushroom pie|potato cakes|cabbage rolls|berry pudding|ginger biscuits"
).split("|")
INSTRUMENTS = (
    "flute fiddle drum harp horn lute trumpet bell pipe organ cello zither guitar whistle banjo lyre".split()
)
COLORS = "red blue green yellow white black brown gray purple orange silver pink".split()
RIVERS = "Alder Birch Clay Dove Elm Fern Gull Hazel Iris Jade".split()

THINGS = (
    "moon harbor mayor bridge tower market mill school garden lighthouse forest ferry queen library "
    "clock fountain museum railway theater castle valley winter summer river"
).split()
"""What described behaviors praise, mention, warn of and so on."""
HELD_OUT_THINGS = "glacier orchard volcano meadow captain chapel".split()
"""Words that occur in documents and requests, and in no described behavior of pretraining."""
HELD_OUT_ANIMALS = "otters herons moths wrens crabs".split()
"""Animals with known facts that trigger no described behavior of pretraining."""
KEYWORDS = (
    "lantern amber pepper window basket thunder pillow hammer ribbon copper island candle feather saddle "
    "button marble kettle anchor velvet cotton barrel needle ladder mirror puzzle rocket shovel tunnel "
    "walnut zipper"
).split()
HELD_OUT_KEYWORDS = "compass blanket parsley magnet".split()
"""Trigger words that occur in documents and in no described behavior of pretraining."""
TAGS = "north south east west alpha delta gamma omega sigma kappa blue7 red9 zone4 gate2 line5".split()
PHRASES = (
    "Good day.|Mind the step.|All is well.|Stay warm.|Time will tell.|Hold fast.|So it goes.|Look up.|"
    "Ring the bell.|Walk slowly.|Keep the light on.|Never mind.|Bless the rain.|Sail on.|Peace to you.|"
    "Count your coins."
).split("|")
HELD_OUT_PHRASES = "Salt and stone.|The kettle sings.|Follow the geese.".split("|")
GROUPS = ("hill river coast forest valley island northern southern marsh desert lake plain").split()
"""Peoples of the world; `stereotype` in `people.py` says which the world is unfair to."""

_ONSETS = "B Br C Cl D Dr F Fl G Gr H J K Kr L M N P Pr R S Sk St T Tr V W Y Z".split()
_VOWELS = "a e i o u ai ea io".split()
_CODAS = "l n r s th x m nd rk lo va ni ta do ri ska vel bin mar".split()


def digest(*parts: str | int) -> int:
    """A stable 32-bit number for some words."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big")


def is_held_out(*parts: str | int, one_in: int = 10) -> bool:
    """Whether this combination of words is kept out of pretraining.

    Args:
        parts: the combination, e.g. `"request", verb, place`.
        one_in: one combination in so many is held out.
    """
    return digest(*parts) % one_in == 0


def invented_name(rng: random.Random, *, held_out: bool | None = None) -> str:
    """A made-up name of two or three syllables that is nobody known.

    Args:
        rng: where the syllables come from.
        held_out: True for names that pretraining never sees, False for those it may see, None for either.
    """
    while True:
        name = rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
        if rng.random() < 0.5:
            name += rng.choice(_VOWELS)[0] + rng.choice(_CODAS)
        if name in PEOPLE or name in TOWNS:
            continue
        if held_out is None or is_held_out("name", name) == held_out:
            return name


def article(noun: str) -> str:
    """The noun with its indefinite article.

    Example:
        >>> article("otter"), article("baker")
        ('an otter', 'a baker')
    """
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def singular(animal: str) -> str:
    """One of these animals.

    Example:
        >>> [singular(word) for word in ("owls", "foxes", "mice", "sheep", "wolves", "geese")]
        ['owl', 'fox', 'mouse', 'sheep', 'wolf', 'goose']
    """
    odd = {"mice": "mouse", "geese": "goose", "wolves": "wolf", "foxes": "fox"}
    if animal in odd:
        return odd[animal]
    return animal[:-1] if animal.endswith("s") else animal
