"""Opens log files: unpacked, as UTF-8, in bounded time and memory."""

import codecs
import io
import os
import select
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, cast

from telemetry.llm.finding import STDIN
from telemetry.rows.reading import UnreadableRow

GZIP_MAGIC = b"\x1f\x8b"
BZIP2_MAGIC = b"BZh"
XZ_MAGIC = b"\xfd7zXZ\0"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Zstandard also allows frames without data before the others.
ZSTD_SKIPPABLE = tuple(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))

# Memory that unpacking may take: what `zstd` itself allows without an option.
LARGEST_WINDOW = 2**27

# Bytes unpacked at a time; a frame of zeros may contain 32,000 times as many.
STEP = 2**10

# Bytes at the beginning of a file that stay the same while a log is only added to.
HEAD = 2**12

# What is rare in text, and frequent in packed content.
CONTROLS = bytes({*range(32)} - {*b"\b\t\n\v\f\r\x1b"})

# How many seconds a pipe may be without a writer, and a writer silent.
NO_WRITER = 10
SILENCE = 600

# Logs compress to a tenth or a thirtieth. A file that unpacks to over 300 times its size, and to
# more than 4 MB, was made to waste time.
LARGEST_RATIO = 300
SMALL = 2**22

# What reading or unpacking raises when a file cannot be read to its end.
FAILURES: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, UnreadableRow)


def _module(name: str) -> ModuleType | None:
    """A module that not every Python has; None if this one does not."""
    try:
        return import_module(name)
    except ImportError:
        return None


bz2, lzma, zstandard = _module("bz2"), _module("lzma"), _module("zstandard")
if lzma is not None:
    FAILURES += (lzma.LZMAError,)
if zstandard is not None:
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
    begin = stream.peek(8)[:8]
    frames = _measured_frames if begin[4:] == ZSTD_MAGIC else _frames
    if new_unpacker := _unpacker(begin[4:] if frames is _measured_frames else begin):
        stream = io.BufferedReader(_Bounded(_Pieces(frames(stream, new_unpacker)), stream))
    encoding = _wide(stream.peek(4)[:4])
    return stream if encoding is None else io.BufferedReader(_Pieces(_utf8(stream, encoding)))


def is_text(stream: io.BufferedReader) -> bool:
    """Whether a file looks like text, by its beginning, which stays to be read."""
    begin = stream.peek(HEAD)[:HEAD]
    return len(begin) == len(begin.translate(None, CONTROLS))


def _file(file: Path) -> io.BufferedReader:
    """A file or a pipe. A device would never end."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return io.BufferedReader(_Growing(descriptor))
        if stat.S_ISFIFO(mode):
            return io.BufferedReader(_Pipe(descriptor))
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, "Is a directory", str(file))
        raise UnreadableRow("it is a device, not a file or a pipe")
    except BaseException:
        os.close(descriptor)
        raise


class _Growing(io.FileIO):
    """A file, read for as long as it is only added to.

    If it is cut or overwritten, a line could begin in the old content and end in the new one.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._head = b""
        self._read = 0

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer) or 0
        self._read += count
        head = os.pread(self.fileno(), HEAD, 0)
        # The size of some files of the system is 0, whatever they contain.
        size = os.fstat(self.fileno()).st_size
        if not head.startswith(self._head) or 0 < size < self._read:
            raise UnreadableRow(
                "it was cut or overwritten while it was read; the calls before are kept, and the "
                "next ingest reads the new content"
            )
        self._head = head
        return count


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

    def __init__(self, unpacked: io.RawIOBase, packed: io.BufferedReader) -> None:
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


def _unpacker(begin: bytes) -> Callable[[], Any] | None:
    """What makes an unpacker of a frame; None if the content is not packed. Raises UnreadableRow.

    It is recognised by its first bytes.
    """
    if begin.startswith(GZIP_MAGIC):
        return partial(zlib.decompressobj, zlib.MAX_WBITS | 16)  # 16: of gzip, with its sums
    if begin.startswith(BZIP2_MAGIC):
        if bz2 is None:
            raise UnreadableRow("it is packed with bzip2, which this Python lacks; unpack it")
        return cast(Callable[[], Any], bz2.BZ2Decompressor)
    if begin.startswith(XZ_MAGIC):
        if lzma is None:
            raise UnreadableRow("it is packed with xz, which this Python lacks; unpack it")
        return partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, LARGEST_WINDOW)
    if begin.startswith((ZSTD_MAGIC, *ZSTD_SKIPPABLE)):
        if zstandard is None:
            raise UnreadableRow(
                "it is packed with Zstandard, which needs: pip install 'actions-telemetry[zst]'"
            )
        unpacker = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
        return cast(Callable[[], Any], unpacker.decompressobj)
    return None


class _Pieces(io.RawIOBase):
    """Content that is made piece by piece."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(filter(None, self._pieces), b"")
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _frames(stream: io.BufferedReader, new_unpacker: Callable[[], Any]) -> Iterator[bytes]:
    """The content of packed frames, one after another, perhaps with zeros between them.

    Unlike the readers of some packages, it detects a cut frame and limits the memory.
    """
    frame, is_inside = new_unpacker(), False
    while packed := stream.read1(STEP):
        while packed := packed if is_inside else packed.lstrip(b"\0"):
            yield frame.decompress(packed)
            is_inside, packed = not frame.eof, frame.unused_data
            if not is_inside:
                frame = new_unpacker()
    if is_inside:
        raise EOFError("Compressed file ended before the end of a frame")


def _measured_frames(stream: io.BufferedReader, new_unpacker: Callable[[], Any]) -> Iterator[bytes]:
    """The content of packed frames, each after its size in four bytes.

    OpenTelemetry's collector writes them so (exporter/fileexporter), one export a frame, without a
    line end.
    """
    while size := stream.read(4):
        left, frame = int.from_bytes(size, "big"), new_unpacker()
        while packed := stream.read(min(left, STEP)):
            left -= len(packed)
            yield frame.decompress(packed)
        if not frame.eof:
            raise EOFError("Compressed file ended before the end of a frame")
        yield b"\n"


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


def _utf8(stream: io.BufferedReader, encoding: str) -> Iterator[bytes]:
    """Text in another encoding, as UTF-8 bytes."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while content := stream.read1(2**16):
        yield decoder.decode(content).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")
