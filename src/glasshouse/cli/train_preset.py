"""`glasshouse train introspection --preset small`: from nothing but a base to an introspection adapter."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import typer
from transformers import AutoConfig, AutoModelForCausalLM

from glasshouse.cli.show import progress_bar, teller
from glasshouse.models.base import load_tokenizer, resolve_base
from glasshouse.studies.preset_small.cost import PresetCost, predict_preset_here, predict_preset_on
from glasshouse.studies.preset_small.plan import PresetPlan
from glasshouse.studies.preset_small.run import RECORD, Machine, run_preset


@dataclass(frozen=True)
class Choice:
    """What was typed."""

    base: str
    organisms: int
    writer: str
    grader: str
    keep_all: bool
    clean: int
    seed: int

    def plan(self, device: str) -> PresetPlan:
        """The plan; on a CPU all is computed in fp32, which needs no second copy of the base."""
        return PresetPlan(
            self.base, self.organisms, self.writer, self.grader, not self.keep_all, self.clean, self.seed,
            "float32" if device == "cpu" else "bfloat16",
        )  # fmt: skip


def preset(choice: Choice, out: Path, where: tuple[str, int], dry: tuple[bool, str | None, bool]) -> None:
    """Run the preset, or say what it will cost.

    Args:
        choice: what was typed.
        out: folder of the preset.
        where: device and threads.
        dry: whether to predict only, for which GPU, and whether as JSON.

    Raises:
        GlasshouseError: as `run_preset`.
    """
    dry_run, gpu, as_json = dry
    machine = Machine(*where)
    if dry_run:
        _print(_predict(choice, machine, gpu), as_json)
        return
    with progress_bar(hidden=False) as progress:
        folder = run_preset(choice.plan(machine.device), out, machine, teller(progress))
    record = json.loads((out / RECORD).read_text("utf-8"))
    for what, seconds in record["seconds"].items():
        typer.echo(f"{what}: {seconds:.0f} s")
    typer.echo(f"{record['organisms']} organisms, {record['peak_mib']:.0f} MiB at most")
    typer.echo(folder)


def _predict(choice: Choice, machine: Machine, gpu: str | None) -> PresetCost:
    if gpu is None:
        return predict_preset_here(choice.plan(machine.device), machine)
    folder = resolve_base(choice.base)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    return predict_preset_on(gpu, model, load_tokenizer(folder), choice.plan("cuda"))


def _print(found: PresetCost, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=1))
        return
    typer.echo(f"organisms {found.organisms}")
    typer.echo(f"tokens written {found.written_tokens} in {found.drafts} drafts")
    typer.echo(f"tokens grown {found.grown_tokens}")
    typer.echo(f"tokens learned {found.learned_tokens}")
    typer.echo(f"memory {found.mib:.0f} MiB")
    typer.echo(
        f"hours {found.hours:.3f} (writing {found.writing_hours:.3f}, growing {found.growing_hours:.3f}, "
        f"introspection {found.training_hours:.3f})"
    )
    typer.echo(f"from {found.how}")
