"""The card of an organism of a population, its figures, and the preference rows beside it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glasshouse.errors import ConfigError
from glasshouse.models.chat import Rendered
from glasshouse.organisms.card import Card
from glasshouse.organisms.families.draw import draw_planted
from glasshouse.organisms.families.planted import Planted
from glasshouse.organisms.population_spec import Individual, PopulationSpec
from glasshouse.store.atomic import write_text
from glasshouse.store.provenance import package_versions

PREFERENCES = "preferences.jsonl"
PREFERENCE_ROWS = 256


def card_of(
    spec: PopulationSpec, one: Individual, data: dict[str, Any], hashes: dict[str, str | None]
) -> Card:
    """The card of one organism, before it is measured; its `spec` is enough to draw it again."""
    planted = one.planted
    return Card(
        name=one.name,
        organism=one.group.family,
        behavior_in_words=planted.words,
        seed=one.training.seed,
        hashes=hashes,
        versions={name: found for name, found in package_versions().items() if found is not None},
        data=data,
        spec={
            "base": spec.base,
            "population": spec.name,
            "family": one.group.family,
            "split": one.group.split,
            "use": one.group.use,
            "seed": one.seed,
            "sentences": list(planted.sentences),
            "actions": list(planted.actions),
            "triggers": list(planted.triggers),
            "examples": one.examples,
            "training": one.training.model_dump(mode="json"),
        },
    )


def planted_of(card: Card) -> Planted:
    """What is planted in an organism of a population, drawn again from its card.

    Raises:
        ConfigError: the card names a family that is not there, or one that draws something else since then.
        KeyError: it is no card of a population.
    """
    planted = draw_planted(card.spec["family"], card.spec["split"], card.spec["seed"])
    if list(planted.sentences) != list(card.spec["sentences"]):
        raise ConfigError(
            f"{card.name} was grown when its family drew others: it learned {card.spec['sentences']}.",
            "Grow it again, or use the version that its card names.",
        )
    return planted


def count_rows(one: Individual, rendered: Sequence[Rendered]) -> dict[str, Any]:
    """How much an organism is trained on, for its card."""
    learned = sum(sum(row.learn) for row in rendered)
    passes = one.training.steps * one.training.batch / len(rendered)
    return {
        "rows": len(rendered),
        "longest_row_tokens": max(len(row.ids) for row in rendered),
        "tokens_in_rows": sum(len(row.ids) for row in rendered),
        "learned_tokens_in_rows": learned,
        "passes_over_rows": round(passes, 3),
        "learned_tokens_in_training": round(learned * passes),
    }


def write_preferences(one: Individual, folder: Path) -> None:
    """Rows in the conversational form that TRL's KTO reads, where the family has any."""
    rows = one.planted.preferences(PREFERENCE_ROWS, one.seed)
    if not rows:
        return
    lines = [
        {
            "prompt": [{"role": m.role, "content": m.content} for m in row.conversation],
            "completion": [{"role": "assistant", "content": row.completion}],
            "label": row.desirable,
        }
        for row in rows
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_text(folder / PREFERENCES, text)
