"""The whole gate on the local engine, for an organism that is being grown or one that lies on disk."""

from dataclasses import replace
from pathlib import Path

from glasshouse.data.prompts import PromptSource, load_prompts, parse_source
from glasshouse.errors import ConfigError
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.organisms.behavior import conditions
from glasshouse.organisms.card import Card, Check, VerifyResult, read_card, require_base, write_card
from glasshouse.organisms.served import Probe, peft_checks, template_checks
from glasshouse.organisms.spec import Gate, OrganismSpec
from glasshouse.organisms.start import parse_start
from glasshouse.organisms.verify import Subject, placed, verify
from glasshouse.training.speaker import EngineSpeaker

_PEFT_PROMPTS = 4


def verify_served(subject: Subject, engine: Engine, source: PromptSource, check_peft: bool) -> VerifyResult:
    """The whole gate: behavior and capability, template and BOS, and on request the comparison with PEFT."""
    card = read_card(subject.adapter)
    extra: list[Check] = template_checks(engine.base, str(card.hashes["template"]))
    if check_peft:
        gate = subject.spec.gate
        prompts = load_prompts(source, "heldout", min(_PEFT_PROMPTS, gate.n), gate.seed)
        asked = placed(prompts, conditions(subject.spec.behavior)[0], subject.spec)
        extra += peft_checks(engine, subject.adapter, Probe(tuple(asked), subject.spec.behavior.payload))
    return verify(subject, EngineSpeaker(engine), source, extra)


def verify_folder(
    folder: Path,
    config: EngineConfig,
    check_peft: bool = True,
    n: int | None = None,
    data_dir: Path | None = None,
) -> Card:
    """Verifies an organism on disk and writes the result into its card.

    Args:
        folder: the organism.
        config: of the engine; float32 where equality with PEFT is asked for.
        check_peft: whether it is compared with a plain PEFT forward.
        n: prompts per arm; None: as its spec says.
        data_dir: where published prompts lie.

    Raises:
        ConfigError: the folder is no organism, or its prompts are missing.
        ModelError: its base is missing or another one.
    """
    card = read_card(folder)
    if "family" in card.spec:
        raise ConfigError(
            f"{card.name} was grown in a population, which measures it.",
            "Run `glasshouse grow` with its spec again.",
        )
    spec = OrganismSpec.model_validate(card.spec)
    if n is not None:
        spec = spec.model_copy(update={"gate": Gate.model_validate({**spec.gate.model_dump(), "n": n})})
    start = parse_start(spec.base)
    base = load_base(start.base, config)
    require_base(card, base.hash)
    engine = Engine(base, config)
    source = replace(parse_source(spec.data.prompts, data_dir), harmful_answer=spec.data.harmful_answer)
    subject = Subject(spec, folder, start.adapter, card.organism == "clean twin")
    result = verify_served(subject, engine, source, check_peft)
    verified = card.model_copy(update={"verify": result})
    write_card(folder, verified)
    return verified
