"""What Huawei's error codes mean: which error each is, and its cure.

By `error_code`, never by HTTP status: the service puts all of its own on 400, an internal fault too. The gateway
gives several meanings to one code and tells them apart by words; those stand before the code's general meaning.
Its words are read and never repeated: for a wrong signature it sends back the whole signed request.
Sources: api-moderation/moderation_03_0010 (AIS), devg-apisign/api-sign-errorcode and api-sign-0001 (APIGW),
api-iam/iam_02_0006 (IAM).

ProviderError
├── Unavailable
│   ├── RateLimited        APIGW.0308
│   ├── Timeout            APIGW.0201 "Backend timeout."
│   └── ServerFault        AIS.0003 and the like, and codes nobody told us of
├── Refused
│   ├── NotFetched         Huawei could not get the image from its URL: send the bytes
│   └── TooLarge, UnsupportedFormat, BadRequest
└── Denied
    ├── BadCredentials
    │   ├── BadKey         AK and SK, or user and password, do not fit
    │   ├── ClockSkew      this machine's clock is wrong
    │   └── StaleToken     a token that has to be renewed
    ├── WrongProject       not a project of this account in this region
    ├── NotSubscribed      the service is not switched on
    ├── Unexplained        a refusal without a code, mostly not Huawei's own
    └── QuotaSpent
        └── AccountFrozen  nothing is served until the bill is paid
"""

from __future__ import annotations

from typing import NamedTuple

from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Refused,
    ServerFault,
    Timeout,
    TooLarge,
    UnsupportedFormat,
)


class NotFetched(Refused):
    """Huawei could not get the image from its URL; the bytes themselves may do."""


class BadKey(BadCredentials):
    """Access key and secret, or user and password, do not fit together or are locked."""


class ClockSkew(BadCredentials):
    """The clock of this machine is too far from Huawei's: signatures hold for 15 minutes."""


class StaleToken(BadCredentials):
    """A token that has run out or was withdrawn: a new one may do."""


class WrongProject(Denied):
    """The project is not one of this account in this region, or may not be used."""


class NotSubscribed(Denied):
    """The service is not switched on for this account and region."""


class Unexplained(Denied):
    """A refusal without a code: mostly of something that stands between."""


class AccountFrozen(QuotaSpent):
    """The account is frozen, mostly for an unpaid bill."""


class Meaning(NamedTuple):
    """What a code stands for."""

    kind: type[ProviderError]
    cure: str


_KEY = Meaning(BadKey, "the access key is wrong or was deleted: check AK and SK for a missing or extra character.")
_LOCKED = Meaning(BadKey, "the access key is locked for five minutes after five wrong signatures: check AK and SK.")
_CLOCK = Meaning(ClockSkew, "the signature came too late or too early: set this machine's clock (NTP).")
_STALE = Meaning(StaleToken, "our proof of identity was refused, a new one too: check region, and keys or user.")
_SCOPE = Meaning(WrongProject, "the token is not one of a project: check region and project ID.")
_PROJECT = Meaning(WrongProject, "the project may not be used: check the project ID, and that it is of the region.")
_ADDRESS = Meaning(WrongProject, "there is no such API here: check region, project ID and address.")
_RIGHTS = Meaning(NotSubscribed, "this user may not call it: give it the role Moderation FullAccess, and subscribe.")
_SUBSCRIBE = Meaning(NotSubscribed, "Content Moderation is not switched on: subscribe to it in the console's region.")
_FROZEN = Meaning(AccountFrozen, "the account is frozen: pay what is open in the Billing Center.")
_SPENT = Meaning(QuotaSpent, "the free calls of the month are used up: top up the account or buy a package.")
_FAULT = Meaning(ServerFault, "Huawei failed on its side; it is asked again.")
_OURS = Meaning(BadRequest, "Huawei found the request wrong: please report this code to the makers of Beholder.")
_FORMAT = Meaning(UnsupportedFormat, "Huawei does not take this kind of picture.")
_LARGE = Meaning(TooLarge, "the picture is too large for Huawei.")
_URL = Meaning(NotFetched, "Huawei could not fetch the picture from its URL: send the bytes, or check the address.")
_TYPE = Meaning(Denied, "Huawei does not know the moderation policy: check the name of biz_type in the console.")

MEANINGS: dict[str, Meaning] = {
    "AIS.0002": _STALE,
    "AIS.0003": _FAULT,
    "AIS.0004": _SUBSCRIBE,
    "AIS.0005": _SUBSCRIBE,
    "AIS.0007": _SUBSCRIBE,
    "AIS.0010": _OURS,
    "AIS.0011": _OURS,
    "AIS.0012": _OURS,
    "AIS.0013": _OURS,
    "AIS.0014": _OURS,
    "AIS.0015": _OURS,
    "AIS.0020": _LARGE,
    "AIS.0021": _FORMAT,
    "AIS.0022": _URL,
    "AIS.0023": _LARGE,
    "AIS.0024": _URL,
    "AIS.0025": _URL,
    "AIS.0026": _SCOPE,
    "AIS.0027": _FROZEN,
    "AIS.0028": _OURS,
    "AIS.0029": _URL,
    "AIS.0030": _OURS,
    "AIS.0031": Meaning(RateLimited, "too much is waiting for Huawei already; it is asked again later."),
    "AIS.0032": _SPENT,
    "AIS.0039": _OURS,
    "AIS.0401": _OURS,
    "AIS.0402": _FORMAT,
    "AIS.0404": _FAULT,
    "AIS.0405": _FAULT,
    "AIS.0501": _OURS,
    "AIS.0502": _FORMAT,
    "AIS.0503": Meaning(UnsupportedFormat, "Huawei takes the picture for broken."),
    "AIS.0504": Meaning(TooLarge, "the picture is too small or too large for Huawei: 20 to 6000 pixels a side."),
    "AIS.0505": _FAULT,
    "AIS.0506": _FAULT,
    "APIGW.0101": _ADDRESS,
    "APIGW.0103": _FAULT,
    "APIGW.0104": _FAULT,
    "APIGW.0105": _FAULT,
    "APIGW.0106": _FAULT,
    "APIGW.0201": _OURS,
    "APIGW.0202": _FAULT,
    "APIGW.0203": Meaning(Timeout, "Huawei gave no answer in time; it is asked again."),
    "APIGW.0301": _KEY,
    "APIGW.0302": _RIGHTS,
    "APIGW.0303": _CLOCK,
    "APIGW.0304": _RIGHTS,
    "APIGW.0305": _KEY,
    "APIGW.0306": _RIGHTS,
    "APIGW.0307": _STALE,
    "APIGW.0308": Meaning(RateLimited, "the account's calls for now are used up; it is asked again later."),
    "APIGW.0310": _PROJECT,
    "APIGW.0311": _KEY,
    "APIGW.0401": Meaning(Denied, "Huawei does not take calls from this machine's address: check proxies."),
    "APIGW.0402": Meaning(Denied, "this machine's address is not allowed: check the access rules of the account."),
    "APIGW.0404": _FAULT,
    "APIGW.0501": _SPENT,
    "APIGW.0502": _FROZEN,
    "APIGW.0601": _FAULT,
    "APIGW.0602": _OURS,
    "APIGW.0605": _FAULT,
    "APIGW.0606": _FAULT,
    "APIGW.0607": Meaning(Denied, "Huawei wants another protocol here: the address must begin with https://."),
    "APIGW.0608": _FAULT,
    "APIGW.0609": _FAULT,
    "APIGW.0610": _FAULT,
    "APIGW.0611": _FAULT,
    "APIGW.0612": _FAULT,
    "APIGW.0613": _FAULT,
    "APIGW.0705": _FAULT,
    "APIGW.0801": Meaning(NotSubscribed, "the service is not to be had in this region: choose another region."),
    "APIGW.0802": Meaning(NotSubscribed, "this user may not use this region: choose another region or user."),
    "IAM.0001": _OURS,
    "IAM.0002": _KEY,
    "IAM.0003": _RIGHTS,
    "IAM.0004": _PROJECT,
    "IAM.0006": _FAULT,
    "IAM.0011": _KEY,
    "IAM.0101": _LOCKED,
}

# Where one code means several things: (code, words in small letters, meaning), the first that fits.
BY_WORDS: tuple[tuple[str, str, Meaning], ...] = (
    ("APIGW.0201", "timeout", MEANINGS["APIGW.0203"]),
    ("APIGW.0201", "unavailable", _FAULT),
    ("APIGW.0201", "too large", _LARGE),
    ("APIGW.0301", "decrypt token", _STALE),
    ("APIGW.0301", "token expire", _STALE),
    ("APIGW.0301", "reach the limit", _LOCKED),
    ("APIGW.0301", "signature expired", _CLOCK),
    ("APIGW.0301", "not exist", _KEY),
    ("AIS.0012", "biz_type", _TYPE),
    ("AIS.0011", "biz_type", _TYPE),
)

UNKNOWN = Meaning(ServerFault, "nobody has told us this code: look it up in Huawei's documentation.")


def meaning(code: str, words: str = "") -> Meaning:
    """What `code` stands for, told apart by the vendor's `words` where it means several things.

    `APIG` and `APIC` are newer names of the gateway's `APIGW`. A code that nobody knows may be a passing
    fault: it is tried again, and then an outage, never a pass.
    """
    family, _, number = code.partition(".")
    code = f"APIGW.{number}" if family in ("APIG", "APIC") else code
    said = words.lower()
    for known, telling, found in BY_WORDS:
        if known == code and telling in said:
            return found
    return MEANINGS.get(code, UNKNOWN)
