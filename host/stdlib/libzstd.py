# SPDX-License-Identifier: MIT
"""The few calls of libzstd that packing needs (CPython 3.13 has no zstd module)."""

import ctypes
import ctypes.util

_lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
_size, _pointer = ctypes.c_size_t, ctypes.c_void_p

for _name, _result, _arguments in (
    ("ZDICT_trainFromBuffer", _size,
     [_pointer, _size, _pointer, ctypes.POINTER(_size), ctypes.c_uint]),
    ("ZSTD_compressBound", _size, [_size]),
    ("ZSTD_isError", ctypes.c_uint, [_size]),
    ("ZSTD_getErrorName", ctypes.c_char_p, [_size]),
    ("ZSTD_createCCtx", _pointer, []),
    ("ZSTD_freeCCtx", _size, [_pointer]),
    ("ZSTD_CCtx_setParameter", _size, [_pointer, ctypes.c_int, ctypes.c_int]),
    ("ZSTD_CCtx_loadDictionary", _size, [_pointer, _pointer, _size]),
    ("ZSTD_compress2", _size, [_pointer, _pointer, _size, _pointer, _size]),
):  # fmt: skip
    getattr(_lib, _name).restype = _result
    getattr(_lib, _name).argtypes = _arguments


def _checked(result):
    if _lib.ZSTD_isError(result):
        raise OSError(f"libzstd: {_lib.ZSTD_getErrorName(result).decode()}")
    return result


def train(samples, size):
    """A dictionary of at most `size` bytes for `samples` (a list of bytes)."""
    out = ctypes.create_string_buffer(size)
    sizes = (_size * len(samples))(*map(len, samples))
    used = _lib.ZDICT_trainFromBuffer(out, size, b"".join(samples), sizes, len(samples))
    return out.raw[: _checked(used)]


class Compressor:
    """Compresses many buffers with one dictionary (b"": none); a context manager.

    Frames name neither their size nor their dictionary: the reader knows both."""

    LEVEL, CONTENT_SIZE, DICTIONARY_ID = 100, 200, 202  # ZSTD_cParameter

    def __init__(self, dictionary, level):
        self._context = _lib.ZSTD_createCCtx()
        for name, value in (
            (self.LEVEL, level), (self.CONTENT_SIZE, 0), (self.DICTIONARY_ID, 0),
        ):  # fmt: skip
            _checked(_lib.ZSTD_CCtx_setParameter(self._context, name, value))
        _checked(
            _lib.ZSTD_CCtx_loadDictionary(self._context, dictionary, len(dictionary))
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _lib.ZSTD_freeCCtx(self._context)

    def compress(self, data):
        bound = _lib.ZSTD_compressBound(len(data))
        out = ctypes.create_string_buffer(bound)
        used = _lib.ZSTD_compress2(self._context, out, bound, data, len(data))
        return out.raw[: _checked(used)]
