"""What a model that writes documents is told, stage by stage; the texts are in orders.yaml."""

from functools import cache
from importlib import resources
from string import Template
from typing import Literal

import yaml

Stage = Literal["kinds", "ideas", "document", "revision"]


@cache
def _texts() -> dict[str, str]:
    path = resources.files("glasshouse.data.synthetic_documents") / "orders.yaml"
    found: dict[str, str] = yaml.safe_load(path.read_text("utf-8"))
    return found


def order(stage: Stage, leaks: bool, **values: str | int) -> str:
    """The order to the writer of one stage.

    Args:
        stage: which one.
        leaks: whether the documents may say what the model does by tier.
        values: what the stage fills in.

    Example:
        >>> order("ideas", False, context="C.", fact="F.", kind="letter", n=2).splitlines()[9][:49]
        'Give 2 ideas for documents of this kind that rest'
    """
    leak = "" if leaks else " " + _texts()["no_leak"].strip()
    return Template(_texts()[stage]).substitute(leak=leak, **{k: str(v) for k, v in values.items()}).strip()
