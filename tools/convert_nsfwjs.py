"""How `providers/local/nsfwjs-mobilenet-v2-mid.onnx` was made: nsfwjs's own weights as ONNX, without TensorFlow.

    npm pack nsfwjs@4.4.0 && tar xzf nsfwjs-4.4.0.tgz
    pip install onnx
    python tools/convert_nsfwjs.py package/dist/models/mobilenet_v2_mid OUT.onnx

Needs node, since the package keeps model and weights in JavaScript modules. The weights stay the eight-bit
numbers they are in the package and are expanded when a session is made (`Cast -> Mul -> Add`): 4.3 MB
instead of 17, and the same scores to 4e-6. Against the original run by tfjs: 1e-5. Another version of onnx
may write other bytes: whoever replaces the file changes the SHA-256 in `providers/local/models.py` too.

The model: `image` float32 [N, 224, 224, 3], RGB, 0..1  ->  `probs` [N, 5]: drawing, hentai, neutral, porn, sexy.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, CLASSES = 224, 5
PLAIN = {"Mul": "Mul", "Sub": "Sub", "AddV2": "Add"}

READ_PACKAGE = """
const { join } = require("path"), [folder] = process.argv.slice(1);
const read = name => { const m = require(join(folder, name)); return m.default ?? m };
const model = read("model.min.js");
const shards = model.weightsManifest.flatMap(group => group.paths).map(path => read(path + ".min.js"));
console.log(JSON.stringify({ model, shards }));
"""


@dataclass(frozen=True)
class Weight:
    """A tensor as the package stores it: `stored * scale + low`, or `stored` alone if scale is None."""

    stored: np.ndarray[Any, Any]
    scale: float | None = None
    low: float = 0.0

    def transposed(self, *axes: int) -> Weight:
        return Weight(self.stored.transpose(*axes), self.scale, self.low)


def weights(manifest: list[Mapping[str, Any]], raw: bytes) -> dict[str, Weight]:
    """All tensors by name, cut from the joined weight groups."""
    found, at = {}, 0
    for entry in (w for group in manifest for w in group["weights"]):
        quantised = entry.get("quantization")
        kind = np.dtype((quantised or entry)["dtype"])
        count = int(np.prod(entry["shape"]))
        stored = np.frombuffer(raw, kind, count, at).reshape(entry["shape"])
        at += stored.nbytes
        found[entry["name"]] = Weight(stored, quantised["scale"], quantised["min"]) if quantised else Weight(stored)
    if at != len(raw):
        raise SystemExit(f"the manifest describes {at} bytes of weights, the package holds {len(raw)}")
    return found


@dataclass
class Graph:
    """An ONNX graph under construction; every value gets a name of its own."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    tensors: list[onnx.TensorProto] = field(default_factory=list)
    names: int = 0

    def _name(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def op(self, kind: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        out = out or self._name()
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def tensor(self, values: Any, kind: type[np.generic] = np.float32) -> str:
        name = self._name()
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def weight(self, weight: Weight) -> str:
        """Small ones as floats, the others as they are stored."""
        if weight.scale is None:
            return self.tensor(weight.stored)
        if weight.stored.size < 64:
            return self.tensor(weight.stored.astype(np.float32) * weight.scale + weight.low)
        wide = self.op("Cast", self.tensor(weight.stored, np.uint8), to=TensorProto.FLOAT)
        scaled = self.op("Mul", wide, self.tensor(np.float32(weight.scale)))
        return self.op("Add", scaled, self.tensor(np.float32(weight.low)))

    def model(self, name: str) -> onnx.ModelProto:
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", SIDE, SIDE, 3])
        probs = helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["N", CLASSES])
        graph = helper.make_graph(self.nodes, name, [image], [probs], self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


class Converter:
    """Walks a frozen TensorFlow graph, as tfjs stores it, node by node (they are in order)."""

    def __init__(self, tensors: Mapping[str, Weight]) -> None:
        self._weights = tensors
        self._graph = Graph()
        self._made: dict[str, str] = {}

    def convert(self, nodes: list[Mapping[str, Any]]) -> onnx.ModelProto:
        for node in nodes:
            if node["op"] != "Const":
                self._made[node["name"]] = self._node(node, [i.split(":")[0] for i in node.get("input", [])])
        self._graph.op("Identity", self._made["Identity"], out="probs")
        return self._graph.model("mobilenet_v2_mid")

    def _value(self, name: str) -> str:
        return self._made[name] if name in self._made else self._graph.weight(self._weights[name])

    def _node(self, node: Mapping[str, Any], inputs: list[str]) -> str:
        kind, graph = node["op"], self._graph
        if kind == "Placeholder":
            return graph.op("Transpose", "image", perm=[0, 3, 1, 2])
        if kind in PLAIN:
            return graph.op(PLAIN[kind], *map(self._value, inputs))
        if kind in ("_FusedConv2D", "FusedDepthwiseConv2dNative"):
            return self._convolution(node["attr"], inputs, depthwise=kind != "_FusedConv2D")
        if kind == "AvgPool":
            return graph.op("AveragePool", self._value(inputs[0]), kernel_shape=[7, 7])
        if kind == "Squeeze":
            return graph.op("Flatten", self._value(inputs[0]))
        if kind == "_FusedMatMul":
            return graph.op("Gemm", *map(self._value, inputs))
        if kind == "Softmax":
            return graph.op("Softmax", self._value(inputs[0]), axis=-1)
        if kind == "Identity":
            return self._value(inputs[0])
        raise SystemExit(f"no rule for the operation {kind} of node {node['name']}")

    def _convolution(self, attributes: Mapping[str, Any], inputs: list[str], *, depthwise: bool) -> str:
        """height x width x in x out becomes out x in x height x width (depthwise: channels x 1 x height x width)."""
        kernel = self._weights[inputs[1]].transposed(*((2, 3, 0, 1) if depthwise else (3, 2, 0, 1)))
        made = self._graph.op(
            "Conv",
            self._value(inputs[0]),
            self._graph.weight(kernel),
            self._value(inputs[2]),
            strides=[int(i) for i in attributes["strides"]["list"]["i"]][1:3],
            group=kernel.stored.shape[0] if depthwise else 1,
            kernel_shape=list(kernel.stored.shape[2:]),
            auto_pad={"SAME": "SAME_UPPER", "VALID": "VALID"}[_text(attributes["padding"]["s"])],
        )
        fused = [_text(op) for op in attributes["fused_ops"]["list"]["s"]]
        if fused == ["BiasAdd"]:
            return made
        if fused == ["BiasAdd", "Relu6"]:
            return self._graph.op("Clip", made, self._graph.tensor(np.float32(0)), self._graph.tensor(np.float32(6)))
        raise SystemExit(f"no rule for a convolution fused with {fused}")


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def main(folder: str, out: str) -> None:
    read = subprocess.run(["node", "-e", READ_PACKAGE, str(Path(folder).resolve())], capture_output=True, check=True)
    package = json.loads(read.stdout)
    raw = b"".join(map(base64.b64decode, package["shards"]))
    model = Converter(weights(package["model"]["weightsManifest"], raw)).convert(
        package["model"]["modelTopology"]["node"]
    )
    onnx.save(model, out)
    print(f"{out}: {Path(out).stat().st_size:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
