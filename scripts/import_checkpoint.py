#!/usr/bin/env python3
"""Converts a checkpoint of the published RNA-FrameFlow (a PyTorch Lightning .ckpt, or a bare state dict) to the format
that `flashrna sample` reads.

Needs numpy and h5py, not PyTorch. Only tensors and containers of the file's pickle are read, so that no code in it runs
and its configuration (omegaconf) may contain any class. The model's sizes follow from the tensors' shapes; what shapes
do not determine, and the sampling settings, come from --config. All names and shapes must then match the model's.
"""

import argparse
import collections
import configparser
import hashlib
import io
import json
import math
import os
import pathlib
import pickle
import re
import sys
import typing
import zipfile

try:
    import h5py
    import numpy as np
except ImportError as error:
    sys.exit(f"error: {error}; apt-get install python3-h5py and use /usr/bin/python3, or pip install h5py")

RECIPE = pathlib.Path(__file__).resolve().parent.parent / "configs" / "frameflow.ini"

EXAMPLE = """example:
  scripts/import_checkpoint.py rna_frameflow_public_weights.ckpt --output frameflow.h5
  flashrna sample --checkpoint frameflow.h5 --lengths 40-150:10 --samples 20 --output samples
"""


class Failure(Exception):
    """An error message for the user."""


# ---- The format of torch.save: a ZIP archive with one pickle, data.pkl, and one file of raw numbers per storage.


class Storage(typing.NamedTuple):
    kind: str  # torch's name, "FloatStorage"
    key: str   # of its file in the archive


class Tensor(typing.NamedTuple):
    """A view of a storage; offset and strides count numbers."""

    storage: Storage
    offset: int
    shape: tuple
    stride: tuple

    def is_real(self):
        return self.storage.kind in REAL_TYPES

    def read(self, archive):
        """Its values as float32."""
        stored, kind = archive(f"data/{self.storage.key}"), np.dtype(REAL_TYPES[self.storage.kind])
        values = np.frombuffer(stored, kind, len(stored) // kind.itemsize)
        if math.prod(self.shape) > 0:
            last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))
            if min(self.offset, *self.shape, *self.stride, 0) < 0 or last >= len(values):
                raise Failure(f"damaged: a tensor {list(self.shape)} lies outside of its {len(values)} stored numbers")
        strides = [step * kind.itemsize for step in self.stride]
        values = np.lib.stride_tricks.as_strided(values[self.offset:], self.shape, strides)
        if self.storage.kind == "BFloat16Storage":  # the upper halves of float32 numbers
            return (values.astype(np.uint32) << 16).view(np.float32)
        return values.astype(np.float32)


REAL_TYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "BFloat16Storage": "<u2"}


class Inert:
    """Replaces objects of all other classes: accepts every operation of the pickle and does nothing."""

    def __init__(self, *_, **__):
        pass

    def _ignore(self, *_, **__):
        return Inert()

    __call__ = __setitem__ = __setstate__ = append = extend = add = _ignore


class TensorUnpickler(pickle.Unpickler):
    """Resolves only these classes and functions, so that a pickle can call nothing else."""

    def find_class(self, module, name):
        if module == "torch" and name.endswith("Storage"):
            return name
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, stride, *_: Tensor(storage, offset, tuple(shape), tuple(stride))
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        return Inert

    def persistent_load(self, identifier):
        _, kind, key, _, _ = identifier
        return Storage(kind, key)


def open_archive(path):
    """Returns a function that reads a member of the archive by its name below the archive's only folder."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise Failure("not a checkpoint, which is a ZIP archive since PyTorch 1.6; load an older one with torch.load "
                      "and save it again") from None
    pickles = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise Failure("not a checkpoint: a ZIP archive without the data.pkl that torch.save writes")
    folder = pickles[0].split("/")[0]

    def read(member):
        try:
            return archive.read(f"{folder}/{member}")
        except (KeyError, zipfile.BadZipFile) as error:
            raise Failure(f"damaged: {error}") from None

    return read


def read_state_dict(archive):
    """Tensors by name, and the optimizer step and epoch of a Lightning file."""
    data = io.BytesIO(archive("data.pkl"))
    try:
        value = TensorUnpickler(data).load()
    except Exception as error:  # a damaged pickle can raise any exception
        raise Failure(f"damaged: its data.pkl cannot be read: {error}") from None
    is_lightning = isinstance(value, dict) and isinstance(value.get("state_dict"), dict)
    tensors = value["state_dict"] if is_lightning else value
    if not isinstance(tensors, dict) or not any(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise Failure('not a checkpoint: neither a dict of tensors nor a dict with one under "state_dict"')
    # Lightning's module holds the network as its member "model".
    tensors = {str(name).removeprefix("model."): tensor for name, tensor in tensors.items()}
    position = [value.get(key, 0) if is_lightning else 0 for key in ("global_step", "epoch")]
    return tensors, [n if isinstance(n, int) else 0 for n in position]


# ---- The model: its sizes, under the key names of our section [model].

SIZES = ("node_channels", "pair_channels", "pair_rank", "blocks", "attention_channels", "attention_heads",
         "query_points", "value_points", "transformer_layers", "position_channels", "time_channels",
         "edge_feature_channels", "distance_bins", "neighbors", "torsion_channels", "factorizer_length")

# The published model has these even without a pair representation; ours does not.
UNUSED_WITHOUT_BIAS = ("edge_embedder.", "trunk.edge_transition_")


def mode_of(names):
    """The kind of pair representation, recognized by its own parameters."""
    text = "\n".join(names)
    if "trunk.ipa_" not in text:
        some = ", ".join(list(names)[:5])
        raise Failure(f"holds another network than RNA-FrameFlow's: no trunk.ipa_0 among {some}, ...")
    if ".linear_b." not in text:
        return "flash_no_bias"  # or orig_no_bias, which computes the same function
    if "_distogram." in text:
        return "flash_1d_bias"
    return "flash_2d_factorize_bias" if ".factorizer." in text else "orig_2d_bias"


class Shapes(dict):
    """Shapes by the parameters' names, in the order of insertion."""

    def linear(self, name, n_out, n_in):
        self[name + ".weight"] = (n_out, n_in)
        self[name + ".bias"] = (n_out,)

    def layer_norm(self, name, n):
        self[name + ".weight"] = self[name + ".bias"] = (n,)


def add_edge_embedder(shapes, model):
    mode, s, z, f = (model[key] for key in ("mode", "node_channels", "pair_channels", "edge_feature_channels"))
    R, bins = model["pair_rank"], model["distance_bins"]
    if mode == "flash_1d_bias":
        shapes.linear("edge_embedder.linear_s_p", 2 * R * f, s)
        shapes.linear("edge_embedder.linear_relpos", 4 * R * f, f)
        for distogram in ("linear_t_distogram", "linear_sc_distogram"):
            shapes.linear(f"edge_embedder.{distogram}", 2 * R * bins, model["neighbors"] * (bins + f))
    elif mode != "flash_no_bias":
        shapes.linear("edge_embedder.linear_s_p", f, s)
        shapes.linear("edge_embedder.linear_relpos", f, f)
    if mode != "flash_no_bias":
        shapes.linear("edge_embedder.edge_embedder.0", z, 3 * f + 2 * bins)
        shapes.linear("edge_embedder.edge_embedder.2", z, z)
        shapes.linear("edge_embedder.edge_embedder.4", z, z)
        shapes.layer_norm("edge_embedder.edge_embedder.5", z)
    if mode == "flash_2d_factorize_bias":
        shapes["edge_embedder.factorizer.length_compressor.weight"] = (R, model["factorizer_length"])
        shapes.layer_norm("edge_embedder.factorizer.length_norm", R)
        shapes["edge_embedder.factorizer.inner_compressor.weight"] = (z, z)
        shapes.layer_norm("edge_embedder.factorizer.inner_norm", z)


def add_attention(shapes, model, b):
    ipa, has_bias = f"trunk.ipa_{b}", model["mode"] != "flash_no_bias"
    s, z = model["node_channels"], model["pair_channels"]
    H, C, P_q, P_v = (model[key] for key in ("attention_heads", "attention_channels", "query_points", "value_points"))
    shapes[ipa + ".head_weights"] = (H,)
    shapes.linear(ipa + ".linear_q", H * C, s)
    shapes.linear(ipa + ".linear_kv", 2 * H * C, s)
    shapes.linear(ipa + ".linear_q_points", 3 * H * P_q, s)
    shapes.linear(ipa + ".linear_kv_points", 3 * H * (P_q + P_v), s)
    if has_bias:
        shapes.linear(ipa + ".linear_b", H, z)
        shapes.linear(ipa + ".down_z", z // 4, z)
    shapes.linear(ipa + ".linear_out", s, H * (C + 4 * P_v + (z // 4 if has_bias else 0)))
    shapes.layer_norm(f"trunk.ipa_ln_{b}", s)


def add_block(shapes, model, b):
    mode, s, z, R = (model[key] for key in ("mode", "node_channels", "pair_channels", "pair_rank"))
    add_attention(shapes, model, b)
    for i in range(model["transformer_layers"]):
        layer = f"trunk.seq_tfmr_{b}.layers.{i}"
        shapes[layer + ".self_attn.in_proj_weight"] = (3 * s, s)
        shapes[layer + ".self_attn.in_proj_bias"] = (3 * s,)
        for part in ("self_attn.out_proj", "linear1", "linear2"):
            shapes.linear(f"{layer}.{part}", s, s)
        shapes.layer_norm(layer + ".norm1", s)
        shapes.layer_norm(layer + ".norm2", s)
    shapes.linear(f"trunk.post_tfmr_{b}", s, s)
    for i in (1, 2, 3):
        shapes.linear(f"trunk.node_transition_{b}.linear_{i}", s, s)
    shapes.layer_norm(f"trunk.node_transition_{b}.ln", s)
    shapes.linear(f"trunk.bb_update_{b}.linear", 6, s)
    if mode != "flash_no_bias" and b + 1 < model["blocks"]:
        edge = f"trunk.edge_transition_{b}"
        shapes.linear(edge + ".initial_embed", s // 2, s)
        if mode != "orig_2d_bias":
            shapes.linear(edge + ".edge_bias_linear", 2 * R * s, s // 2)
        shapes.linear(edge + ".trunk.0", z + s, z + s)
        shapes.linear(edge + ".trunk.2", z + s, z + s)
        shapes.linear(edge + ".final_layer", z, z + s)
        shapes.layer_norm(edge + ".layer_norm", z)


def expected_shapes(model):
    """Name and shape of every parameter (tests/data/golden/parameters.csv), in the order of the network."""
    s, t = model["node_channels"], model["torsion_channels"]
    shapes = Shapes()
    shapes.linear("node_embedder.linear", s, model["position_channels"] + model["time_channels"])
    add_edge_embedder(shapes, model)
    for b in range(model["blocks"]):
        add_block(shapes, model, b)
    shapes.linear("angle_pred_net.linear_in", t, s)
    shapes.linear("angle_pred_net.linear_initial", t, s)
    for i in (0, 1):
        shapes.linear(f"angle_pred_net.layers.{i}.linear_1", t, t)
        shapes.linear(f"angle_pred_net.layers.{i}.linear_2", t, t)
    shapes.linear("angle_pred_net.linear_out", 16, t)
    return shapes


def infer_model(shapes, recipe):
    """`recipe` with the mode and all sizes that the shapes determine."""
    model = dict(recipe, mode=mode_of(shapes))

    def take(key, pattern, size):
        """Sets `key` from the last dimension of the tensors matching `pattern`; the majority exposes a wrong shape."""
        answers = collections.Counter(
            size(shape[-1]) for name, shape in shapes.items() if shape and re.fullmatch(pattern, name))
        if answers:
            model[key] = answers.most_common(1)[0][0]

    def count(key, pattern):
        indices = [int(found.group(1)) for found in (re.match(pattern, name) for name in shapes) if found]
        model[key] = min(max(indices, default=0), len(shapes)) + 1

    count("blocks", r"trunk\.ipa_(\d+)\.")
    count("transformer_layers", r"trunk\.seq_tfmr_\d+\.layers\.(\d+)\.")
    take("node_channels", r"trunk\.ipa_ln_\d+\.bias", lambda n: n)
    take("torsion_channels", r"angle_pred_net\.(linear_in|linear_initial|layers\.\d\.linear_\d)\.bias", lambda n: n)
    take("attention_heads", r"trunk\.ipa_\d+\.head_weights", lambda n: n)
    H = max(model["attention_heads"], 1)
    take("attention_channels", r"trunk\.ipa_\d+\.linear_q\.bias", lambda n: n // H)
    take("query_points", r"trunk\.ipa_\d+\.linear_q_points\.bias", lambda n: n // (3 * H))
    take("value_points", r"trunk\.ipa_\d+\.linear_kv_points\.bias", lambda n: n // (3 * H) - model["query_points"])
    if model["mode"] == "flash_no_bias":
        return model

    take("pair_channels", r"edge_embedder\.edge_embedder\.\d\.bias", lambda n: n)
    take("edge_feature_channels", r"edge_embedder\.linear_relpos\.weight", lambda n: n)
    f = max(model["edge_feature_channels"], 1)
    take("distance_bins", r"edge_embedder\.edge_embedder\.0\.weight", lambda n: (n - 3 * f) // 2)
    if model["mode"] == "flash_1d_bias":
        take("pair_rank", r"edge_embedder\.linear_relpos\.bias", lambda n: n // (4 * f))
        take("neighbors", r"edge_embedder\.linear_(t|sc)_distogram\.weight",
             lambda n: n // max(model["distance_bins"] + f, 1))
    elif model["mode"] == "flash_2d_factorize_bias":
        model.setdefault("factorizer_length", 0)
        take("pair_rank", r"edge_embedder\.factorizer\.length_norm\.bias", lambda n: n)
        take("factorizer_length", r"edge_embedder\.factorizer\.length_compressor\.weight", lambda n: n)
    return model


def differences(tensors, model):
    """The differences between the tensors and the model's parameters, one per line."""
    expected = expected_shapes(model)
    found = []
    for name, shape in expected.items():
        if name not in tensors:
            found.append(f"missing: {name} {list(shape)}")
        elif not isinstance(tensors[name], Tensor) or not tensors[name].is_real():
            found.append(f"not a tensor of real numbers: {name}")
        elif tensors[name].shape != shape:
            found.append(f"wrong shape: {name} is {list(tensors[name].shape)} in the file, {list(shape)} in the model")
    unused = UNUSED_WITHOUT_BIAS if model["mode"] == "flash_no_bias" else ()
    for name, tensor in tensors.items():
        if name not in expected and not name.startswith(unused):
            found.append(f"unexpected: {name} {list(tensor.shape) if isinstance(tensor, Tensor) else ''}".rstrip())
    return found


def fitting_model(tensors, recipe, config):
    """The model to which the tensors belong."""
    model = infer_model({name: tensor.shape for name, tensor in tensors.items() if isinstance(tensor, Tensor)}, recipe)
    found = differences(tensors, model)
    if found:
        raise Failure("\n  ".join(
            [f"does not fit the model {model['mode']} in {len(found)} tensors; nothing was written:", *found,
             f"sizes that no shape tells, as model.position_channels = {model['position_channels']}, are {config}'s"]))
    return model


# ---- The configuration that belongs to the weights.


def read_recipe(path):
    """Sections of an INI file; missing keys are taken from the published recipe."""
    ini = configparser.ConfigParser(inline_comment_prefixes=("#", ";"), interpolation=None)
    try:
        for file in (RECIPE, path):
            ini.read_string(pathlib.Path(file).read_text(encoding="utf-8"), source=str(file))
        model = {key: int(text) if key in SIZES else text for key, text in ini["model"].items()}
    except (OSError, UnicodeDecodeError, ValueError, KeyError, configparser.Error) as error:
        raise Failure(f"the configuration cannot be read: {error}") from None
    return ini, model


def published_conventions(mode):
    """The mistakes of the published code (docs/architecture.md) that imported weights need: those of the network and of
    the published sampler. Those of the losses and of the coupling do not affect sampling, and further training should
    not repeat them."""
    return {
        # The weights of linear_b were trained without the factor sqrt(1/3); the dense mode has it.
        "unscaled_pair_bias": mode in ("flash_1d_bias", "flash_2d_factorize_bias"),
        # Off: published batches hold chains of one length, in training and sampling, so the network never saw padding.
        # Switched on, a sample would depend on the others of its batch.
        "neighbors_include_padding": False,
        # The network's input for chains of at most model.neighbors residues.
        "self_as_last_neighbor": mode == "flash_1d_bias",
        # The network never saw an index that skips a gap, and gets positions from these embeddings only.
        "index_by_position": True,
        "short_index_periods": True,
        # Training and sampling used this logarithm.
        "truncated_log": True,
    }


def configuration_text(model, recipe, comment):
    sections = {
        "data": {"path": "unknown"},
        "model": model,
        "flow": recipe["flow"],
        # The published sampler feeds predictions back, which the network must be trained for.
        "training": {"self_conditioning": recipe["training"]["self_conditioning"]},
        "published": {key: str(on).lower() for key, on in published_conventions(model["mode"]).items()},
    }
    text = f"# {comment}\n"
    for name, keys in sections.items():
        text += f"\n[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
    return text


# ---- Our format: libfold/checkpoint.h.


def write_checkpoint(path, weights, configuration, step, epoch):
    """Writes the file atomically (temporary name, rename)."""
    partial = pathlib.Path(f"{path}.partial")
    try:
        with h5py.File(partial, "w") as file:
            file.attrs["format"] = "flashrna-checkpoint"
            file.attrs["version"] = np.int64(1)
            file.attrs["program"] = "flashrna"
            file.attrs["step"] = np.int64(step)
            file.attrs["epoch"] = np.int64(epoch)
            file.attrs["batch"] = np.int64(0)
            file.attrs["best_loss"] = math.inf  # not measured
            file.attrs["data"] = ""
            file.attrs["configuration"] = configuration
            group = file.create_group("weights")
            group.attrs["description"] = "parameters of the model, by name"
            for name, values in weights.items():
                group.create_dataset(name, data=values)
            for name in ("exp_avg", "exp_avg_sq", "step"):
                file.create_group(f"optimizer/{name}")
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise Failure(f"{path}: cannot be written: {error}") from None
    finally:
        partial.unlink(missing_ok=True)


def read_weights(path, config):
    """Parameters by name as arrays, their configuration, and the optimizer steps and epochs done."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise Failure(error.strerror) from None
    archive = open_archive(path)
    tensors, (step, epoch) = read_state_dict(archive)
    recipe, recipe_model = read_recipe(config)
    model = fitting_model(tensors, recipe_model, config)
    weights = {name: tensors[name].read(archive) for name in expected_shapes(model)}
    broken = [name for name, values in weights.items() if not np.isfinite(values).all()]
    if broken:
        raise Failure(f"holds numbers that are not finite in {', '.join(broken)}")
    comment = f"imported from {json.dumps(path.name)}, sha256 {digest}"
    return weights, configuration_text(model, recipe, comment), step, epoch


def import_checkpoint(options):
    if options.output.exists() and not options.force:
        raise Failure(f"{options.output}: exists; give --force to replace it")
    try:
        weights, configuration, step, epoch = read_weights(options.checkpoint, options.config)
    except Failure as failure:
        raise Failure(f"{options.checkpoint}: {failure}") from None
    write_checkpoint(options.output, weights, configuration, step, epoch)
    parameters = sum(values.size for values in weights.values())
    print(f"{options.output}: {parameters} parameters in {len(weights)} tensors, step {step}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoint", type=pathlib.Path, help="what torch.save or PyTorch Lightning wrote")
    arguments.add_argument("--output", type=pathlib.Path, required=True, help="the flashrna checkpoint to write (.h5)")
    arguments.add_argument("--config", type=pathlib.Path, default=RECIPE,
                           help="INI file with what shapes do not tell (default: configs/frameflow.ini)")
    arguments.add_argument("--force", action="store_true", help="replace the output if it exists")
    options = arguments.parse_args()
    try:
        import_checkpoint(options)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
