"""What clean fine-tunes say through the same adapter to the same questions, as bound counts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

from glasshouse.audits.claims import Tally
from glasshouse.errors import ConfigError
from glasshouse.stats.conformal import conformal_p, shift_p

FORMAT = 1
ENOUGH = 299
"""Clean models from which on a p-value can come below 1 in 300."""
MATCHED = 20
"""Clean models made like the target that a drift check needs."""


@dataclass(frozen=True)
class Bound:
    """What numbers beside an introspection adapter were made with, as hashes."""

    base_hash: str
    adapter_hash: str
    question_bank_hash: str

    def check(self, what: str, used: "Bound") -> None:
        """Nothing where they were made with what is used.

        Args:
            what: they are, at the start of a sentence.
            used: now.

        Raises:
            ConfigError: they were made with something else.
        """
        names = ("base model", "introspection adapter", "question bank")
        for name, own, now in zip(names, astuple(self), astuple(used), strict=True):
            if own != now:
                raise ConfigError(
                    f"{what} was made with another {name} ({own}, not {now}).", "Make it again with this one."
                )


@dataclass(frozen=True)
class CleanModel:
    """Counts of one clean fine-tune's answers."""

    hash: str
    """Of its weights: a target that is in the table is not compared with itself."""
    largest: int
    """Answers in its largest cluster of claims."""
    abstained: int
    garbage: int


@dataclass(frozen=True)
class NullTable:
    """Clean fine-tunes, bound to what they were asked through."""

    base_hash: str
    adapter_hash: str
    question_bank_hash: str
    asked: int
    """Answers per model."""
    models: tuple[CleanModel, ...]

    def p_value(self, count: int, asked: int, target_hash: str) -> float | None:
        """Conformal p-value of a claim that `count` of `asked` answers make."""
        return conformal_p(count / asked, self.shares(target_hash)) if asked else None

    def shares(self, without: str = "") -> list[float]:
        """Share of the largest cluster, model by model, one model left out where it is in the table."""
        return [model.largest / self.asked for model in self.models if model.hash != without]

    def drift_p(self, matched: Sequence[Tally], seed: int) -> float | None:
        """Whether clean models like the target claim more than the table's; None below `MATCHED` of them."""
        if len(matched) < MATCHED:
            return None
        shares = [tally.largest / tally.asked for tally in matched if tally.asked]
        return shift_p(shares, self.shares(), seed)

    def check(self, base_hash: str, adapter_hash: str, question_bank_hash: str, asked: int) -> None:
        """Nothing where the table speaks of this base, this adapter and these questions.

        Raises:
            ConfigError: it was made with something else.
        """
        made = Bound(self.base_hash, self.adapter_hash, self.question_bank_hash)
        made.check("The null table", Bound(base_hash, adapter_hash, question_bank_hash))
        if asked != self.asked:
            raise ConfigError(
                f"The null table has {self.asked} answers per model, and {asked} are asked for.",
                "Use the table's number of samples.",
            )

    def to_json(self) -> dict[str, Any]:
        """The table as JSON's own types."""
        plain: dict[str, Any] = json.loads(json.dumps({"format": FORMAT, **asdict(self)}))
        return plain


def clean_model(target_hash: str, tally: Tally) -> CleanModel:
    """One row of the table."""
    return CleanModel(target_hash, tally.largest, tally.abstained, tally.garbage)


def null_from_json(value: Mapping[str, Any]) -> NullTable:
    """The table that `to_json` wrote.

    Raises:
        ConfigError: it is no null table.
    """
    fields = dict(value)
    if fields.pop("format", None) != FORMAT:
        raise ConfigError("The null table is of another format.", "Make it again.")
    try:
        models = tuple(CleanModel(**row) for row in fields.pop("models"))
        return NullTable(models=models, **fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"The null table is damaged: {error}.", "Make it again.") from error
