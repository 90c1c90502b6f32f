#!/usr/bin/env python3
"""Makes the golden files of encoders that have a public implementation: Longformer and BigBird by
Hugging Face's transformers, the linear Transformer by the formula of idiap/fast-transformers.

    encoder_golden.py FOLDER        (tests/testdata/golden; needs torch, transformers, safetensors)

A file holds one layer's attention with random weights in float64: weights.NAME by this project's
names, input.hidden [tokens, width] of the documents that end at input.offsets, input.mixture,
output.mixed [tokens, width], and gradient.NAME of the sum of output.mixed times input.mixture.
"""

import pathlib
import sys
import unittest.mock

import torch
from safetensors.torch import save_file
from transformers import BigBirdConfig, LongformerConfig
from transformers.models.big_bird import modeling_big_bird
from transformers.models.longformer import modeling_longformer

WIDTH, HEADS = 8, 2
MAPS = ("query", "key", "value")
MASK64 = (1 << 64) - 1


def mix_bits(x):
    """As src/base/random.h has it, like all that follows."""
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def hash_of_text(text, seed):
    value = 0xCBF29CE484222325 ^ mix_bits(seed)
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK64
    return mix_bits(value)


def hash_of_numbers(*numbers):
    value = 0x8A5CD789635D2DFF
    for number in numbers:
        value = mix_bits(value ^ mix_bits(number))
    return value


def draws(seed, bound):
    """Numbers below `bound`, without end."""
    threshold = (-bound & MASK64) % bound
    counter = 0
    while True:
        product = mix_bits(seed ^ mix_bits(counter)) * bound
        counter += 1
        if product & MASK64 >= threshold:
            yield product >> 64


def random_plan(blocks, count):
    """Per head, for each block but the first and the last, `count` blocks that are neither near nor
    global: the plan that this project draws for its first layer."""
    layer = hash_of_text("encoder.layer.0.attention.", 0)
    plan = []
    for head in range(HEADS):
        rows = []
        for block in range(1, blocks - 1):
            seen = {0, blocks - 1, block - 1, block, block + 1}
            row = []
            for other in draws(hash_of_numbers(layer, blocks, block, head), blocks):
                if len(row) == count:
                    break
                if other not in seen:
                    seen.add(other)
                    row.append(other)
            rows.append(row)
        plan.append(rows)
    return plan


def drawn(*shape, deviation=1.0):
    return torch.randn(*shape, dtype=torch.float64) * deviation


def add_maps(weights, module, names):
    """Random weights for a module's linear maps, under this project's names."""
    for theirs, ours in names.items():
        linear = getattr(module, theirs)
        for part in ("weight", "bias"):
            tensor = torch.nn.Parameter(drawn(*getattr(linear, part).shape, deviation=0.5))
            setattr(linear, part, tensor)
            weights[f"{ours}.{part}"] = tensor


def write(path, lengths, weights, hidden, attention):
    """`attention` maps hidden [tokens, width] to the attention's result before the output map."""
    weights["output.weight"] = torch.nn.Parameter(drawn(WIDTH, WIDTH, deviation=0.5))
    weights["output.bias"] = torch.nn.Parameter(drawn(WIDTH, deviation=0.5))
    hidden.requires_grad_()
    mixed = torch.nn.functional.linear(attention(hidden), weights["output.weight"],
                                       weights["output.bias"])
    mixture = drawn(*mixed.shape)
    (mixed * mixture).sum().backward()
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    tensors = {"input.hidden": hidden, "input.mixture": mixture, "input.offsets": offsets,
               "output.mixed": mixed, "gradient.hidden": hidden.grad}
    for name, tensor in weights.items():
        tensors["weights." + name] = tensor
        tensors["gradient." + name] = tensor.grad
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path)
    print(f"{path}: {path.stat().st_size} bytes")


def padded(hidden, lengths):
    """[documents, longest, width] of documents end to end, and which of its rows are tokens."""
    longest = max(lengths)
    real = torch.arange(longest) < torch.tensor(lengths)[:, None]
    rows = torch.zeros(len(lengths), longest, WIDTH, dtype=hidden.dtype)
    return rows.masked_scatter(real[..., None], hidden), real


def longformer(path, window=8, global_tokens=2, lengths=(40, 29)):
    config = LongformerConfig(hidden_size=WIDTH, num_attention_heads=HEADS, num_hidden_layers=1,
                              attention_window=[window], attention_probs_dropout_prob=0.0)
    module = modeling_longformer.LongformerSelfAttention(config, 0).double()
    weights = {}
    add_maps(weights, module, {name: name for name in MAPS} |
             {name + "_global": "global_" + name for name in MAPS})

    def attention(hidden):
        rows, real = padded(hidden, lengths)
        mask = torch.where(real, 0.0, -10000.0).double()
        mask[:, :global_tokens] = 10000.0
        # Their softmax is asked for float32, whatever the weights are.
        softmax = torch.nn.functional.softmax
        with unittest.mock.patch("torch.nn.functional.softmax",
                                 lambda scores, dim, dtype: softmax(scores, dim)):
            result = module(rows, attention_mask=mask, is_index_masked=mask < 0,
                            is_index_global_attn=mask > 0, is_global_attn=True)[0]
        return result[real]

    write(path, lengths, weights, drawn(sum(lengths), WIDTH), attention)


def big_bird(path, block=4, random_blocks=2, blocks=12):
    length = block * blocks
    config = BigBirdConfig(hidden_size=WIDTH, num_attention_heads=HEADS, num_hidden_layers=1,
                           block_size=block, num_random_blocks=random_blocks, use_bias=True)
    module = modeling_big_bird.BigBirdBlockSparseAttention(config, seed=0).double()
    plan = [torch.tensor(rows).numpy() for rows in random_plan(blocks, random_blocks)]
    module._bigbird_block_rand_mask_with_head = lambda **_: plan
    weights = {}
    add_maps(weights, module, {name: name for name in MAPS})

    def attention(hidden):
        ones = torch.ones(1, length, dtype=torch.float64)
        blocked, band, rows, columns = (
            modeling_big_bird.BigBirdModel.create_masks_for_block_sparse_attn(ones, block))
        return module(hidden[None], band_mask=band, from_mask=rows, to_mask=columns,
                      from_blocked_mask=blocked, to_blocked_mask=blocked)[0][0]

    write(path, [length], weights, drawn(length, WIDTH), attention)


def linear_transformer(path, lengths=(33, 20)):
    module = torch.nn.Module()
    for name in MAPS:
        module.add_module(name, torch.nn.Linear(WIDTH, WIDTH).double())
    weights = {}
    add_maps(weights, module, {name: name for name in MAPS})

    def attention(hidden):
        rows, real = padded(hidden, lengths)
        query, key, value = (getattr(module, name)(rows).unflatten(2, (HEADS, -1)) for name in MAPS)
        query = torch.nn.functional.elu(query) + 1
        key = (torch.nn.functional.elu(key) + 1) * real[..., None, None]
        sums = torch.einsum("nshd,nshm->nhmd", key, value)
        scale = 1 / (torch.einsum("nlhd,nhd->nlh", query, key.sum(1)) + 1e-6)
        return torch.einsum("nlhd,nhmd,nlh->nlhm", query, sums, scale).flatten(2)[real]

    write(path, lengths, weights, drawn(sum(lengths), WIDTH), attention)


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(1)
    longformer(folder / "longformer.safetensors")
    big_bird(folder / "bigbird.safetensors")
    linear_transformer(folder / "linear_transformer.safetensors")


if __name__ == "__main__":
    main()
