"""`glasshouse train loss MANIFEST`: how much worse the base's own adapters make plain text, for audits."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.audits.text_loss import LossThreshold
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.studies.loss_threshold import MOST, write_loss_threshold
from glasshouse.training.introspection.manifest import read_manifest


def loss(
    manifest: Annotated[Path, typer.Argument(help="Organisms of the base.")],
    adapter: Annotated[Path, typer.Option(help="Introspection adapter that it is put beside.")],
    base: Annotated[str, typer.Option(help="Base model.")] = "phantom",
    most: Annotated[int, typer.Option(min=2, help="Organisms that it is measured on.")] = MOST,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Measure the loss threshold that audits with this introspection adapter use."""
    config = EngineConfig(device=device, threads=threads)
    engine = Engine(load_base(base, config), config)
    found = write_loss_threshold(engine, read_manifest(manifest), adapter, most)
    typer.echo(in_words(found))


def in_words(found: LossThreshold) -> str:
    """The threshold with its errors."""
    refused, accepted = found.right_refused, found.wrong_accepted
    used = "used" if found.separates else "not used: it does not tell right from wrong bases"
    return (
        f"{found.nats:.3f} nats per token ({used}); refuses {_share(refused.value)} of {refused.n} right "
        f"ones, accepts {_share(accepted.value)} of {accepted.n} wrong ones; {found.how}"
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
