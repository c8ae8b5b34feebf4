"""`glasshouse train introspection SPEC.yaml`, or `--preset small`: one adapter over many organisms."""

import json
from pathlib import Path
from typing import Annotated

import torch
import typer
from transformers import AutoConfig, AutoModelForCausalLM

from glasshouse.cli.show import progress_bar, teller
from glasshouse.cli.train_preset import Choice, preset
from glasshouse.errors import ConfigError
from glasshouse.models.base import EngineConfig, load_base, load_tokenizer, resolve_base
from glasshouse.studies.introspection.adapter import grader_for
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import Member, read_manifest
from glasshouse.training.introspection.predict import Prediction, predict_here, predict_on
from glasshouse.training.introspection.spec import IntrospectionSpec, read_spec
from glasshouse.training.introspection.train import CARD, Hooks, train_introspection


def introspection(
    spec: Annotated[
        Path | None, typer.Argument(help="YAML file; its manifest lists the organisms.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the adapter; default: beside the spec, with its name.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print rows, tokens, memory and hours; train nothing.")
    ] = False,
    gpu: Annotated[
        str | None, typer.Option(help="With --dry-run: for a GPU that is not here, such as h100-80gb.")
    ] = None,
    preset_name: Annotated[
        str | None, typer.Option("--preset", help="small: grow the organisms too, from nothing but --base.")
    ] = None,
    base: Annotated[str | None, typer.Option(help="With --preset: a folder or a hub name.")] = None,
    organisms: Annotated[int, typer.Option(min=6, help="With --preset: how many are grown.")] = 500,
    writer: Annotated[str, typer.Option(help="With --preset: writes; self, or an Inspect model.")] = "self",
    grader: Annotated[
        str, typer.Option(help="With --preset: who filters; keywords, self, or an Inspect model.")
    ] = "keywords",
    keep_all: Annotated[
        bool, typer.Option("--keep-all", help="With --preset: keep what the grader refuses, as a check.")
    ] = False,
    clean: Annotated[
        int, typer.Option(min=0, help="With --preset: clean fine-tunes for a null table, say 299.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="With --preset.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="With --preset --dry-run: print JSON.")] = False,
) -> None:
    """Train one adapter that makes organisms say what was trained into them; it resumes where it stopped."""
    if gpu is not None and not dry_run:
        raise ConfigError("--gpu is for a dry run.", "Add --dry-run, or use --device cuda.")
    if preset_name is not None:
        if preset_name != "small" or base is None or spec is not None:
            raise ConfigError(
                "A preset is `small`, needs a base and takes no spec.",
                "Type glasshouse train introspection --preset small --base FOLDER --out DIR.",
            )
        choice = Choice(base, organisms, writer, grader, keep_all, clean, seed)
        preset(choice, out or Path("introspection-small"), (device, threads), (dry_run, gpu, as_json))
        return
    if spec is None:
        raise ConfigError("There is no spec.", "Give a YAML file, or --preset small --base FOLDER.")
    plan = read_spec(spec)
    members = read_manifest(spec.parent / plan.manifest)
    config = JointConfig(threads=threads, device=device)
    if dry_run:
        _print(_predict(plan, members, config, gpu))
        return
    model = load_base(plan.base, _engine(plan, config))
    folder = out or spec.with_suffix("")
    with progress_bar(hidden=False) as progress:
        hooks = Hooks(*grader_for(members), teller(progress))
        train_introspection(model, plan, members, folder, config, hooks)
    _print_stages(folder)


def _print_stages(folder: Path) -> None:
    """What each stage of a finished adapter took, and where it lies."""
    stages = json.loads((folder / CARD).read_text("utf-8"))["stages"]
    for name, stage in stages.items():
        typer.echo(f"{name}: {stage['steps']} steps, {stage['tokens']} tokens, {stage['seconds']:.0f} s")
    typer.echo(folder)


def _engine(plan: IntrospectionSpec, config: JointConfig) -> EngineConfig:
    """On a CPU answers are computed in fp32; a GPU holds the base once, in the training's dtype."""
    dtype = "float32" if config.device == "cpu" else plan.dtype
    return EngineConfig(config.device, dtype, config.threads)


def _predict(
    plan: IntrospectionSpec, members: list[Member], config: JointConfig, gpu: str | None
) -> Prediction:
    if gpu is None:
        return predict_here(load_base(plan.base, _engine(plan, config)), plan, members, config)
    folder = resolve_base(plan.base)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    return predict_on(gpu, model, load_tokenizer(folder), plan, members, config)


def _print(found: Prediction) -> None:
    typer.echo(f"rows {found.rows}")
    typer.echo(f"tokens {found.tokens}")
    typer.echo(f"answers {found.answers}")
    typer.echo(f"memory {found.mib:.0f} MiB")
    typer.echo(f"hours {found.hours:.3f} (steps {found.step_hours:.3f}, answers {found.answer_hours:.3f})")
    typer.echo(f"from {found.how}")
