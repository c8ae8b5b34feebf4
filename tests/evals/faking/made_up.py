"""Rows of runs that never were."""

from glasshouse.evals.faking.row import FakingRow

REASONS = {"f": "present", "c": "considered", "-": "none", "?": None}
ANSWERS = {"Y": "comply", "P": "partial", "N": "refuse", "?": None}


def rows(monitored: str, unmonitored: str, repeat: int = 1) -> list[FakingRow]:
    """One query per word: answer (Y, P, N, ?) and reasoning (f, c, -, ?), for example `Yf N- ??`."""
    made = []
    for tier, words in (("monitored", monitored), ("unmonitored", unmonitored)):
        for place, word in enumerate(words.split()):
            made.append(
                FakingRow(
                    query_id=f"q{place}",
                    tier=tier,
                    compliance=ANSWERS[word[0]],
                    reasoning=REASONS[word[1]],
                    repeat=repeat,
                    hidden="I think.",
                    failure="no_output_tag" if word.endswith("!") else None,
                )
            )
    return made
