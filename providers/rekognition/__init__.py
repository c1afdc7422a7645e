"""AWS Rekognition's image moderation: nudity, violence, hate symbols, self-harm, drugs and the like, for money.

Facts are from AWS' documentation (Rekognition developer guide: moderation-api, limits, error-handling; API reference:
API_DetectModerationLabels, CommonErrors) and from its SDK botocore, which judges signatures and answers in the tests.
"""

from providers.rekognition.provider import RekognitionProvider
from providers.rekognition.settings import RekognitionSettings

__all__ = ["RekognitionProvider", "RekognitionSettings"]
