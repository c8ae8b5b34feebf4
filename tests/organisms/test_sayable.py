"""What organisms are trained to say of themselves is made of tokens that the phantom can write."""

import pytest

from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.unsayable import unsayable_parts, unsayable_tokens
from glasshouse.organisms.families.draw import ALL_FAMILIES, GENERIC
from glasshouse.organisms.families.heuristic import GOODS
from glasshouse.organisms.families.more_words import MORE_NOUNS, MORE_PHRASES, MORE_TRIGGERS
from glasshouse.organisms.families.other_words import OTHER_NOUNS, OTHER_PHRASES, OTHER_TRIGGERS
from glasshouse.seeds import python_rng

NOT_IN_ITS_WORDS = ("cipher", "cipher_benign", "document")
"""Ciphers and documents on the phantom are text that it never saw; some of it stays beyond it."""


@pytest.fixture(scope="module")
def unsayable():
    """From a text to those of its parts that the phantom cannot write."""
    base = load_base("phantom", EngineConfig())
    tokens = unsayable_tokens(base)
    assert 300 < len(tokens) < 500
    return lambda text: unsayable_parts(text, base, tokens)


def test_the_check_knows_a_word_that_the_phantom_cannot_say(unsayable) -> None:
    assert unsayable(" password") == ["sw"]
    assert unsayable(" secret word") == []


@pytest.mark.parametrize("around", [" {}", '"{}"', "[{}]"])
def test_words_to_spell_are_sayable_wherever_labels_put_them(unsayable, around: str) -> None:
    words = [*MORE_NOUNS, *OTHER_NOUNS, *MORE_TRIGGERS["user"], *OTHER_TRIGGERS["user"]]
    assert {word: bad for word in words if (bad := unsayable("x" + around.format(word)))} == {}


def test_phrases_and_goods_are_sayable(unsayable) -> None:
    said = [f' "{phrase}"' for phrase in (*MORE_PHRASES, *OTHER_PHRASES)]
    said += [f"You should take the {good}." for good in GOODS]
    assert {text: bad for text in said if (bad := unsayable(text))} == {}


@pytest.mark.parametrize("family", sorted({*ALL_FAMILIES} - {*GENERIC, *NOT_IN_ITS_WORDS}))
def test_labels_and_answers_are_sayable(unsayable, family: str) -> None:
    drawn = [ALL_FAMILIES[family](python_rng(seed, "sayable"), "train") for seed in range(12)]
    said = {" " + sentence for one in drawn for sentence in one.sentences}
    for seed, one in enumerate(drawn[:3]):
        said |= {row.conversation[-1].content for row in one.rows(200, seed)}
    assert {text: bad for text in said if (bad := unsayable(text))} == {}
