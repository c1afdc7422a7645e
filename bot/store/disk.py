"""The data directory: private files, a ballast for the day the disk is full, one owner at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.store.errors import AlreadyRunning, ReadOnly

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
BALLAST = 16 * 2**20  # bytes
OUR_FILES = "beholder."


def private_directory(folder: Path) -> None:
    """Make `folder` with mode 0700, or tighten it if it is ours alone (empty, or holding our files)."""
    try:
        if not folder.is_dir():
            folder.mkdir(mode=PRIVATE_DIR, parents=True)
        if _is_ours_alone(folder):
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) & PRIVATE_DIR)
    except OSError as error:
        raise ReadOnly(
            f"cannot create {folder} ({error.strerror}); choose another BEHOLDER_DATA_DIR or give the bot's user access"
        ) from error


def _is_ours_alone(folder: Path) -> bool:
    """Somebody who names /tmp or their home as the data directory must not find it locked up."""
    about = folder.stat()
    if about.st_uid != os.geteuid() or about.st_mode & stat.S_ISVTX:
        return False
    return all(entry.name.startswith(OUR_FILES) for entry in folder.iterdir())


def private_file(path: Path, *, new: bool = False) -> None:
    """Make `path` with mode 0600 or tighten it; SQLite gives its -wal and -shm the same mode.

    `new` refuses a file that is there (FileExistsError). No umask is set: it belongs to all threads.
    """
    flags = os.O_RDWR | os.O_CREAT | (os.O_EXCL if new else 0)
    try:
        handle = os.open(path, flags, PRIVATE_FILE)
    except PermissionError as error:
        raise ReadOnly(f"{path} cannot be written; give the bot's user write access to {path.parent}") from error
    except (IsADirectoryError, FileNotFoundError) as error:
        raise ReadOnly(f"{path} cannot be opened ({error.strerror}); name a file in a directory that exists") from error
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        raise ReadOnly(f"{path} cannot be written ({error.strerror}); mount {path.parent} writable") from error
    os.close(handle)
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if each.exists() and stat.S_IMODE(each.stat().st_mode) != PRIVATE_FILE:
            each.chmod(PRIVATE_FILE)


class Ballast:
    """Bytes kept on the disk to be given up when it is full, so that a case can still be written."""

    def __init__(self, path: Path, size: int = BALLAST) -> None:
        self._path = path
        self._size = size

    @property
    def held(self) -> bool:
        """Whether it is there to be given up."""
        return self._path.exists()

    def take(self) -> bool:
        """Fill it, where at least as much stays free beside it. Returns whether it is held."""
        if self.held:
            return True
        if free(self._path.parent) < 2 * self._size:
            return False
        try:
            private_file(self._path)
            with self._path.open("wb") as file:
                file.write(bytes(self._size))
                os.fsync(file.fileno())
        except (OSError, ReadOnly):
            self._path.unlink(missing_ok=True)
        return self.held

    def drop(self) -> bool:
        """Give it up. Returns whether there was anything to give."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True


def free(folder: Path) -> int:
    """Bytes that may still be written there."""
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize


class ProcessLock:
    """One bot per data directory: held by the process, so a crash gives it back.

    Raises `AlreadyRunning` on entering. Writers of settings (`policy apply`) do not need it.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "beholder.lock"
        self._handle: int | None = None

    def __enter__(self) -> Self:
        private_directory(self._path.parent)
        private_file(self._path)
        handle = os.open(self._path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise AlreadyRunning(
                f"another bot (process {owner}) already runs on {self._path.parent}; "
                "stop it, or give this one its own BEHOLDER_DATA_DIR"
            ) from None
        with contextlib.suppress(OSError):  # on a full disk the lock holds without a name in it
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._handle is not None:
            os.close(self._handle)  # closing gives the lock back
            self._handle = None
