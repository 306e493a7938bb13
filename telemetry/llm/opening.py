"""Opens log files: unpacked, as UTF-8, in bounded time and memory."""

import codecs
import gzip
import io
import os
import select
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, cast

from telemetry.llm.finding import STDIN
from telemetry.rows.reading import UnreadableRow

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Zstandard also allows frames without data before the others.
ZSTD_SKIPPABLE = tuple(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))

# Memory that unpacking may take: what `zstd` itself allows without an option.
LARGEST_WINDOW = 2**27

# Bytes unpacked at a time; a frame of zeros may contain 32,000 times as many.
ZSTD_STEP = 2**10

# How many seconds a pipe may be without a writer, and a writer silent.
NO_WRITER = 10
SILENCE = 600

# Logs compress to a tenth or a thirtieth. A file that unpacks to over 300 times its size, and to
# more than 4 MB, was made to waste time.
LARGEST_RATIO = 300
SMALL = 2**22

# What reading or unpacking raises when a file cannot be read to its end.
FAILURES: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, UnreadableRow)
zstandard: ModuleType | None
try:
    zstandard = import_module("zstandard")
except ImportError:
    zstandard = None
else:
    FAILURES += (zstandard.ZstdError,)


@contextmanager
def opened(file: Path, stdin: BinaryIO | None) -> Iterator[io.BufferedReader]:
    """The raw bytes of a file; standard input stays open. Raises OSError, UnreadableRow."""
    if file != STDIN:
        with _file(file) as stream:
            yield stream
    elif stdin is None:
        raise UnreadableRow("there is no standard input")
    else:
        stream = io.BufferedReader(cast(io.RawIOBase, stdin))
        try:
            yield stream
        finally:
            stream.detach()


def unpacked(stream: io.BufferedReader) -> io.BufferedReader:
    """The content of a file, unpacked if it is packed, in UTF-8. Raises one of FAILURES."""
    begin = stream.peek(4)[:4]
    if begin.startswith(GZIP_MAGIC):
        stream = io.BufferedReader(_Bounded(gzip.GzipFile(fileobj=stream), stream))
    elif begin == ZSTD_MAGIC or begin in ZSTD_SKIPPABLE:
        stream = io.BufferedReader(_Bounded(_zstd(stream), stream))
    encoding = _wide(stream.peek(4)[:4])
    return stream if encoding is None else io.BufferedReader(_Utf8(stream, encoding))


def _file(file: Path) -> io.BufferedReader:
    """A file or a pipe. A device would never end."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return io.BufferedReader(io.FileIO(descriptor))
        if stat.S_ISFIFO(mode):
            return io.BufferedReader(_Pipe(descriptor))
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "Is a directory", str(file))
        raise UnreadableRow("it is a device, not a file or a pipe")
    except BaseException:
        os.close(descriptor)
        raise


class _Pipe(io.RawIOBase):
    """A pipe, read for as long as something writes to it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._had_writer = False
        self._waiting = select.poll()
        self._waiting.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given_up = time.monotonic() + NO_WRITER
        while True:
            try:
                content = os.read(self._descriptor, len(buffer))
            except BlockingIOError:
                self._had_writer = True
                if not self._waiting.poll(SILENCE * 1_000):
                    raise UnreadableRow(f"its writer was silent for {SILENCE} seconds") from None
                continue
            if content or self._had_writer:
                self._had_writer = True
                buffer[: len(content)] = content
                return len(content)
            # Without a writer there is nothing to read, as at the end.
            if time.monotonic() > given_up:
                raise UnreadableRow(f"nothing wrote to the pipe for {NO_WRITER} seconds")
            time.sleep(0.02)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


class _Bounded(io.RawIOBase):
    """Unpacked content, while its size is in proportion to the file's.

    How much of standard input or of a pipe has been read is not known, so these are not limited.
    """

    def __init__(self, unpacked: io.RawIOBase | gzip.GzipFile, packed: io.BufferedReader) -> None:
        self._unpacked = unpacked
        self._packed = packed if packed.seekable() else None
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._unpacked.readinto(buffer) or 0
        self._read += count
        if self._read > SMALL and self._packed is not None:
            packed = self._packed.tell()
            if self._read > LARGEST_RATIO * packed:
                raise UnreadableRow(
                    f"it unpacks to more than {LARGEST_RATIO} times its size; unpack it yourself "
                    "if it is a log"
                )
        return count


def _zstd(stream: io.BufferedReader) -> io.RawIOBase:
    if zstandard is None:
        raise UnreadableRow(
            "it is packed with Zstandard, which needs: pip install 'actions-telemetry[zst]'"
        )
    return _Zstd(stream, zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW))


class _Zstd(io.RawIOBase):
    """The content of Zstandard frames. Unlike the package's own reader, it detects a cut frame."""

    def __init__(self, stream: io.BufferedReader, unpacker: Any) -> None:
        self._stream = stream
        self._unpacker = unpacker
        self._frame = self._unpacker.decompressobj()
        self._is_inside = False
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            packed = self._stream.read1(ZSTD_STEP)
            if not packed:
                if self._is_inside:
                    raise EOFError("Compressed file ended before the end of a frame")
                break
            self._left = self._unpack(packed)
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def _unpack(self, packed: bytes) -> bytes:
        found = []
        while packed:
            self._is_inside = True
            found.append(self._frame.decompress(packed))
            packed = b""
            if self._frame.eof:
                packed = self._frame.unused_data
                self._frame, self._is_inside = self._unpacker.decompressobj(), False
        return b"".join(found)


def _wide(begin: bytes) -> str | None:
    """The encoding of UTF-16 text, which PowerShell writes; None for anything else."""
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: the first character is ASCII, like every beginning of JSON.
    if len(begin) == 4 and begin[0] and begin[1:4:2] == b"\0\0" and begin[2]:
        return "utf-16-le"
    if len(begin) == 4 and begin[1] and begin[0:4:2] == b"\0\0" and begin[3]:
        return "utf-16-be"
    return None


class _Utf8(io.RawIOBase):
    """Text in another encoding, as UTF-8 bytes."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            content = self._stream.read1(2**16)
            self._left = self._decoder.decode(content, not content).encode("utf-8", "replace")
            if not content:
                break
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
