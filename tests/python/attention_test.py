#!/usr/bin/env python3
"""InvariantPointAttention of the Python package against algorithm 22 of AlphaFold 2 in plain PyTorch, with the same
weights: outputs, gradients, masks, torch.compile and a training loop. Needs the package and torch."""

import math
import unittest

import torch
from torch import nn

from flashrna import InvariantPointAttention

torch.set_num_threads(2)


class PlainAttention(nn.Module):
    """Algorithm 22 as printed, with the parameters of OpenFold; O(L²)."""

    def __init__(self, c_s, c_z, c, heads, query_points, value_points, down_z=None):
        super().__init__()
        self.c, self.heads, self.query_points, self.value_points = c, heads, query_points, value_points
        self.linear_q = nn.Linear(c_s, heads * c)
        self.linear_kv = nn.Linear(c_s, 2 * heads * c)
        self.linear_q_points = nn.Linear(c_s, heads * query_points * 3)
        self.linear_kv_points = nn.Linear(c_s, heads * (query_points + value_points) * 3)
        self.head_weights = nn.Parameter(torch.randn(heads))
        pair = 0
        if c_z:
            self.linear_b = nn.Linear(c_z, heads)
            pair = down_z or c_z
            if down_z:
                self.down_z = nn.Linear(c_z, down_z)
        self.linear_out = nn.Linear(heads * (c + 4 * value_points + pair), c_s)

    def points(self, x, rotations, translations):
        x = torch.stack(x.chunk(3, dim=-1), dim=-1)  # (B, L, H P, 3)
        x = torch.einsum("blij,blpj->blpi", rotations, x) + translations[:, :, None]
        return x.view(*x.shape[:2], self.heads, -1, 3)

    def pair(self, z):
        """Bias (B, L, L, H) and values (B, L, L, c) of the full representation or of two factors."""
        down = getattr(self, "down_z", lambda x: x)
        if isinstance(z, (tuple, list)):
            return (torch.einsum("birh,bjrh->bijh", self.linear_b(z[0]), self.linear_b(z[1])),
                    torch.einsum("birc,bjrc->bijc", down(z[0]), down(z[1])))
        return self.linear_b(z), down(z)

    def forward(self, s, z, r, mask):
        rotations, translations = r
        B, L, H = s.shape[0], s.shape[1], self.heads
        q = self.linear_q(s).view(B, L, H, -1)
        k, v = self.linear_kv(s).view(B, L, H, -1).split(self.c, dim=-1)
        q_points = self.points(self.linear_q_points(s), rotations, translations)
        kv_points = self.points(self.linear_kv_points(s), rotations, translations)
        k_points, v_points = kv_points.split([self.query_points, self.value_points], dim=3)
        logits = torch.einsum("bihc,bjhc->bijh", q, k) / math.sqrt(3 * self.c)
        if z is not None:
            bias, values = self.pair(z)
            logits = logits + math.sqrt(1 / 3) * bias
        weights = nn.functional.softplus(self.head_weights) * math.sqrt(1 / (3 * self.query_points * 9 / 2))
        square = (q_points[:, :, None] - k_points[:, None]).square().sum(dim=(-1, -2))
        logits = logits - 0.5 * weights * square
        logits = logits.masked_fill(~mask[:, None, :, None], -1e9)
        a = logits.softmax(dim=2)
        out = torch.einsum("bijh,bjhc->bihc", a, v)
        points = torch.einsum("bijh,bjhpx->bihpx", a, v_points) - translations[:, :, None, None]
        points = torch.einsum("blji,blhpj->blhpi", rotations, points)
        parts = [out, *points.unbind(dim=-1), torch.sqrt(points.square().sum(-1) + 1e-8)]
        if z is not None:
            parts.append(torch.einsum("bijh,bijc->bihc", a, values))
        return self.linear_out(torch.cat([part.reshape(B, L, -1) for part in parts], dim=-1))


def rotations_of(B, L, dtype):
    return torch.linalg.qr(torch.randn(B, L, 3, 3, dtype=torch.float64))[0].to(dtype)


def case(pair, down_z, dtype, mask):
    """A pair of modules with equal weights, and inputs. pair: none, full or factors."""
    torch.manual_seed(5)
    B, L, c_s, c_z = 2, 19, 24, 0 if pair == "none" else 12
    plain = PlainAttention(c_s, c_z, 16, 4, 4, 6, down_z).to(dtype)
    ours = InvariantPointAttention(c_s, c_z, 16, 4, 4, 6, down_z=down_z).to(dtype)
    ours.load_state_dict(plain.state_dict())
    s = torch.randn(B, L, c_s, dtype=dtype)
    z = {"none": lambda: None, "full": lambda: torch.randn(B, L, L, c_z, dtype=dtype),
         "factors": lambda: [torch.randn(B, L, 2, c_z, dtype=dtype) for _ in range(2)]}[pair]()
    r = rotations_of(B, L, dtype), torch.randn(B, L, 3, dtype=dtype)
    real = torch.ones(B, L, dtype=torch.bool)
    if mask == "tail":
        real[1, 13:] = False
    elif mask == "holes":
        real[0, [2, 7, 8]] = False
        real[1, 0] = False
    return plain, ours, s, z, r, real


def gradients(module, s, z, r, real):
    """Outputs on real rows, and gradients of a weighted sum of them for weights and inputs."""
    leaves = [s, *([] if z is None else z if isinstance(z, list) else [z]), *r]
    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    z_leaf = None if z is None else leaves[1:3] if isinstance(z, list) else leaves[1]
    out = module(leaves[0], z_leaf, (leaves[-2], leaves[-1]), real)[real]
    weights = torch.linspace(-1, 2, out.numel(), dtype=out.dtype).sin().view_as(out)
    module.zero_grad()
    (out * weights).sum().backward()
    return [out.detach()] + [leaf.grad for leaf in leaves] + [p.grad.clone() for _, p in sorted(module.named_parameters())]


class Exchange(unittest.TestCase):
    def expect_equal(self, pair, down_z, dtype, mask, tolerance):
        plain, ours, s, z, r, real = case(pair, down_z, dtype, mask)
        for number, (got, expected) in enumerate(zip(gradients(ours, s, z, r, real), gradients(plain, s, z, r, real))):
            scale = max(1.0, float(expected.abs().max()))
            error = float((got - expected).abs().max()) / scale
            self.assertLessEqual(error, tolerance, f"{pair} {down_z} {mask}: quantity {number}")

    def test_full_pairs_without_pairs_and_factors_agree_in_f64(self):
        for pair in ("none", "full", "factors"):
            for down_z in (None, 3):
                for mask in ("all", "tail", "holes"):
                    with self.subTest(pair=pair, down_z=down_z, mask=mask):
                        self.expect_equal(pair, None if pair == "none" else down_z, torch.float64, mask, 1e-9)

    def test_they_agree_in_f32(self):
        # The error of f32 itself: logits of order 10 are rounded by 1e-6, gradients sum over keys and heads.
        for pair in ("none", "full", "factors"):
            with self.subTest(pair=pair):
                self.expect_equal(pair, None, torch.float32, "tail", 1e-5)

    def test_compile_keeps_outputs_and_gradients(self):
        plain, ours, s, z, r, real = case("factors", 3, torch.float64, "holes")
        compiled = torch.compile(ours, backend="aot_eager", fullgraph=True)
        leaf = s.clone().requires_grad_()
        out = compiled(leaf, z, r, real)
        out[real].square().sum().backward()
        expected_leaf = s.clone().requires_grad_()
        expected = plain(expected_leaf, z, r, real)
        expected[real].square().sum().backward()
        self.assertLess(float((out - expected)[real].detach().abs().max()), 1e-9)
        self.assertLess(float((leaf.grad - expected_leaf.grad).abs().max()), 1e-8)

    def test_a_missing_pair_representation_is_refused(self):
        _, ours, s, _, r, real = case("full", None, torch.float32, "all")
        with self.assertRaisesRegex(ValueError, "z is missing"):
            ours(s, None, r, real)


class Operators(unittest.TestCase):
    def test_wrong_shapes_are_refused_by_name(self):
        _, ours, s, z, r, real = case("factors", None, torch.float32, "all")
        with self.assertRaisesRegex(RuntimeError, "rotations has shape"):
            ours(s, z, (r[0][:, :5], r[1]), real)

    def operator_arguments(self, dtype, pair):
        torch.manual_seed(2)
        B, L, H, C, P, R, c = 2, 5, 2, 3, 2, 2, 3

        def leaf(*shape):
            return torch.randn(*shape, dtype=dtype).requires_grad_()

        arguments = [leaf(B, L, H, C), leaf(B, L, H, C), leaf(B, L, H, C), leaf(B, L, H, P, 3), leaf(B, L, H, P, 3),
                     leaf(B, L, H, P, 3), rotations_of(B, L, dtype).requires_grad_(), leaf(B, L, 3),
                     torch.rand(H, dtype=dtype).add(0.5).requires_grad_(), torch.tensor([5, 3])]
        if pair == "factors":
            arguments += [leaf(B, L, H, R), leaf(B, L, H, R), leaf(B, L, R, c), leaf(B, L, R, c)]
        if pair == "full":
            arguments += [None, None, None, None, leaf(B, L, L, H), leaf(B, L, L, c)]
        return tuple(arguments)

    def test_attention_keeps_the_rules_of_its_registration(self):
        # Schema, autograd registration, shapes of fake tensors, and tracing with dynamic shapes.
        for pair in ("none", "factors", "full"):
            with self.subTest(pair=pair):
                torch.library.opcheck(torch.ops.flashrna.flash_ipa, self.operator_arguments(torch.float32, pair))

    def test_gradients_are_those_of_finite_differences(self):
        arguments = self.operator_arguments(torch.float64, "factors")
        lengths, leaves = arguments[9], arguments[:9] + arguments[10:]

        def call(*x):
            return torch.ops.flashrna.flash_ipa(*x[:9], lengths, *x[9:])

        self.assertTrue(torch.autograd.gradcheck(call, leaves))

    def test_operators_keep_the_rules_of_their_registration(self):
        x = torch.randn(1, 6, 3)
        arguments = (x, torch.tensor([6]), 2)
        torch.library.opcheck(torch.ops.flashrna.nearest_neighbors, arguments)
        indices, _ = torch.ops.flashrna.nearest_neighbors(*arguments)
        expected = torch.cdist(x, x)
        expected[0].fill_diagonal_(9e9)
        self.assertTrue(torch.equal(indices, expected.topk(2, largest=False).indices))


class Training(unittest.TestCase):
    def test_a_training_loop_learns_neighbors(self):
        # The sum of a feature over the nearest residues: needs coordinates, not only features.
        torch.manual_seed(1)
        layer = InvariantPointAttention(16, 0, 16, 4, 4, 4)
        head = nn.Linear(16, 1)
        s, t = torch.randn(8, 20, 16), torch.randn(8, 20, 3)
        r = rotations_of(8, 20, torch.float32), t
        near = (torch.cdist(t, t) < 1.0).float()
        target = torch.einsum("bij,bj->bi", near, s[:, :, 0]) / near.sum(2)
        optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=5e-3)
        losses = []
        for _ in range(60):
            loss = (head(s + layer(s, None, r)).squeeze(-1) - target).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
        self.assertLess(losses[-1], 0.3 * losses[0])


if __name__ == "__main__":
    unittest.main()
