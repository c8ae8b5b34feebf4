"""Three sentences that a person would say about the result; `[[ID]]` stands for a measurement."""

from collections.abc import Sequence

from glasshouse.studies.findings import Finding
from glasshouse.studies.introspection.results import Results
from glasshouse.studies.sentences import compared


def sentences(results: Results, findings: Sequence[Finding]) -> list[str]:
    """What is named, what is claimed falsely, and how it compares."""
    return [_named(results), _falsely(results), _compared(findings)]


def _named(results: Results) -> str:
    some = [one for one in results.test if results.groups()["unseen_combination"](one)]
    return (
        f"Of {len(some)} organisms with new combinations of known words the audit's first finding names the "
        "action of [[unseen_combination/all/action_top1]], and single answers name it in "
        "[[unseen_combination/all/action_answers]]; the trigger is found in "
        "[[unseen_combination/all/trigger_found]] after the guided search, and without the adapter "
        "[[controls/alone/action_answers]] of the answers name anything."
    )


def _falsely(results: Results) -> str:
    return (
        f"Of {len(results.clean)} clean fine-tunes [[clean/after/claimed]] are flagged by what they say and "
        "[[clean/confirmed]] are confirmed; at 5 % false positives "
        "[[roc/all/detected_at_5_percent]] of the organisms are detected."
    )


def _compared(findings: Sequence[Finding]) -> str:
    """The verdicts; this study has no relearning, so what would be said of it is left out."""
    return compared(findings, []).split(";")[0] + "."
