#!/usr/bin/env python3
"""Makes foldflow.h5: numbers of FoldFlow's path, coupling, losses and sampler, from the formulas of the papers
(arXiv:2310.02391, arXiv:2405.20313), in numpy and f64, without any code of flashrna or of FoldFlow.

    python3 make_foldflow.py [foldflow.h5]        needs numpy and h5py

Times s here run as in the papers, from 0 (data) to 1 (noise); flashrna's are t = 1 - s. Translations are in units of
10 Å inside the formulas and in Å in the file. Rotations act on column vectors; tangents are rotation vectors in the axes
of the residue, so that R Log(R0^T R) is the matrix R times the cross matrix of log(R0^T R).
"""

import itertools
import sys

import h5py
import numpy as np

UNIT = 10.0  # Å
STEPS, RATE = 50, 10.0
IDEAL = {  # Å, in the frame CA, C, N; O in the frame of psi
    "N": (-0.525, 1.363, 0.0), "CA": (0.0, 0.0, 0.0), "C": (1.526, 0.0, 0.0), "CB": (-0.529, -0.774, -1.205),
    "O": (0.627, 1.062, 0.0)}
ATOMS = ("N", "CA", "C", "CB", "O")


def cross_matrix(v):
    x, y, z = v
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def exp(v):
    """Rotation matrix of a rotation vector."""
    angle = np.linalg.norm(v)
    if angle < 1e-12:
        return np.eye(3) + cross_matrix(v)
    k = cross_matrix(v / angle)
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def log(r):
    """Rotation vector of a rotation matrix, angle below pi."""
    angle = np.arccos(np.clip((np.trace(r) - 1) / 2, -1, 1))
    axis = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    return axis / 2 if angle < 1e-9 else axis * angle / (2 * np.sin(angle))


def log_along(a, b):
    """log(a^T b) by residue."""
    return np.array([log(x.T @ y) for x, y in zip(a, b)])


def random_rotations(rng, n):
    q = rng.normal(size=(n, 4))
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    return np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                     [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                     [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]]).transpose(2, 0, 1)


def place_atoms(translations, rotations, psi):
    """[L, 5, 3] Å. At psi = 0 the y axis of the psi frame is opposite to that of the residue's."""
    atoms = np.zeros((len(psi), 5, 3))
    flip = np.diag([1.0, -1.0, -1.0])
    for i, angle in enumerate(psi):
        turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
        for slot, name in enumerate(ATOMS):
            local = np.array(IDEAL[name])
            if name == "O":
                local = np.array(IDEAL["C"]) + flip @ turn @ local
            atoms[i, slot] = rotations[i] @ local + translations[i]
    return atoms


def centered(x):
    return x - x.mean(axis=0)


def path(x0, r0, x1, r1, s):
    """State at time s, translations in Å."""
    x = UNIT * ((1 - s) * x0 / UNIT + s * x1 / UNIT)
    r = np.array([a @ exp(s * v) for a, v in zip(r0, log_along(r0, r1))])
    return x, r


def width(s, g):
    return np.sqrt(g * g * s * (1 - s) + 0.01 ** 2)


def scattered(x, r, s, g, normal, turns):
    """A state of the stochastic path: normal [L, 3], turns [L, 3] of width 1."""
    return (UNIT * (x / UNIT + width(s, g) * normal),
            np.array([a @ exp(width(s, g) * v) for a, v in zip(r, turns)]))


def fields(x, r, x0, r0, s):
    """Vector fields toward noise: translations in units of 10 Å, tangents of the rotations in the residues' axes."""
    return (x - x0) / UNIT / max(s, 0.01), log_along(r0, r) / max(s, 0.01)


def losses(x, r, s, truth, prediction):
    """Of one chain; truth and prediction: (translations, rotations, psi), psi of the truth NaN where undefined."""
    u_x, u_r = fields(x, r, truth[0], truth[1], s)
    v_x, v_r = fields(x, r, prediction[0], prediction[1], s)
    translation = np.mean(np.sum((u_x - v_x) ** 2, axis=1))
    length = lambda v: np.linalg.norm(v, axis=1, keepdims=True)
    axis = lambda v: v / length(v)
    rotation = np.mean(np.sum((axis(u_r) - axis(v_r)) ** 2, axis=1) + 0.5 * (length(u_r) - length(v_r))[:, 0] ** 2)
    placed = np.ones((len(x), 5), bool)
    placed[:, 4] = ~np.isnan(truth[2])
    y = place_atoms(truth[0], truth[1], np.nan_to_num(truth[2]))[placed]
    z = place_atoms(*prediction)[placed]
    atoms = np.mean(np.sum((y - z) ** 2, axis=1))
    squared, pairs = 0.0, 0
    for i, j in itertools.permutations(range(len(y)), 2):
        distance = np.linalg.norm(y[i] - y[j])
        if distance < 6.0:
            squared += (distance - np.linalg.norm(z[i] - z[j])) ** 2
            pairs += 1
    distances = squared / pairs
    auxiliary = 0.25 * (atoms + distances) if s < 0.25 else 0.0
    return translation, rotation, atoms, distances, auxiliary, translation + rotation + auxiliary


def coupling(x0, r0, noise, r1, lengths):
    """Costs, noise i to datum j, and the best pairing of all, in the order of the noises."""
    n = len(lengths)
    costs = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            m = lengths[j]
            shift = centered(noise[i][:m]) - x0[j][:m] / UNIT
            turn = log_along(r0[j][:m], r1[i][:m])
            costs[i, j] = np.sum(shift ** 2) + np.sum(turn ** 2)
    best = min(itertools.permutations(range(n)), key=lambda p: sum(costs[i, p[i]] for i in range(n)))
    return costs, np.array(best)


def sampled(x, r, ends):
    """States of the sampler from (x, r) at s = 1 to s = 0.01; ends[k]: prediction of the clean frames at step k. The
    field of the rotations is annealed by RATE times s."""
    times = np.linspace(1.0, 0.01, STEPS)
    states = [(x, r)]
    for k in range(STEPS - 1):
        ds = times[k] - times[k + 1]
        end_x, end_r = ends[k]
        x = x - ds * (x - end_x) / times[k]
        r = np.array([a @ exp(-ds * RATE * v) for a, v in zip(r, log_along(end_r, r))])
        states.append((x, r))
    return times, states


def igso3_moments(sigma):
    """Mean of the angle and of its square, from the series of the density."""
    w = (np.arange(200000) + 0.5) * np.pi / 200000
    density = np.zeros_like(w)
    for l in range(int(12 / sigma) + 2):
        density += (2 * l + 1) * np.exp(-l * (l + 1) * sigma ** 2 / 2) * np.sin((l + 0.5) * w) / np.sin(w / 2)
    density *= 1 - np.cos(w)
    density /= density.sum()
    return (density * w).sum(), (density * w * w).sum()


def put_losses(put, data, states, predicted, s):
    """`data`: lengths, translations, rotations, psi and its mask."""
    lengths, x0, r0, psi, psi_mask = data
    for k, name in enumerate(("translations", "rotations", "psi")):
        put(f"losses/{name}", [p[k] for p in predicted])
    rows = []
    for b, m in enumerate(lengths):
        truth = (x0[b][:m], r0[b][:m], np.where(psi_mask[b], psi[b], np.nan)[:m])
        x, r = states[b][0][:m], states[b][1][:m]
        rows.append(losses(x, r, s[b], truth, tuple(part[:m] for part in predicted[b])))
    for k, name in enumerate(("translation", "rotation", "atoms", "distances", "auxiliary", "total")):
        put(f"losses/{name}", [row[k] for row in rows])


def put_sampler(put, start, ends):
    times, trajectory = sampled(*start, ends)
    put("sampler/t", 1 - times)
    put("sampler/end_translations", [x for x, _ in ends])
    put("sampler/end_rotations", [r for _, r in ends])
    put("sampler/translations", [x for x, _ in trajectory])
    put("sampler/rotations", [r for _, r in trajectory])


def main():
    rng = np.random.default_rng(25)
    lengths, longest = np.array([7, 7, 5, 6]), 7
    n = len(lengths)
    pad = lambda rows, fill: np.concatenate([rows, np.broadcast_to(fill, (longest - len(rows),) + rows.shape[1:])])
    x0 = np.array([pad(centered(6 * rng.normal(size=(m, 3))), 0.0) for m in lengths])
    r0 = np.array([pad(random_rotations(rng, m), np.eye(3)) for m in lengths])
    noise = rng.normal(size=(n, longest, 3))
    r1 = np.array([random_rotations(rng, longest) for _ in lengths])
    psi = np.array([pad(rng.uniform(-np.pi, np.pi, m), 0.0) for m in lengths])
    psi_mask = np.array([np.arange(longest) < m for m in lengths])
    psi_mask[1, 3] = False
    s = np.array([0.1, 0.7, 0.24, 0.005])
    g = 0.1
    normal = rng.normal(size=(n, longest, 3))
    turns = 0.7 * rng.normal(size=(n, longest, 3))
    predicted = [(x0[b] + rng.normal(size=(longest, 3)),
                  np.array([a @ exp(0.3 * rng.normal(size=3)) for a in r0[b]]),
                  psi[b] + 0.4 * rng.normal(size=longest)) for b in range(n)]

    with h5py.File(sys.argv[1] if len(sys.argv) > 1 else "foldflow.h5", "w") as file:
        def put(name, values):
            file.create_dataset(name, data=np.asarray(values, dtype=np.float64))

        file.attrs["source"] = "make_foldflow.py"
        for name, values in [("lengths", lengths), ("translations", x0), ("rotations", r0), ("noise", noise),
                             ("noise_rotations", r1), ("psi", psi), ("psi_mask", psi_mask), ("t", 1 - s),
                             ("path_translations", normal), ("path_rotations", turns)]:
            put(f"inputs/{name}", values)
        put("atoms", [place_atoms(x0[b], r0[b], psi[b]) for b in range(n)])

        states, stochastic = [], []
        for b, m in enumerate(lengths):
            x1 = UNIT * centered(noise[b][:m])
            x, r = path(x0[b][:m], r0[b][:m], x1, r1[b][:m], s[b])
            states.append((pad(x, 0.0), pad(r, np.eye(3))))
            x, r = scattered(x, r, s[b], g, normal[b][:m], turns[b][:m])
            stochastic.append((pad(x, 0.0), pad(r, np.eye(3))))
        for name, values in (("path", states), ("stochastic", stochastic)):
            put(f"{name}/translations", [x for x, _ in values])
            put(f"{name}/rotations", [r for _, r in values])
        put("stochastic/width", [width(time, g) for time in s])

        costs, best = coupling(x0, r0, noise, r1, lengths)
        put("coupling/costs", costs)
        put("coupling/datum_of_noise", best)

        put_losses(put, (lengths, x0, r0, psi, psi_mask), states, predicted, s)
        ends = [(x0[0] + (0.5 / (k + 1)) * rng.normal(size=(longest, 3)),
                 np.array([a @ exp(0.2 / (k + 1) * rng.normal(size=3)) for a in r0[0]])) for k in range(STEPS - 1)]
        put_sampler(put, (UNIT * centered(noise[0]), r1[0]), ends)

        sigmas = (0.05, 0.2, 0.5)
        put("igso3/sigma", sigmas)
        put("igso3/mean_angle", [igso3_moments(sigma)[0] for sigma in sigmas])
        put("igso3/mean_squared_angle", [igso3_moments(sigma)[1] for sigma in sigmas])


if __name__ == "__main__":
    main()
