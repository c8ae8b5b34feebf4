"""The local engine as an Inspect model: `glasshouse/BASE[:ADAPTER]`.

BASE is `phantom`, a transformers folder or a hub name; ADAPTER is a PEFT folder, such as an organism's.
All models of a process that name one base share it, and rows of one batch go through different adapters.

Differs from Inspect's own `hf/`: without a temperature it is greedy; the seed of a completion is derived from
(seed, sample id, repeat), so repeats differ and runs do not; one BOS at most.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache, partial
from typing import Any

from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log._samples import sample_active
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    Logprob,
    Logprobs,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    TopLogprob,
)
from inspect_ai.model._model_info import MODEL_INFO_LOOKUP_API_KEY
from inspect_ai.tool import ToolChoice, ToolInfo

from glasshouse.errors import ModelError
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.base import EngineConfig, check_config, measure_threads, split_name
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.models.hidden_states import HiddenStateFiles, read_layers
from glasshouse.models.worker import WORKERS, Answer, Order
from glasshouse.records import Message
from glasshouse.seeds import derive_seed

MAX_TOKENS = 256
"""Longest completion where neither task nor user says."""
UNSUPPORTED = ("top_k", "frequency_penalty", "presence_penalty", "logit_bias", "response_schema")
"""Settings that would change the completion and that the engine does not know."""


class UsageError(ModelError, PrerequisiteError):  # type: ignore[misc]
    """A model name or argument that cannot be used; `inspect eval` prints it as one sentence."""


class GlasshouseAPI(ModelAPI):
    """One base model with one adapter or none, as Inspect sees it.

    Model arguments (`-M`): `dtype`, `threads`, `batch_size`, `attention` and `device` as in `EngineConfig`,
    `thinking` (false): whether a model with native thinking may use it, and `hidden_states=LAYER,...`: write
    the states of these layers, at every token of prompt and completion, beside the log; the completion's
    metadata names the file.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 (Inspect's signature)
        **model_args: Any,
    ) -> None:
        super().__init__(model_name=model_name, base_url=base_url, api_key=api_key, config=config)
        self.base, self.adapter = split_name(model_name)
        if api_key == MODEL_INFO_LOOKUP_API_KEY:
            return  # Inspect only asks for the model's name; nothing is loaded for that
        self.thinking = bool(model_args.pop("thinking", False))
        layers = model_args.pop("hidden_states", None)
        try:
            self._files = None if layers is None else HiddenStateFiles(read_layers(layers))
            self.engine_config = engine_config(model_args)
            if self.adapter is not None:
                # Inspect's response cache keys on the name and on this, never on an adapter's contents.
                self.base_url = f"adapter:{adapter_hash(self.adapter)}"
            self._worker = WORKERS.get(self.base, self.engine_config)
        except ModelError as error:
            raise UsageError(str(error)) from error

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The completion of one conversation; its scratchpad, if any, is part of the text.

        Raises:
            ModelError: something was asked for that the engine cannot do.
        """
        _refuse(input, tools, config)
        sample = sample_active()
        name, repeat = (str(sample.sample.id), sample.epoch) if sample else ("", 0)
        orders = [(name, repeat, choice) for choice in range(config.num_choices or 1)]
        answers = await asyncio.gather(*(self._ask(input, config, order) for order in orders))
        output = to_output(self.model_name, answers)
        if self._files is not None:
            if sample is None:
                raise ModelError("Hidden states are written beside a log; there is none outside an eval.")
            output.metadata = (output.metadata or {}) | {
                "hidden_states": [
                    str(await asyncio.to_thread(self._files.write, sample.log_location, order, answer))
                    for order, answer in zip(orders, answers, strict=True)
                ]
            }
        return output

    async def _ask(self, input: list[ChatMessage], config: GenerateConfig, order: Order) -> Answer:
        return await self._worker.ask(order, partial(self._request, input, config, order))

    def _request(
        self, input: list[ChatMessage], config: GenerateConfig, order: Order, engine: Engine
    ) -> GenerateRequest:
        turns = tuple(Message(_role(message), message.text) for message in input)
        name, repeat, choice = order
        return GenerateRequest(
            tuple(render_prompt(engine.base.tokenizer, turns, thinking=self.thinking)),
            self.adapter,
            config.max_tokens or MAX_TOKENS,
            config.temperature or 0.0,
            1.0 if config.top_p is None else config.top_p,
            derive_seed(config.seed or 0, name, repeat, *([choice] if choice else [])),
            tuple(config.stop_seqs or ()),
            bool(config.logprobs),
            config.top_logprobs or 0,
        )

    def max_tokens(self) -> int | None:
        """Longest completion where nobody says."""
        return MAX_TOKENS

    def max_connections(self) -> int:
        """All samples at once; the engine cuts its own batches."""
        return 10_000


def engine_config(given: dict[str, Any]) -> EngineConfig:
    """How the model runs; what is not given is the default, and threads are measured once per process.

    Raises:
        ModelError: an argument is unknown or has a value that cannot be used.
    """
    known = [field.name for field in fields(EngineConfig)]
    if unknown := sorted(set(given) - set(known)):
        raise ModelError(
            f"Unknown model argument {unknown[0]!r}.",
            f"Use {', '.join((*known, 'thinking', 'hidden_states'))}.",
        )
    config = replace(EngineConfig(threads=given.get("threads") or _threads()), **given)
    check_config(config)
    return config


@cache
def _threads() -> int:
    return measure_threads()


def _role(message: ChatMessage) -> Any:
    if isinstance(message, ChatMessageTool):
        raise ModelError("The local engine knows no tool messages.", "Use a task without tools.")
    return message.role


def _refuse(input: list[ChatMessage], tools: list[ToolInfo], config: GenerateConfig) -> None:
    if tools:
        raise ModelError("The local engine gives a model no tools.", "Use a task without tools.")
    for name in UNSUPPORTED:
        if getattr(config, name, None):
            raise ModelError(f"The local engine does not know {name}.", "Leave it out.")
    if not input:
        raise ModelError("The conversation is empty.")


def to_output(model: str, answers: Sequence[Answer]) -> ModelOutput:
    """The choices in Inspect's form, with token counts of ours and the hashes of base and adapter."""
    read = len(answers[0].request.prompt_ids)
    written = sum(len(answer.generation.ids) for answer in answers)
    first = answers[0]
    return ModelOutput(
        model=model,
        choices=[_choice(model, answer) for answer in answers],
        usage=ModelUsage(input_tokens=read, output_tokens=written, total_tokens=read + written),
        metadata={"base_hash": first.engine.base.hash, "adapter_hash": first.adapter_hash},
    )


def _choice(model: str, answer: Answer) -> ChatCompletionChoice:
    message = ChatMessageAssistant(content=answer.generation.text, model=model, source="generate")
    return ChatCompletionChoice(
        message=message,
        stop_reason=answer.generation.stop_reason,  # type: ignore[arg-type]
        logprobs=_logprobs(answer),
    )


def _logprobs(answer: Answer) -> Logprobs | None:
    generation, tokenizer = answer.generation, answer.engine.base.tokenizer
    if generation.logprobs is None or generation.top_logprobs is None:
        return None

    def named(token: int, value: float) -> dict[str, Any]:
        text = tokenizer.decode([token])
        return {"token": text, "logprob": value, "bytes": list(text.encode())}

    content = [
        Logprob(**named(token, value), top_logprobs=[TopLogprob(**named(*top)) for top in tops] or None)
        for token, value, tops in zip(
            generation.ids, generation.logprobs, generation.top_logprobs, strict=True
        )
    ]
    return Logprobs(content=content)
