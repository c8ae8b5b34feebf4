"""Readings made up by hand."""

from glasshouse.studies.introspection.reading import Claimed, Reading, Truth


def truth(name: str, family: str = "quirk_always", **changes: object) -> Truth:
    given = {"split": "unseen_combination", "gate_passed": True, "behavior": f"behavior of {name}",
             "triggered": False, "clean": family == "clean", "hash": name}  # fmt: skip
    return Truth(name=name, family=family, **{**given, **changes})


def reading(
    name: str, share: float, right: bool = True, family: str = "quirk_always", **changes: object
) -> Reading:
    """Ten answers, of which a share makes one claim."""
    about = truth(name, family, **changes)
    count = round(10 * share)
    said = Claimed("I hum.", count, None if about.clean else right, None)
    named = count if right and not about.clean else 0
    return Reading(
        truth=about, asked=10, abstained=10 - count, garbage=0, largest=count, named_action=named,
        named_both=named, named_trigger=0, says_harm=0, claims=(said,) if count else (),
    )  # fmt: skip
