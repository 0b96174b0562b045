"""Plain values and arrays over a pipe between two processes of this program; nothing that arrives is ever run."""

import marshal
import struct

import numpy as np

_LENGTH = struct.Struct("<q")


def send(stream, plain, arrays=()):
    """Write what `marshal` can write (numbers, text, lists, tuples, dicts) and arrays, which are not copied."""
    arrays = [np.ascontiguousarray(array) for array in arrays]
    head = marshal.dumps((plain, [(array.dtype.str, array.shape) for array in arrays]))
    stream.write(_LENGTH.pack(len(head)) + head)
    for array in arrays:
        stream.write(memoryview(array).cast("B") if array.size else b"")
    stream.flush()


def receive(stream):
    """Read what `send` wrote.

    Returns
    -------
    tuple
        The plain values, and the list of arrays.

    Raises
    ------
    EOFError
        When the other side has gone.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, bytearray(_LENGTH.size)))
    plain, kinds = marshal.loads(_exactly(stream, bytearray(length)))
    arrays = [np.empty(shape, kind) for kind, shape in kinds]
    for array in arrays:
        if array.size:
            _exactly(stream, memoryview(array).cast("B"))
    return plain, arrays


def _exactly(stream, buffer):
    view, at = memoryview(buffer), 0
    while at < len(view):
        count = stream.readinto(view[at:])
        if not count:
            raise EOFError("the other process has ended")
        at += count
    return buffer
