"""Before onnxruntime is imported: it shall tell nobody anything.

As published, it gives the machine an id at its import, keeps it in the home folder and sends events to its maker
(onnxruntime/core/platform/posix/telemetry_1ds.cc). `disable_telemetry_events` comes too late for that.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
