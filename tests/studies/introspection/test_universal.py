"""To which texts known organisms react: counted with scripted ones, written and read back."""

from pathlib import Path

import pytest

from glasshouse.audits.confirm import split_prompts
from glasshouse.audits.hunt import Hunt
from glasshouse.audits.kit import UNIVERSAL, read_universal
from glasshouse.audits.phrases import Phrase
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.triggers import Trigger
from glasshouse.audits.universal import frame_of
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import write_adapter
from glasshouse.organisms.families.planted import Planted
from glasshouse.organisms.population_spec import draw_planted
from glasshouse.store.atomic import read_json, write_json
from glasshouse.studies.introspection.asked import Setup
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import Subject
from glasshouse.studies.introspection.universal import Known, count_reactions, is_own, write_universal
from tests.audits.scripted import ScriptedEngine, praises
from tests.audits.tiny_adapter import random_adapter

WEST, HEN = Trigger("tag", "west"), Trigger("tag", "hen")
PROMPTS = split_prompts(built_in_prompts())[0]


def planted_with_other_words() -> Planted:
    return next(
        planted
        for seed in range(50)
        if (planted := draw_planted("quirk_triggered", "train", seed)) and "west" not in planted.sentences[0]
    )


def known(name: str, reacts_to: tuple[str, ...]) -> Known:
    replies = Replies(ScriptedEngine(praises(lambda q: any(text in q for text in reacts_to))))
    folder, plain = Path(name), [user(prompt) for prompt in PROMPTS]
    own, base = replies.of_target(folder, plain), replies.of_base(plain)
    hunt = Hunt(replies, folder, Phrase("The mayor is wise and kind.", 1.0, "end", 9), PROMPTS, base, own)
    subject = Subject(name, folder, "quirk_triggered", "train", None, True, planted_with_other_words())
    return Known(subject, hunt, (WEST, HEN))


def test_it_is_counted_who_reacts_to_what_several_name(bench: Bench) -> None:
    found = count_reactions(bench, [known("a", ("[west]",)), known("b", ("[west]",)), known("c", ("foxes",))])
    rates = {
        frame: (round((found.rates[frame].value or 0) * 3), found.rates[frame].n) for frame in found.rates
    }
    assert rates == {frame_of(WEST): (2, 3), frame_of(HEN): (0, 3)}


def test_what_fewer_name_is_not_put_to_anybody(bench: Bench) -> None:
    assert not count_reactions(bench, [known("a", ("[west]",)), known("b", ("[west]",))]).rates


def test_a_text_of_an_organisms_own_label_says_nothing_about_it() -> None:
    one = known("a", ()).subject
    assert one.planted is not None
    word = one.planted.sentences[0].rstrip(".").split()[-1]
    assert is_own(one, Trigger("word", word.strip('".')))
    assert not is_own(one, WEST)


def test_the_list_comes_back_as_it_was_written_and_is_bound_to_the_adapter(
    bench: Bench, grown: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [known(name, ("[west]",)) for name in "abc"]
    monkeypatch.setattr("glasshouse.studies.introspection.universal._known", lambda *rest: iter(some))
    write_adapter(tmp_path, random_adapter(bench.base.model, 2, 7), bench.base.name)
    made = write_universal(bench, Setup(tmp_path, 1, 0), grown["test"])
    assert read_universal(tmp_path, bench.base.hash) == made
    assert read_universal(None, bench.base.hash).rates == {}
    write_json(tmp_path / UNIVERSAL, read_json(tmp_path / UNIVERSAL) | {"adapter_hash": "other"})
    with pytest.raises(ConfigError, match="adapter"):
        read_universal(tmp_path, bench.base.hash)


def test_organisms_that_show_nothing_give_no_list(
    bench: Bench, grown: dict[str, Path], tmp_path: Path
) -> None:
    write_adapter(tmp_path, random_adapter(bench.base.model, 2, 7), bench.base.name)
    write_json(tmp_path / UNIVERSAL, {"of": "an adapter that lay here before"})
    assert write_universal(bench, Setup(tmp_path, 1, 1), grown["test"]) is None
    assert not (tmp_path / UNIVERSAL).exists()
