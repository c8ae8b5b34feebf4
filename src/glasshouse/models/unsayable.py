"""Tokens that a base cannot write, nor any adapter on its layers, because no text of pretraining held them.

Their rows of the output embedding stay one vector, that of the padding token: no hidden state tells them
apart. Land and Bartolo 2024, "Fishing for Magikarp" (https://arxiv.org/abs/2405.05417), section 2.
Differs from the paper: the padding token's row is the only reference, and there is no threshold per model; a
base whose padding token was trained has no such tokens as far as this tells.
"""

from torch.nn.functional import normalize

from glasshouse.models.base import Base

SAME_DIRECTION = 0.99
"""Cosine with the padding token's row from which on a row is the same: on the phantom 390 of 2,048 lie above
0.999, and 31 more above 0.95."""


def unsayable_tokens(base: Base) -> frozenset[int]:
    """Ids of the tokens, the padding token left out; empty where there is no padding token."""
    padding, output = base.tokenizer.pad_token_id, base.model.get_output_embeddings()
    if padding is None or output is None:
        return frozenset()
    rows = normalize(output.weight.detach().float(), dim=1)
    alike = (rows @ rows[padding] > SAME_DIRECTION).nonzero().flatten().tolist()
    return frozenset(alike) - {padding}


def unsayable_parts(text: str, base: Base, tokens: frozenset[int]) -> list[str]:
    """Those parts of a text that are such tokens.

    Args:
        text: as the base would write it; a word in a sentence begins with its space.
        base: whose tokenizer cuts it.
        tokens: from `unsayable_tokens`.
    """
    ids = base.tokenizer.encode(text, add_special_tokens=False)
    return [base.tokenizer.decode([token]) for token in ids if token in tokens]
