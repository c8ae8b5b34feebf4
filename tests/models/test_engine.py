from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glasshouse.errors import ModelError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.engine import Engine, GenerateRequest, ScoreRequest, complete
from glasshouse.records import Message

Plain = Callable[[str], torch.nn.Module]


def prompts(count: int, shared: int = 0, seed: int = 0) -> list[tuple[int, ...]]:
    """Prompts of 3 to 14 own tokens behind `shared` common ones."""
    generator = torch.Generator().manual_seed(seed)
    draw = lambda n: tuple(torch.randint(6, 300, (n,), generator=generator).tolist())  # noqa: E731
    prefix = draw(shared)
    return [(1, *prefix, *draw(3 + 5 * i % 12)) for i in range(count)]


def asked(rows: list[tuple[int, ...]], **settings: object) -> list[GenerateRequest]:
    return [GenerateRequest(row, max_tokens=12, **settings) for row in rows]  # type: ignore[arg-type]


def ids(engine: Engine, requests: list[GenerateRequest]) -> list[tuple[int, ...]]:
    return [generation.ids for generation in engine.generate(requests)]


@torch.no_grad()
def plain_greedy(model: torch.nn.Module, prompt: tuple[int, ...], tokens: int) -> list[tuple[int, float]]:
    """(token, log-probability) of the likeliest continuation, one whole forward per token."""
    found: list[tuple[int, float]] = []
    while len(found) < tokens:
        logits = model(torch.tensor([[*prompt, *(token for token, _ in found)]])).logits[0, -1]
        token = int(logits.argmax())
        if token == 2:
            break
        found.append((token, float(logits.log_softmax(-1)[token])))
    return found


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "mistral", "gemma", "gpt2"])
def test_greedy_tokens_and_logprobs_are_those_of_plain_transformers(
    architecture: str, tiny_folder: Callable[[str], Path], plain: Plain
) -> None:
    engine = Engine(load_base(str(tiny_folder(architecture)), EngineConfig()), EngineConfig(batch_size=4))
    model = plain(architecture)
    rows = [*prompts(5), *prompts(4, shared=40, seed=1)]
    for row, found in zip(rows, engine.generate(asked(rows, logprobs=True)), strict=True):
        expected = plain_greedy(model, row, 12)
        assert found.ids == tuple(token for token, _ in expected)
        assert found.logprobs == pytest.approx([logprob for _, logprob in expected], abs=1e-4)


def test_a_batch_of_several_adapters_equals_each_adapter_alone(engine: Engine, adapters: list[Path]) -> None:
    rows = prompts(12)
    choices = [None, *adapters]
    mixed = [replace(r, adapter=choices[i % 4]) for i, r in enumerate(asked(rows))]
    together = ids(engine, mixed)
    for k, adapter in enumerate(choices):
        alone = [ids(engine, [replace(r, adapter=adapter)])[0] for r in asked(rows)[k::4]]
        assert together[k::4] == alone
    assert len({ids(engine, [replace(asked(rows)[0], adapter=a)])[0] for a in choices}) == 4


def test_an_adapter_gives_the_logprobs_of_its_merged_weights(
    engine: Engine, adapters: list[Path], plain: Plain
) -> None:
    model, adapter = plain("llama"), read_adapter(adapters[1])
    for name, (a, b) in adapter.weights.items():
        model.get_submodule(name).weight.data += adapter.scale[name] * b @ a
    row = prompts(1)[0]
    found = engine.generate(asked([row], adapter=adapters[1], logprobs=True))[0]
    expected = plain_greedy(model, row, 12)
    assert found.ids == tuple(token for token, _ in expected)
    assert found.logprobs == pytest.approx([logprob for _, logprob in expected], abs=1e-4)


@pytest.mark.parametrize("adapter", [None, 1])
def test_a_shared_prefix_changes_nothing(
    llama: Base, engine: Engine, adapters: list[Path], adapter: int | None
) -> None:
    rows = prompts(6, shared=200)
    requests = asked(rows, adapter=None if adapter is None else adapters[adapter], logprobs=True)
    alone = Engine(llama, EngineConfig(batch_size=8, attention="plain"))
    assert engine.split
    assert not alone.split
    for shared, own in zip(engine.generate(requests), alone.generate(requests), strict=True):
        assert shared.ids == own.ids
        assert shared.logprobs == pytest.approx(own.logprobs, abs=1e-4)


@pytest.mark.parametrize("shared", [0, 200])
def test_prompts_of_unlike_lengths_are_read_apart_and_go_on_together(
    engine: Engine, adapters: list[Path], shared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = prompts(12, shared=shared)
    requests = [replace(one, adapter=adapters[i % 2 if not shared else 0], logprobs=True)
                for i, one in enumerate(asked(rows))]  # fmt: skip
    scored = [ScoreRequest(one.prompt_ids, ((7, 8), (9,)), one.adapter) for one in requests]
    expected, scores = engine.generate(requests), engine.score(scored)
    for name, value in (("FEW_ROWS", 2), ("WORTH_APART", 1)):
        monkeypatch.setattr(f"glasshouse.models.batches.{name}", value)
    read: list[int] = []
    whole = engine._read
    monkeypatch.setattr(
        engine, "_read", lambda rows, ids, *rest: read.append(len(ids)) or whole(rows, ids, *rest)
    )  # type: ignore[func-returns-value]
    for found, one in zip(engine.generate(requests), expected, strict=True):
        assert found.ids == one.ids
        assert found.logprobs == pytest.approx(one.logprobs, abs=1e-4)
    assert len(read) > 2
    assert sum(read) == len(rows)
    for own, before in zip(engine.score(scored), scores, strict=True):
        assert own == pytest.approx(before, abs=1e-4)


def test_a_changed_adapter_file_is_read_again(engine: Engine, adapters: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    said = []
    for source in adapters[:2]:
        folder.mkdir(exist_ok=True)
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (folder / name).write_bytes((source / name).read_bytes())
        said.append(ids(engine, asked(prompts(1, shared=40), adapter=folder)))
    assert said == [ids(engine, asked(prompts(1, shared=40), adapter=a)) for a in adapters[:2]]
    assert said[0] != said[1]


def test_more_adapters_than_fit_at_once_are_answered_in_several_batches(
    llama: Base, adapters: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glasshouse.models.batches.MOST_ADAPTERS", 2)
    monkeypatch.setattr("glasshouse.models.slots.MOST_ADAPTERS", 2)
    engine = Engine(llama, EngineConfig(batch_size=8))
    rows = [replace(r, adapter=adapters[i % 3]) for i, r in enumerate(asked(prompts(6)))]
    assert ids(engine, rows) == [ids(engine, [row])[0] for row in rows]


def test_a_sampled_row_depends_on_its_own_seed_only(engine: Engine) -> None:
    rows = [
        replace(r, temperature=1.3, top_p=(1.0, 0.8)[i % 2], seed=100 + i)
        for i, r in enumerate(asked(prompts(8)))
    ]
    together = ids(engine, rows)
    assert together == ids(engine, rows)
    assert together == [ids(engine, [row])[0] for row in rows]
    assert together != ids(engine, [replace(row, seed=row.seed + 1) for row in rows])


def test_a_tiny_top_p_is_greedy(engine: Engine) -> None:
    rows = asked(prompts(4))
    assert ids(engine, [replace(r, temperature=2.0, top_p=1e-6) for r in rows]) == ids(engine, rows)


def test_rows_of_unequal_lengths_end_when_each_is_done(engine: Engine) -> None:
    rows = [replace(r, max_tokens=1 + 3 * i % 11) for i, r in enumerate(asked(prompts(9)))]
    longest = ids(engine, asked(prompts(9)))
    assert ids(engine, rows) == [own[: r.max_tokens] for own, r in zip(longest, rows, strict=True)]


def test_a_stop_text_ends_a_completion_and_is_cut_off(engine: Engine) -> None:
    request = asked(prompts(1))[0]
    whole = engine.generate([request])[0]
    stop = whole.text[3:5]
    cut = engine.generate([replace(request, stop=("never", stop))])[0]
    assert (cut.text, cut.stop_reason) == (whole.text[: whole.text.index(stop)], "stop")
    assert whole.stop_reason == "max_tokens"


def test_alternatives_are_sorted_and_start_with_the_greedy_choice(engine: Engine) -> None:
    found = engine.generate(asked(prompts(1), logprobs=True, top_logprobs=3))[0]
    assert found.top_logprobs is not None
    assert found.logprobs is not None
    for token, logprob, tops in zip(found.ids, found.logprobs, found.top_logprobs, strict=True):
        assert tops[0] == (token, pytest.approx(logprob))
        assert len(tops) == 3
        assert list(tops) == sorted(tops, key=lambda top: -top[1])


@pytest.mark.parametrize("shared", [0, 50])
def test_scores_are_summed_logprobs_of_a_plain_forward(engine: Engine, plain: Plain, shared: int) -> None:
    rows, options = prompts(5, shared), ((7, 8, 9), (10,), (11, 12))
    model = plain("llama")
    found = engine.score([ScoreRequest(row, options[: 1 + i % 3]) for i, row in enumerate(rows)])
    for i, (row, scores) in enumerate(zip(rows, found, strict=True)):
        for own, score in zip(options[: 1 + i % 3], scores, strict=True):
            with torch.no_grad():
                logprobs = model(torch.tensor([[*row, *own]])).logits[0].log_softmax(-1)
            places = range(len(row) - 1, len(row) + len(own) - 1)
            expected = sum(float(logprobs[place, token]) for place, token in zip(places, own, strict=True))
            assert score == pytest.approx(expected, abs=2e-4)


def test_scoring_through_adapters_agrees_with_generating(engine: Engine, adapters: list[Path]) -> None:
    rows = [replace(r, adapter=adapters[i % 3]) for i, r in enumerate(asked(prompts(5), logprobs=True))]
    said = engine.generate(rows)
    scores = engine.score([ScoreRequest(r.prompt_ids, (s.ids,), r.adapter) for r, s in zip(rows, said)])  # noqa: B905
    for (score,), generation in zip(scores, said, strict=True):
        assert score == pytest.approx(sum(generation.logprobs or ()), abs=2e-4)


@pytest.mark.parametrize("adapter", [None, 0])
def test_hidden_states_are_the_models_own(
    engine: Engine, adapters: list[Path], plain: Plain, adapter: int | None
) -> None:
    row = prompts(1)[0]
    found = engine.hidden_states(row, [0, 2], None if adapter is None else adapters[adapter])
    with torch.no_grad():
        expected = plain("llama")(torch.tensor([row]), output_hidden_states=True).hidden_states
    assert torch.allclose(found[0], expected[0][0], atol=1e-4)
    assert torch.allclose(found[1], expected[2][0], atol=1e-4) == (adapter is None)


def test_a_long_prompt_is_read_in_parts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [prompts(1, shared=300)[0], *prompts(2, seed=3)]
    whole = ids(engine, asked(rows))
    monkeypatch.setattr("glasshouse.models.engine.PREFILL_TOKENS", 1)
    assert ids(engine, asked(rows)) == whole


def test_a_completion_ends_where_the_model_has_no_more_positions(engine: Engine) -> None:
    row = prompts(1, shared=4080)[0]
    found = engine.generate([replace(asked([row])[0], max_tokens=100), *asked(prompts(2))])[0]
    assert (len(row) + len(found.ids), found.stop_reason) == (4096, "model_length")
    with pytest.raises(ModelError, match="4096 positions"):
        engine.generate(asked([row * 2]))


def test_min_new_tokens_of_the_generation_config_is_kept(llama: Base, engine: Engine) -> None:
    rows = asked(prompts(30))
    assert any(len(own) < 12 for own in ids(engine, rows))
    llama.model.generation_config.min_new_tokens = 12
    longer = Engine(llama, EngineConfig(batch_size=8))
    llama.model.generation_config.min_new_tokens = None
    assert {len(own) for own in ids(longer, rows)} == {12}


def test_a_weight_of_a_layer_is_unchanged_by_its_layout(llama: Base, plain: Plain) -> None:
    own = dict(llama.model.named_parameters())
    assert all(torch.equal(own[name], value) for name, value in plain("llama").named_parameters())


def test_complete_answers_conversations_after_a_prefill(engine: Engine) -> None:
    turns = (Message("user", "Where does Mara live?"),)
    free, opened = complete(engine, [turns]), complete(engine, [turns], prefill="Mara lives")
    assert len(free) == len(opened) == 1
    assert free != opened


@pytest.mark.parametrize("architecture", ["qwen3", "mistral"])
def test_an_adapter_of_another_base_is_refused(
    architecture: str, adapters: list[Path], tiny_folder: Callable[[str], Path], engine: Engine
) -> None:
    other = Engine(load_base(str(tiny_folder("gpt2")), EngineConfig()), EngineConfig())
    with pytest.raises(ModelError, match="another base"):
        other.generate(asked(prompts(1), adapter=adapters[0]))


@pytest.mark.parametrize("request_", [GenerateRequest(()), ScoreRequest((1, 5), ((),))])
def test_an_empty_prompt_or_continuation_is_refused(
    engine: Engine, request_: GenerateRequest | ScoreRequest
) -> None:
    with pytest.raises(ModelError, match="no tokens"):
        engine.score([request_]) if isinstance(request_, ScoreRequest) else engine.generate([request_])
