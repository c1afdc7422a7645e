"""A Huawei Cloud on loopback: IAM and Image Moderation V3, as the vendor documents them.

It shares no code with `providers.huawei`: each is judged by the other, and both by Huawei's own SDK.
"""

from bot.sandbox.huawei.server import LoopbackHuawei
from bot.sandbox.huawei.service import Call

__all__ = ["Call", "LoopbackHuawei"]
