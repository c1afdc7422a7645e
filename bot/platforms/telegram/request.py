"""PTB's transport on aiohttp: httpx's pool costs the more the more is under way (encode/httpcore#1035)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT = 5.0  # seconds
READ = 10.0
WRITE_MEDIA = 30.0  # for what is uploaded, in place of `READ`
CONNECTIONS = 64


class AiohttpRequest(BaseRequest):
    """One connection pool. Raises what PTB raises for a network that fails; never with an address in it,
    since addresses hold the token."""

    def __init__(self, *, connections: int = CONNECTIONS, read_timeout: float = READ) -> None:
        self._connections = connections
        self._read_timeout = read_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds that an answer may take."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool. Again after a `shutdown`, if need be."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                headers={"User-Agent": self.USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        """Close the pool. Idempotent."""
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body. Raises TimedOut or NetworkError. Who waits for a connection is not timed: it is our pool."""
        if self._session is None:
            await self.initialize()  # what was begun by an earlier process goes on before we are logged in
        if self._session is None or self._session.closed:
            raise NetworkError("the connection to Telegram is closed")
        uploads = request_data is not None and request_data.contains_files
        longest = _seconds(read_timeout, self._read_timeout)
        if uploads and longest is not None:
            longest += _seconds(write_timeout, WRITE_MEDIA) or 0.0
        connect = _seconds(connect_timeout, CONNECT)
        whole = None if longest is None or connect is None else connect + longest  # an answer may drip
        timeout = aiohttp.ClientTimeout(total=whole, sock_connect=connect, sock_read=longest)
        try:
            async with self._session.request(
                method, url, data=_body(request_data), timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"no answer ({_why(error)})") from None


def _seconds(given: object, default: float) -> float | None:
    """None: for ever. PTB's own marker for "as usual" is neither that nor a number."""
    if given is None or isinstance(given, int | float):
        return given
    return default


def _body(given: RequestData | None) -> aiohttp.FormData | None:
    fields = {} if given is None else given.json_parameters
    if given is None or not (given.contains_files or fields):
        return None
    form = aiohttp.FormData(fields)
    if given.contains_files:
        for name, file in given.multipart_data.items():
            _attach(form, name, *file)
    return form


def _attach(form: aiohttp.FormData, name: str, filename: str, content: Any, content_type: str) -> None:
    """As a file object: aiohttp warns of large bytes."""
    body = BytesIO(content) if isinstance(content, bytes) else content
    form.add_field(name, body, filename=filename, content_type=content_type)


def _why(error: Exception) -> str:
    """Without the address that aiohttp's messages may hold."""
    cause = error.__cause__ if isinstance(error, aiohttp.ClientConnectorError) else None
    inner = cause or error
    code = getattr(inner, "strerror", None)
    return f"{type(error).__name__}: {code}" if code else type(error).__name__
