"""Invariant point attention for PyTorch: the operator of flashrna, and the usual module around it.

torch.ops.flashrna.flash_ipa(q, k, v, q_points, k_points, v_points, rotations, translations, point_weights, lengths,
    bias_q=None, bias_k=None, pair_q=None, pair_k=None, pair_bias=None, pair_values=None, backend="auto")
  -> (scalars, points, point_norms, pairs)

B batch, L residues, H heads, C channels, P points, R pair rank, c pair channels; float32 or float64, one device.
q, k, v (B, L, H, C); points (B, L, H, P, 3) in the residue's frame; rotations (B, L, 3, 3), columns are the axes;
translations (B, L, 3); point_weights (H,) > 0; lengths (B,) int64, the rest is padding; bias_q, bias_k (B, L, H, R) and
pair_q, pair_k (B, L, R, c): the factorized pair representation, O(L) memory; or pair_bias (B, L, L, H) and pair_values
(B, L, L, c): the full one, O(L²). Outputs are those of algorithm 22 of AlphaFold 2 before the last linear layer; rows of
the padding are 0. Differentiable once; the backward pass computes the forward pass again.

torch.ops.flashrna.nearest_neighbors(positions (B, L, 3), lengths (B,), k) -> indices (B, L, k), -1 = none; distances
"""

import math
import pathlib

import torch
from torch import nn


def load_operators():
    """Registers torch.ops.flashrna. Importing this module does it."""
    if not hasattr(torch.ops.flashrna, "flash_ipa"):
        torch.ops.load_library(str(pathlib.Path(__file__).parent / "torch_operators.so"))


load_operators()


class InvariantPointAttention(nn.Module):
    """Takes the place of the usual module: same arguments, same parameters, same results, O(L) memory.

    c_s, c_z: channels of the single and pair representations; c_z = 0: no pair representation. c_hidden, no_heads,
    no_qk_points, no_v_points: of the attention. down_z: channels of the pair output per head (FrameDiff and FrameFlow:
    c_z // 4); None: c_z, without a layer (AlphaFold 2, OpenFold). Parameters have the names and shapes of those programs:
    load_state_dict takes theirs.
    backend: auto, fused (CUDA), lifted, dense or simple.
    """

    def __init__(self, c_s, c_z, c_hidden, no_heads, no_qk_points, no_v_points, down_z=None, backend="auto"):
        super().__init__()
        self.no_heads, self.no_qk_points, self.no_v_points = no_heads, no_qk_points, no_v_points
        self.c_hidden, self.c_z, self.backend = c_hidden, c_z, backend
        self.linear_q = nn.Linear(c_s, no_heads * c_hidden)
        self.linear_kv = nn.Linear(c_s, 2 * no_heads * c_hidden)
        self.linear_q_points = nn.Linear(c_s, no_heads * no_qk_points * 3)
        self.linear_kv_points = nn.Linear(c_s, no_heads * (no_qk_points + no_v_points) * 3)
        pair_channels = 0
        if c_z > 0:
            self.linear_b = nn.Linear(c_z, no_heads)
            pair_channels = down_z if down_z else c_z
            if down_z:
                self.down_z = nn.Linear(c_z, down_z)
        # softplus(0.5413) = 1, as in AlphaFold 2.
        self.head_weights = nn.Parameter(torch.full((no_heads,), 0.541324854612918))
        self.linear_out = nn.Linear(no_heads * (c_hidden + 4 * no_v_points + pair_channels), c_s)
        nn.init.zeros_(self.linear_out.weight)
        nn.init.zeros_(self.linear_out.bias)

    def forward(self, s, z, r, mask=None):
        """The update of s, (B, L, c_s).

        s: (B, L, c_s). z: the pair representation (B, L, L, c_z), which takes O(L²) memory; or two factors (B, L, R,
        c_z), whose products over R are it (FlashIPA); or None. r: (rotations (B, L, 3, 3), translations (B, L, 3)), or
        an OpenFold Rigid. mask: (B, L), nonzero where there is a residue. Rows without one hold the last layer's bias.
        """
        rotations, translations = _frames(r)
        order, lengths = _order(mask, s)
        if order is not None:
            s, rotations, translations = (_reorder(x, order) for x in (s, rotations, translations))
            z = _reorder_pair(z, order)
        update = self.linear_out(self._attend(s, z, rotations, translations, lengths))
        return update if order is None else _reorder(update, order.argsort(dim=1))

    def _attend(self, s, z, rotations, translations, lengths):
        batch, length, heads = s.shape[0], s.shape[1], self.no_heads
        full = torch.float64 if s.dtype == torch.float64 else torch.float32  # bf16 products, full-precision attention

        def points(x):  # all x, then all y, then all z, each by head
            return x.to(full).view(batch, length, 3, heads, -1).permute(0, 1, 3, 4, 2)

        q = self.linear_q(s).to(full).view(batch, length, heads, -1)
        k, v = self.linear_kv(s).to(full).view(batch, length, heads, -1).split(self.c_hidden, dim=-1)
        q_points = points(self.linear_q_points(s))
        k_points, v_points = points(self.linear_kv_points(s)).split([self.no_qk_points, self.no_v_points], dim=3)
        weights = nn.functional.softplus(self.head_weights.to(full)) * math.sqrt(1 / (3 * self.no_qk_points * 4.5))
        out = torch.ops.flashrna.flash_ipa(q, k, v, q_points, k_points, v_points, rotations.to(full),
                                           translations.to(full), weights, lengths, backend=self.backend,
                                           **self._pair_arguments(z, full))
        scalars, of_points, norms, pairs = out
        parts = [scalars, of_points.permute(0, 1, 4, 2, 3), norms, pairs]
        return torch.cat([part.reshape(batch, length, -1) for part in parts], dim=-1).to(s.dtype)

    def _pair_arguments(self, z, full):
        if self.c_z == 0 or z is None:
            if self.c_z > 0:
                raise ValueError("z is missing: the module was made with c_z > 0")
            return {}
        down = getattr(self, "down_z", lambda x: x)
        scale = math.sqrt(1 / 3)
        if isinstance(z, (tuple, list)):
            factor_1, factor_2 = z
            return {"bias_q": scale * self.linear_b(factor_1).to(full).transpose(2, 3),
                    "bias_k": self.linear_b(factor_2).to(full).transpose(2, 3),
                    "pair_q": down(factor_1).to(full), "pair_k": down(factor_2).to(full)}
        return {"pair_bias": scale * self.linear_b(z).to(full), "pair_values": down(z).to(full)}


def _frames(r):
    if hasattr(r, "get_rots"):
        return r.get_rots().get_rot_mats(), r.get_trans()
    return r


def _order(mask, s):
    """The order that puts residues before padding, None if they are; and the number of residues."""
    if mask is None:
        return None, torch.full((s.shape[0],), s.shape[1], dtype=torch.int64, device=s.device)
    real = mask != 0
    lengths = real.sum(dim=1)
    # On a GPU the look at the mask would wait for it.
    if s.device.type == "cpu" and not torch.compiler.is_compiling() and bool((real[:, 1:] <= real[:, :-1]).all()):
        return None, lengths
    return (~real).to(torch.int8).argsort(dim=1, stable=True), lengths


def _reorder(x, order):
    return x.gather(1, order.view(*order.shape, *[1] * (x.dim() - 2)).expand(-1, -1, *x.shape[2:]))


def _reorder_pair(z, order):
    if z is None:
        return None
    if isinstance(z, (tuple, list)):
        return [_reorder(factor, order) for factor in z]
    return _reorder(_reorder(z, order).transpose(1, 2), order).transpose(1, 2)
