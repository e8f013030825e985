"""Imports checkpoints made here, in PyTorch's format and by PyTorch itself where it is installed.

usage: import_checkpoint_test.py [unittest's options]; exit status 77 = skipped
FLASHRNA_PROGRAM names the program that samples from them, FLASHRNA_SHARED a folder with more golden files.
"""

import collections
import configparser
import csv
import io
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import types
import unittest
import zipfile

try:
    import h5py
    import numpy as np
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(77)
try:
    import torch
except ImportError:
    torch = None

SOURCE = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = [SOURCE / "tests/data/golden"]
if "FLASHRNA_SHARED" in os.environ:
    GOLDEN.append(pathlib.Path(os.environ["FLASHRNA_SHARED"]) / "golden")


# ---- torch.save; works without PyTorch.


def save_without_torch(value, path):
    """Arrays become contiguous tensors."""
    module, utilities = types.ModuleType("torch"), types.ModuleType("torch._utils")
    module.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})

    def _rebuild_tensor_v2():
        pass

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utilities._rebuild_tensor_v2 = _rebuild_tensor_v2
    Storage = collections.namedtuple("Storage", "key size")
    storages = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if isinstance(value, Storage):
                return ("storage", module.FloatStorage, value.key, "cpu", value.size)

        def reducer_override(self, value):
            if not isinstance(value, np.ndarray):
                return NotImplemented
            storage = Storage(str(len(storages)), value.size)
            storages.append(value.astype("<f4").tobytes())
            stride = tuple(step // value.itemsize for step in np.zeros(value.shape, value.dtype).strides)
            return _rebuild_tensor_v2, (storage, 0, value.shape, stride, False, collections.OrderedDict())

    data = io.BytesIO()
    sys.modules.update({"torch": module, "torch._utils": utilities})
    Pickler(data, protocol=2).dump(value)
    del sys.modules["torch"], sys.modules["torch._utils"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data.getvalue())
        for key, numbers in enumerate(storages):
            archive.writestr(f"archive/data/{key}", numbers)


def as_torch(value):
    if isinstance(value, dict):
        return type(value)((key, as_torch(item)) for key, item in value.items())
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def save(value, path):
    if torch:
        torch.save(as_torch(value), path)
    else:
        save_without_torch(value, path)


class DictConfig:
    """A class that the importer does not know, as omegaconf's."""

    def __init__(self):
        self.content = {"model": {"node_embed_size": 256}, "itself": [self], "path": pathlib.Path("weights")}


class Command:
    """Runs when it is unpickled by the book."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def lightning(tensors):
    return {
        "epoch": 7,
        "global_step": 1234,
        "pytorch-lightning_version": "2.2.0",
        "state_dict": collections.OrderedDict(("model." + name, values) for name, values in tensors.items()),
        "optimizer_states": [{"state": {0: {"step": 1234.0}}, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999)}]}],
        "hyper_parameters": {"cfg": DictConfig(), "folding_cfg": None},
    }


# ---- Weights.


def published_weights(model):
    """Random numbers under the names and shapes of the published default models."""
    numbers = np.random.default_rng(1)
    with open(GOLDEN[0] / "parameters.csv", newline="") as table:
        return {
            row["name"]: numbers.standard_normal([int(n) for n in row["shape"].split("x")], dtype=np.float32)
            for row in csv.DictReader(table) if row["model"] == model and row["name"] != "TOTAL"
        }


def golden_weights(path):
    with h5py.File(path) as file:
        return {name: values[:].astype(np.float32) for name, values in file["weights"].items()}


class ImportCheckpoint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.output = self.folder / "out.h5"
        # Small weights, and the settings that their shapes do not determine.
        self.small = golden_weights(GOLDEN[0] / "flow_model_flash_1d_bias.h5")
        self.config = self.folder / "small.ini"
        self.config.write_text("[model] # golden\nposition_channels = 24 # c_pos_emb\ntime_channels = 20\n")

    def run_script(self, path, *options):
        return subprocess.run([sys.executable, SOURCE / "scripts/import_checkpoint.py", path, "--output", self.output,
                               *options], capture_output=True, text=True)

    def import_weights(self, value, *options):
        save(value, self.folder / "in.ckpt")
        return self.run_script(self.folder / "in.ckpt", *options)

    def expect_imported(self, result, tensors, step=0):
        """The output's configuration."""
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with h5py.File(self.output) as file:
            attributes = {"format": "flashrna-checkpoint", "version": 1, "program": "flashrna", "step": step,
                          "batch": 0, "best_loss": np.inf, "data": ""}
            self.assertEqual({key: file.attrs[key] for key in attributes}, attributes)
            self.assertEqual(set(file), {"weights", "optimizer"})
            self.assertEqual(set(file["weights"]), set(tensors))
            for name, values in tensors.items():
                stored = file["weights"][name]
                self.assertEqual((stored.dtype, stored.shape), (np.float32, values.shape), name)
                self.assertTrue(np.array_equal(stored[:], values), name)
            ini = configparser.ConfigParser(interpolation=None)
            ini.read_string(file.attrs["configuration"])
        return ini

    def expect_refused(self, result, *parts):
        self.assertEqual(result.returncode, 1, result.stderr)
        for part in ("error: ", *parts):
            self.assertIn(part, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertEqual(list(self.folder.glob("out.h5*")), [])

    def test_every_tensor_of_a_lightning_file_arrives_with_the_published_sizes(self):
        recipe = configparser.ConfigParser(inline_comment_prefixes=("#",), interpolation=None)
        recipe.read(SOURCE / "configs/frameflow.ini")
        for mode, count in (("flash_1d_bias", 17921732), ("orig_2d_bias", 16879892)):
            with self.subTest(mode):
                tensors = published_weights(mode)
                result = self.import_weights(lightning(tensors), "--force")
                ini = self.expect_imported(result, tensors, step=1234)
                self.assertIn(f"{count} parameters in {len(tensors)} tensors, step 1234", result.stdout)
                self.assertEqual(dict(ini["model"]), dict(recipe["model"], mode=mode))
                self.assertEqual(dict(ini["flow"]), dict(recipe["flow"]))
                self.assertEqual(ini["published"]["unscaled_pair_bias"], "true" if mode == "flash_1d_bias" else "false")
                self.assertEqual(ini["published"]["truncated_log"], "true")

    def small_weights(self):
        """Every mode that there are golden numbers of: its name, what is in the file, and what the network uses."""
        paths = {path.name: path for folder in reversed(GOLDEN) for path in folder.glob("flow_model_*.h5")}
        for path in sorted(paths.values()):
            tensors = golden_weights(path)
            mode = path.stem.removeprefix("flow_model_")
            unused = ("edge_embedder.", "trunk.edge_transition_") if mode == "flash_no_bias" else ()
            yield mode, tensors, {name: tensors[name] for name in tensors if not name.startswith(unused)}

    def test_sizes_are_read_off_the_shapes_in_every_mode(self):
        sizes = {"node_channels": 64, "blocks": 2, "attention_channels": 16, "attention_heads": 4, "query_points": 4,
                 "value_points": 6, "transformer_layers": 2, "torsion_channels": 128, "position_channels": 24}
        pair_sizes = {"pair_channels": 32, "edge_feature_channels": 16, "distance_bins": 22}
        for mode, tensors, used in self.small_weights():
            with self.subTest(mode):
                ini = self.expect_imported(self.import_weights(tensors, "--config", self.config, "--force"), used)
                expected = dict(sizes, mode=mode)
                if mode != "flash_no_bias":
                    expected.update(pair_sizes)
                if mode == "flash_1d_bias":
                    expected.update(pair_rank=2, neighbors=10)
                self.assertEqual({key: ini["model"][key] for key in expected},
                                 {key: str(value) for key, value in expected.items()})

    def test_the_factorized_2d_embedding_is_imported(self):
        tensors = published_weights("orig_2d_bias")
        for name, values in published_weights("flash_1d_bias").items():
            if name.startswith("trunk.edge_transition_"):
                tensors[name] = values
        factorizer = {"length_compressor.weight": (2, 150), "length_norm.weight": 2, "length_norm.bias": 2,
                      "inner_compressor.weight": (128, 128), "inner_norm.weight": 128, "inner_norm.bias": 128}
        for name, shape in factorizer.items():
            tensors["edge_embedder.factorizer." + name] = np.ones(shape, np.float32)
        model = self.expect_imported(self.import_weights(tensors), tensors)["model"]
        self.assertEqual((model["mode"], model["pair_rank"], model["factorizer_length"]),
                         ("flash_2d_factorize_bias", "2", "150"))

    @unittest.skipUnless("FLASHRNA_PROGRAM" in os.environ, "FLASHRNA_PROGRAM names no program")
    def test_the_program_samples_from_what_was_imported(self):
        for mode, tensors, _ in self.small_weights():
            with self.subTest(mode):
                self.assertEqual(self.import_weights(tensors, "--config", self.config, "--force").returncode, 0)
                sampled = subprocess.run([os.environ["FLASHRNA_PROGRAM"], "sample", "--checkpoint", self.output,
                                          "--lengths", "30", "--samples", "1", "--steps", "2", "--output",
                                          self.folder / mode], capture_output=True, text=True)
                self.assertEqual(sampled.returncode, 0, sampled.stderr)
                self.assertEqual(len(list((self.folder / mode).glob("*.cif"))), 1)

    def test_a_bare_state_dict_is_imported(self):
        self.expect_imported(self.import_weights(self.small, "--config", self.config), self.small)

    @unittest.skipUnless(torch, "PyTorch is not installed")
    def test_views_and_other_precisions_become_contiguous_float32(self):
        tensors = as_torch(self.small)
        names = list(tensors)
        matrix, gain = tensors["trunk.ipa_0.linear_q.weight"], tensors["trunk.ipa_ln_0.weight"]
        tensors["trunk.ipa_0.linear_q.weight"] = matrix.t().contiguous().t()
        tensors["trunk.ipa_ln_0.weight"] = torch.cat([gain + 1, gain])[gain.numel():]
        tensors["trunk.ipa_ln_1.weight"] = torch.nn.Parameter(gain.double())
        tensors["trunk.ipa_ln_0.bias"] = gain.bfloat16()
        tensors["trunk.ipa_ln_1.bias"] = gain.half()
        torch.save(tensors, self.folder / "in.pt")
        expected = {name: tensors[name].detach().float().numpy() for name in names}
        self.expect_imported(self.run_script(self.folder / "in.pt", "--config", self.config), expected)

    def test_every_difference_is_named(self):
        del self.small["trunk.ipa_1.linear_kv.weight"]
        self.small["discriminator.weight"] = np.zeros((3, 2), np.float32)
        self.small["trunk.bb_update_0.linear.weight"] = np.zeros((7, 64), np.float32)
        # A tensor from which sizes are derived: the others still determine its correct shape.
        self.small["node_embedder.linear.bias"] = np.zeros(65, np.float32)
        for value in (self.small, lightning(self.small)):
            self.expect_refused(self.import_weights(value, "--config", self.config), "flash_1d_bias",
                                "missing: trunk.ipa_1.linear_kv.weight [128, 64]\n",
                                "unexpected: discriminator.weight [3, 2]\n",
                                "trunk.bb_update_0.linear.weight is [7, 64] in the file, [6, 64] in the model\n",
                                "node_embedder.linear.bias is [65] in the file, [64] in the model\n",
                                "in 4 tensors")

    def test_a_configuration_of_other_sizes_is_refused(self):
        self.expect_refused(self.import_weights(self.small), "node_embedder.linear.weight is [64, 44] in the file",
                            "[64, 256] in the model", "model.position_channels = 128", "frameflow.ini")
        self.config.write_text("[model]\nblocks = six\n")
        self.expect_refused(self.import_weights(self.small, "--config", self.config), "six")
        self.expect_refused(self.import_weights(self.small, "--config", "no/such.ini"), "no/such.ini")

    def test_numbers_that_are_not_finite_are_refused(self):
        self.small["trunk.ipa_0.head_weights"][1] = np.nan
        result = self.import_weights(self.small, "--config", self.config)
        self.expect_refused(result, "numbers that are not finite in trunk.ipa_0.head_weights")

    def test_what_is_no_checkpoint_is_refused(self):
        path = self.folder / "in.ckpt"
        self.expect_refused(self.run_script(path), "in.ckpt: No such file")
        for bytes in (b"", b"some text", (GOLDEN[0] / "node_embedder.h5").read_bytes()):
            path.write_bytes(bytes)
            self.expect_refused(self.run_script(path), "in.ckpt: not a checkpoint")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/readme.txt", "text")
        self.expect_refused(self.run_script(path), "in.ckpt: not a checkpoint")
        for value in ([1, 2], {"state_dict": {}}, {"epoch": 3}, DictConfig()):
            self.expect_refused(self.import_weights(value), "in.ckpt: not a checkpoint")
        self.expect_refused(self.import_weights({"layer.weight": np.zeros((2, 2), np.float32)}), "layer.weight")

    def test_a_damaged_file_is_refused(self):
        save(self.small, self.folder / "whole.ckpt")
        with zipfile.ZipFile(self.folder / "whole.ckpt") as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        data = next(name for name in members if name.endswith("data.pkl"))
        numbers = next(name for name in members if name.endswith("data/0"))
        for name, content in ((data, members[data][:-9]), (data, b"\x80\x02."), (numbers, b""), (numbers, b"123"),
                              (numbers, None)):
            with zipfile.ZipFile(self.folder / "in.ckpt", "w") as archive:
                for member, original in members.items():
                    changed = content if member == name else original
                    if changed is not None:
                        archive.writestr(member, changed)
            self.expect_refused(self.run_script(self.folder / "in.ckpt", "--config", self.config), "in.ckpt: damaged: ")

    def test_nothing_in_the_file_runs(self):
        value = dict(lightning(self.small), callbacks=Command(str(self.folder / "made")))
        self.expect_imported(self.import_weights(value, "--config", self.config), self.small, step=1234)
        self.assertFalse((self.folder / "made").exists())

    def test_an_output_that_exists_is_kept_unless_forced(self):
        self.output.write_text("precious")
        result = self.import_weights(self.small, "--config", self.config)
        self.assertEqual((result.returncode, self.output.read_text()), (1, "precious"))
        self.assertIn("out.h5: exists; give --force to replace it", result.stderr)
        self.expect_imported(self.import_weights(self.small, "--config", self.config, "--force"), self.small)
        self.assertFalse(list(self.folder.glob("*.partial")))


if __name__ == "__main__":
    unittest.main()
