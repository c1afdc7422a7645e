"""AWS' errors in AWS' words (developer guide, error-handling; API reference, CommonErrors)."""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """An error as it is on the wire."""

    status: int
    code: str
    words: str


_ALL = (
    Said(400, "AccessDeniedException", "User: {arn} is not authorized to perform: rekognition:DetectModerationLabels"),
    Said(400, "ExpiredTokenException", "The security token included in the request is expired"),
    Said(400, "HumanLoopQuotaExceededException", "The number of in-progress human reviews exceeds the number allowed."),
    Said(400, "ImageTooLargeException", "Image size is too large."),
    Said(400, "IncompleteSignature", "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature'."),
    Said(400, "InvalidClientTokenId", "The AWS access key ID provided does not exist in our records."),
    Said(400, "InvalidImageFormatException", "Request has invalid image format"),
    Said(400, "InvalidParameterException", "Request has invalid parameters"),
    Said(400, "InvalidS3ObjectException", "Unable to get object metadata from S3."),
    Said(400, "InvalidSignatureException", "The request signature we calculated does not match the one you provided."),
    Said(400, "LimitExceededException", "A Rekognition service limit was exceeded."),
    Said(400, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    Said(403, "OptInRequired", "The AWS access key ID needs a subscription for the service."),
    Said(400, "ProvisionedThroughputExceededException", "Provisioned rate exceeded."),
    Said(413, "RequestEntityTooLargeException", "The request entity is too large."),
    Said(400, "RequestExpired", "The request reached the service more than 15 minutes after its date stamp."),
    Said(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    Said(408, "RequestTimeoutException", "Reading the request timed out."),
    Said(400, "ResourceNotFoundException", "The specified resource doesn't exist."),
    Said(400, "ResourceNotReadyException", "The requested resource isn't ready."),
    Said(400, "SerializationException", "Start of structure or map found where not expected."),
    Said(400, "SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service"),
    Said(400, "ThrottlingException", "Slow down; sudden increase in rate of requests"),
    Said(404, "UnknownOperationException", "The action or operation requested is not valid."),
    Said(400, "UnrecognizedClientException", "The security token included in the request is invalid."),
    Said(400, "ValidationException", "1 validation error detected"),
    Said(500, "InternalFailure", "The request processing has failed because of an unknown error."),
    Said(500, "InternalServerError", "Internal server error"),
    Said(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
)

WORDS: dict[str, Said] = {said.code: said for said in _ALL}
BUSY = Said(500, "ThrottlingException", "Service Unavailable")
