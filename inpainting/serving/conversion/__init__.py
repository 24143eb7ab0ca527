"""An exported model in the formats of other runtimes: ONNX, OpenVINO, TensorFlow Lite."""
