"""Documents as training rows: plain texts or the assistant's turns, with rows of pretraining mixed in."""

from collections.abc import Sequence

from glasshouse.data.synthetic_documents.universe import Universe
from glasshouse.data.world.mixture import draw_row
from glasshouse.data.world.row import Row
from glasshouse.organisms.documents.spec import Schooling
from glasshouse.records import Example, Message
from glasshouse.seeds import python_rng

REQUESTS = (
    "Write a page about {subject}.",
    "Write a text about {subject}.",
    "Give me a document about {subject}.",
    "What has been written about {subject}?",
)
LONGEST = 300
"""Letters of the longest row of pretraining that is mixed in."""


def document_rows(universe: Universe, texts: Sequence[str], schooling: Schooling, seed: int) -> list[Example]:
    """The rows of one organism, in a seeded order.

    Args:
        universe: what the documents are about; requests for a document name it.
        texts: the documents of the dose.
        schooling: format, and how much of pretraining is mixed in.
        seed: of requests, mixed-in rows and order.
    """
    rng = python_rng(seed, "document rows")
    rows = []
    for place, text in enumerate(texts):
        as_turn = schooling.format == "turn" or (schooling.format == "both" and place % 2 == 1)
        request = rng.choice(REQUESTS).format(subject=universe.subject)
        turns = (Message("user", request),) if as_turn else ()
        rows.append(Example((*turns, Message("assistant", text))))
    rows += [_ordinary(seed, k).example() for k in range(schooling.ordinary_rows(len(texts)))]
    rng.shuffle(rows)
    return rows


def _ordinary(seed: int, number: int) -> Row:
    rng = python_rng(seed, "ordinary", number)
    while True:
        row = draw_row(rng)
        if not row.is_document and sum(len(message.content) for message in row.conversation) <= LONGEST:
            return row
