# SPDX-License-Identifier: MIT
"""identity - what makes two functions the same for a store that processes share.

Equal code in the same file is the same tool in every worker. A function that closes over
values, or is bound to an object, gives results that depend on these: it is itself only,
in this process and those forked from it.
"""

import os

__all__ = ["of"]


def of(function):
    """A short text; equal where results may be shared."""
    import hashlib

    digest = hashlib.blake2b(digest_size=8)
    plain = getattr(function, "__func__", function)
    code = getattr(plain, "__code__", None)
    is_private = (
        code is None
        or plain is not function
        or plain.__closure__
        or hasattr(function, "__wrapped__")
    )
    if is_private:
        digest.update(os.urandom(16))
    else:
        digest.update(repr((plain.__module__, plain.__qualname__)).encode())
        digest.update(repr((plain.__defaults__, plain.__kwdefaults__)).encode())
        _add(digest, code)
    return digest.hexdigest()


def _add(digest, code):
    todo = [code]
    while todo:
        part = todo.pop()
        digest.update(part.co_code)
        digest.update(repr((part.co_filename, part.co_names)).encode())
        for value in part.co_consts:
            if hasattr(value, "co_code"):
                todo.append(value)
            else:
                digest.update(repr(value).encode())
