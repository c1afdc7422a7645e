import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before any test imports onnxruntime by itself: see providers/local/quiet.py
