"""An AWS Rekognition on loopback: DetectModerationLabels, as AWS documents it.

It shares no code with `providers.rekognition`: each is judged by the other, and both by AWS' own SDK.
"""

from bot.sandbox.rekognition.server import LoopbackRekognition

__all__ = ["LoopbackRekognition"]
