"""Huawei Cloud Image Moderation V3.

Facts are from Huawei's documentation (api-moderation/moderation_03_0086 and _0010, devg-apisign/api-sign-errorcode,
api-iam) and from its official SDK, which judges this client in the tests.
"""

from providers.huawei.provider import HuaweiProvider
from providers.huawei.settings import HuaweiSettings, ImageTextConfig

__all__ = ["HuaweiProvider", "HuaweiSettings", "ImageTextConfig"]
