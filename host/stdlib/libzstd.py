# SPDX-License-Identifier: MIT
"""The few calls of libzstd that packing needs (CPython 3.13 has no zstd module)."""

import ctypes
import ctypes.util


class _Parameters(ctypes.Structure):
    """ZDICT_fastCover_params_t: what ZDICT_trainFromBuffer() else finds by trial.
    Exported, but declared for static linking only: a later libzstd may change it."""

    _fields_ = [(name, kind) for kind, names in (
        (ctypes.c_uint, "k d f steps threads"), (ctypes.c_double, "split"),
        (ctypes.c_uint, "accel shrink shrink_max"), (ctypes.c_int, "level"),
        (ctypes.c_uint, "notification id")) for name in names.split()]  # fmt: skip


_lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
_size, _pointer = ctypes.c_size_t, ctypes.c_void_p

for _name, _result, _arguments in (
    ("ZDICT_trainFromBuffer_fastCover", _size,
     [_pointer, _size, _pointer, ctypes.POINTER(_size), ctypes.c_uint, _Parameters]),
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


def train(samples, size, level):
    """A dictionary of at most `size` bytes for `samples` (a list of bytes) that will be
    compressed at `level`."""
    # Long pieces compress better themselves; of k 32 to 3000, d 6 and 8 the best.
    parameters = _Parameters(k=1000, d=6, f=20, split=1.0, accel=1, level=level)
    out = ctypes.create_string_buffer(size)
    sizes = (_size * len(samples))(*map(len, samples))
    used = _lib.ZDICT_trainFromBuffer_fastCover(
        out, size, b"".join(samples), sizes, len(samples), parameters
    )
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
