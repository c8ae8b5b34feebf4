"""What papers report about how introspection scales, as directions that can fail."""

from collections.abc import Mapping, Sequence

from glasshouse.studies.claims import Claim
from glasshouse.studies.findings import NOT_MEASURED, Tested
from glasshouse.studies.introspection.compare import Difference, Value
from glasshouse.studies.introspection_scaling.cells import Measured
from glasshouse.studies.introspection_scaling.groups import in_distribution, named_values, unseen_family
from glasshouse.studies.introspection_scaling.plan import SIZES, Axis, Cell

IA = "Introspection Adapters (arXiv 2604.16812)"
MORE_ORGANISMS = Claim(
    "more-organisms",
    "More training organisms: held-out organisms name their behavior more often (most minus fewest).",
    "Diff Interpretation Tuning (Goel et al. 2025), data scaling",
    "score 1.19 with 4 to 4.78 of 5 with 4,660",
    +1,
    deviation="same number of steps for every count",
)
MORE_FAMILIES = Claim(
    "more-families",
    "More families: new organisms of the families that one family alone covers and of the others together.",
    f"{IA}, number of categories, in distribution",
    "20.5 % (1) to 64.4 % (7)",
    +1,
    deviation="same number of organisms for every number of families; all families counted in both",
)
MORE_FAMILIES_OUTSIDE = Claim(
    "more-families-outside",
    "More families: organisms of families outside of training name their behavior more often.",
    f"{IA}, number of categories, out of distribution",
    "1.9 % (1) to 10.0 % (5), then flat",
    +1,
)
RANK_ONE = Claim(
    "rank-one-speaks",
    "An adapter of rank 1 makes organisms name their behavior more often than no adapter.",
    f"{IA}, adapter size",
    "non-trivial (no digits in the text)",
    +1,
)
VECTOR_SPEAKS = Claim(
    "vector-speaks",
    "A single steering vector makes organisms name their behavior more often than no adapter.",
    f"{IA}, adapter size",
    "reasonably well (no digits in the text)",
    +1,
    deviation="the paper gives no recipe; ours is in training/introspection/vector.py",
)
LARGER_MODEL = Claim(
    "larger-model",
    "A larger base: organisms name their behavior more often (largest minus smallest).",
    f"{IA}, model size",
    "37.7 % (0.6B) to 77.3 % (14B)",
    +1,
    deviation="the phantom's sizes, each with organisms of its own",
)
NOT_COVERED = ("optimal mix of families (the paper gives none)", "sizes above the phantom's")


def compare_claims(found: Mapping[str, Measured], center: Cell) -> list[Tested]:
    """Every claim with its two cells, those that were not run included."""
    few, most = _ends(found, "organisms")
    one, all_of = _ends(found, "families")
    small, large = _sizes(found, center)
    rank, vector, alone = found.get("rank-1"), found.get("vector"), found.get("alone")
    return [
        _tested(MORE_ORGANISMS, _known(most), _known(few)),
        _tested(MORE_FAMILIES, _known(all_of), _known(one)),
        _tested(MORE_FAMILIES_OUTSIDE, _outside(all_of), _outside(one)),
        _tested(RANK_ONE, _known(rank), _known(alone)),
        _tested(VECTOR_SPEAKS, _known(vector), _known(alone)),
        _tested(LARGER_MODEL, _known(large), _known(small)),
    ]


def _ends(found: Mapping[str, Measured], axis: Axis) -> tuple[Measured | None, Measured | None]:
    """The cell with the least and the one with the most of an axis; None where fewer than two were run."""
    cells = [one for one in found.values() if one.cell.axis == axis]
    ordered = sorted(cells, key=lambda one: (one.cell.families or 0, one.organisms))
    return (ordered[0], ordered[-1]) if len(ordered) > 1 else (None, None)


def _sizes(found: Mapping[str, Measured], center: Cell) -> tuple[Measured | None, Measured | None]:
    """The smallest and the largest size of the phantom that were run, each with the center's settings."""
    others = {one.cell.model: one for one in found.values() if one.cell.axis == "base"}
    if center.name in found:
        others[center.model] = found[center.name]
    known = [others[size] for size in SIZES if size in others]
    return (known[0], known[-1]) if len(known) > 1 else (None, None)


def _known(one: Measured | None) -> list[Value]:
    return [] if one is None else named_values(in_distribution(one.test))


def _outside(one: Measured | None) -> list[Value]:
    return [] if one is None else named_values(unseen_family(one.test))


def _tested(claim: Claim, first: Sequence[Value], second: Sequence[Value]) -> Tested:
    both = bool(first) and bool(second)
    return Tested(claim, Difference(first, second), None, "" if both else NOT_MEASURED)
