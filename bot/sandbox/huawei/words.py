"""Every error code that Huawei documents, with its status and its words.

Sources: api-moderation/moderation_03_0010 (all on status 400), devg-apisign/api-sign-errorcode.
"""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """What an error looks like on the wire."""

    status: int
    code: str
    words: str


_SERVICE = {
    "AIS.0002": "The authentication token is abnormal.",
    "AIS.0003": "Failed to complete the request because of an internal service error.",
    "AIS.0004": "The request is unauthorized.",
    "AIS.0005": "The service does not exist.",
    "AIS.0007": "The service has not been enabled yet.",
    "AIS.0010": "The header is missing or left empty.",
    "AIS.0011": "Lack the request parameter, or the request parameter is empty.",
    "AIS.0012": "The request parameter is not supported.",
    "AIS.0013": "The request method is not allowed.",
    "AIS.0014": "The JSON format of the input data is incorrect.",
    "AIS.0015": "Base64 decoding of the input data is incorrect.",
    "AIS.0020": "The size of the request body exceeds the upper limit.",
    "AIS.0021": "The file type is not supported.",
    "AIS.0022": "The image or video URL is invalid.",
    "AIS.0023": "The file stored on OBS is too large.",
    "AIS.0024": "Failed to obtain the file from OBS.",
    "AIS.0025": "The file stored on OBS is empty.",
    "AIS.0026": "The token type is incorrect.",
    "AIS.0027": "The account is frozen.",
    "AIS.0028": "The task does not belong to the current user.",
    "AIS.0029": "Failed to download the file from the Internet.",
    "AIS.0030": "The task is not found.",
    "AIS.0031": "The total number of unprocessed tasks reaches the upper limit.",
    "AIS.0032": "The number of monthly free API calls has been used up.",
    "AIS.0039": "The parameter is repetitive.",
    "AIS.0401": "The input parameter is incorrect.",
    "AIS.0402": "The image format is not supported.",
    "AIS.0404": "Processing error.",
    "AIS.0405": "Internal error.",
    "AIS.0501": "The input parameter is invalid.",
    "AIS.0502": "The image format is not supported.",
    "AIS.0503": "The image is damaged.",
    "AIS.0504": "The image size does not meet requirements.",
    "AIS.0505": "The algorithm failed to run.",
    "AIS.0506": "An internal error occurred.",
}

_GATEWAY = (
    Said(404, "APIGW.0101", "The API does not exist or has not been published in the environment."),
    Said(404, "APIGW.0103", "The backend does not exist."),
    Said(400, "APIGW.0104", "The plug-ins do not exist."),
    Said(400, "APIGW.0105", "The backend configurations do not exist."),
    Said(400, "APIGW.0106", "Orchestration error."),
    Said(400, "APIGW.0201", "API request error."),
    Said(401, "APIGW.0301", "Incorrect IAM authentication information."),
    Said(403, "APIGW.0302", "The IAM user is not authorized to access the API."),
    Said(401, "APIGW.0303", "Incorrect app authentication information."),
    Said(403, "APIGW.0304", "The app is not authorized to access the API."),
    Said(401, "APIGW.0305", "Incorrect authentication information."),
    Said(403, "APIGW.0306", "API access denied."),
    Said(401, "APIGW.0307", "The token must be updated."),
    Said(
        429,
        "APIGW.0308",
        "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 second",
    ),
    Said(403, "APIGW.0310", "The project is unavailable."),
    Said(401, "APIGW.0311", "Incorrect debugging authentication information."),
    Said(403, "APIGW.0401", "Unknown client IP address."),
    Said(403, "APIGW.0402", "The IP address is not authorized to access the API."),
    Said(403, "APIGW.0404", "Access to the backend IP address has been denied."),
    Said(405, "APIGW.0501", "The app quota has been used up."),
    Said(405, "APIGW.0502", "The app has been frozen."),
    Said(500, "APIGW.0601", "Internal server error."),
    Said(400, "APIGW.0602", "Bad request."),
    Said(500, "APIGW.0605", "Domain name resolution failed."),
    Said(500, "APIGW.0606", "Failed to load the API configurations."),
    Said(400, "APIGW.0607", "The following protocol is supported: HTTPS"),
    Said(500, "APIGW.0608", "Failed to obtain the admin token."),
    Said(500, "APIGW.0609", "The VPC backend does not exist."),
    Said(502, "APIGW.0610", "No backend available."),
    Said(500, "APIGW.0611", "The backend port does not exist."),
    Said(500, "APIGW.0612", "An API cannot call itself."),
    Said(503, "APIGW.0613", "The IAM service is currently unavailable."),
    Said(500, "APIGW.0705", "Backend signature calculation failed."),
    Said(403, "APIGW.0801", "The service is unavailable in the currently selected region."),
    Said(403, "APIGW.0802", "The IAM user is forbidden in the currently selected region."),
)

WORDS: dict[str, Said] = {
    **{code: Said(400, code, words) for code, words in _SERVICE.items()},
    **{said.code: said for said in _GATEWAY},
}

# Other meanings that the gateway gives to one code.
TOO_LARGE = Said(413, "APIGW.0201", "Request entity too large.")
BACKEND_DOWN = Said(502, "APIGW.0201", "Backend unavailable.")
BACKEND_SLOW = Said(504, "APIGW.0201", "Backend timeout.")

_IAM = "Incorrect IAM authentication information: "
NO_PROOF = Said(401, "APIGW.0301", _IAM + "x-auth-token not found")
BAD_TOKEN = Said(401, "APIGW.0301", _IAM + "decrypt token fail")
NO_KEY = Said(401, "APIGW.0301", _IAM + "Get secretKey failed,ak:{ak},err:ak not exist")
LOCKED = Said(401, "APIGW.0301", _IAM + "AK access failed to reach the limit,forbidden.")
EXPIRED = Said(401, "APIGW.0301", _IAM + "calc ak sk signature fail:signature expired")
MISMATCH = Said(401, "APIGW.0301", _IAM + "verify aksk signature fail, canonicalRequest:{canonical}")
