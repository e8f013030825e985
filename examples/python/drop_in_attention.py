#!/usr/bin/env python3
"""flashrna's attention in a model of your own: learns to predict the radius of gyration of random chains."""

import torch
from torch import nn

from flashrna import InvariantPointAttention


class RadiusOfGyration(nn.Module):
    def __init__(self, channels=32, blocks=2):
        super().__init__()
        self.start = nn.Parameter(torch.randn(channels))
        self.blocks = nn.ModuleList(InvariantPointAttention(channels, 0, 16, 4, 4, 4) for _ in range(blocks))
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(blocks))
        self.head = nn.Sequential(nn.Linear(channels, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, rotations, translations):
        s = self.start.expand(*translations.shape[:2], -1)
        for block, norm in zip(self.blocks, self.norms):
            s = norm(s + block(s, None, (rotations, translations)))
        return self.head(s.mean(dim=1)).squeeze(-1)


def chains(count, length):
    """Random walks with steps of 0.6 nm and random frames, and their radii of gyration, nm."""
    steps = nn.functional.normalize(torch.randn(count, length, 3), dim=-1) * 0.6
    translations = steps.cumsum(dim=1)
    translations = translations - translations.mean(dim=1, keepdim=True)
    rotations = torch.linalg.qr(torch.randn(count, length, 3, 3))[0]
    return rotations, translations, translations.square().sum(-1).mean(1).sqrt()


def main():
    torch.manual_seed(0)
    model = RadiusOfGyration()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(61):
        rotations, translations, expected = chains(16, 24)
        loss = (model(rotations, translations) - expected).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            print(f"step {step}: mean square error {loss.item():.3f} nm²")


if __name__ == "__main__":
    main()
