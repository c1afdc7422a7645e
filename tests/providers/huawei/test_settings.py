"""Settings: every mistake at once, each with its cure, and no secret anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from providers.huawei.settings import HuaweiSettings

SECRETS: dict[str, Any] = {
    "ak": "AK",
    "sk": "canary-sk",
    "security_token": "canary-session",
    "password": "canary-password",
}


def settings(**changes: Any) -> HuaweiSettings:
    return HuaweiSettings(**{"ak": "AK", "sk": "SK", **changes})


@pytest.mark.parametrize(
    ("changes", "cure"),
    [
        ({"sk": ""}, r"secret access key \(SK\) is missing"),
        ({"ak": ""}, r"access key ID \(AK\) is missing"),
        ({"ak": "", "sk": ""}, "needs an access key"),
        ({"ak": "", "sk": "", "username": "u", "password": "p"}, "needs an access key"),
        ({"region": "Singapore"}, "'Singapore' is no region of Huawei Cloud: it looks like ap-southeast-3"),
        ({"project_id": "a/b"}, "project ID is letters"),
        ({"url": "http://moderation.example"}, "over https:// only"),
        ({"iam_url": "ftp://127.0.0.1"}, "over https:// only"),
        ({"url": "https://"}, "over https:// only"),
        ({"categories": ()}, "none given"),
        ({"categories": ("porn", "ads")}, "categories are porn, terrorism, image_text; 'ads' not known"),
        ({"delivery": "carrier pigeon"}, "base64 or relay or direct"),
        ({"biz_type": "a policy!"}, "no policy of the console"),
        ({"language": "de"}, "reads zh, en, ar, not 'de'"),
        ({"price": -1.0}, "0 or more"),
        ({"price": float("nan")}, "0 or more"),
    ],
)
def test_a_mistake_says_its_cure(changes: dict[str, Any], cure: str) -> None:
    with pytest.raises(ValueError, match=cure):
        settings(**changes)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"region.*categories.*base64 or relay or direct"):
        settings(region="?", categories=(), delivery="?")


def test_addresses_follow_from_the_region_unless_they_are_set() -> None:
    assert settings(region="cn-north-4").endpoint == "https://moderation.cn-north-4.myhuaweicloud.com"
    assert settings().iam_endpoint == "https://iam.ap-southeast-3.myhuaweicloud.com"
    assert settings(url="https://proxy.example/h/").endpoint == "https://proxy.example/h"
    assert settings(iam_url="http://127.0.0.1:99/").iam_endpoint == "http://127.0.0.1:99"


def test_a_key_goes_before_a_login() -> None:
    assert not settings(username="u", password="p", domain="d").by_token
    assert HuaweiSettings(username="u", password="p", domain="d").by_token


def test_no_secret_stands_in_a_repr_or_in_a_mistake() -> None:
    shown = repr(HuaweiSettings(**SECRETS))
    with pytest.raises(ValueError) as caught:
        settings(**SECRETS, region="?", url="http://x", categories=(), delivery="?", price=-1)
    for said in (shown, str(caught.value)):
        assert "canary" not in said
