# SPDX-License-Identifier: MIT
"""Data files of packages inside the executable, for importlib.resources.

The importer in C gives bytes and names; the interfaces that importlib.resources asks
for are classes of the standard library and are met here.
"""

import io
from importlib.resources.abc import Traversable, TraversableResources


def reader(finder, package):
    """The resource reader of `package` (dotted name)."""
    return _Reader(finder, package.replace(".", "/"))


class _Reader(TraversableResources):
    def __init__(self, finder, folder):
        self._finder, self._folder = finder, folder

    def files(self):
        return _Entry(self._finder, self._folder)


class _Entry(Traversable):
    """A folder or a data file; `path` is relative to the executable's root."""

    def __init__(self, finder, path):
        self._finder, self.path = finder, path

    @property
    def name(self):
        return self.path.rpartition("/")[2]

    def _names(self):
        """Data files below this folder, as paths relative to it."""
        return self._finder._data_names(self.path)

    def iterdir(self):
        seen = dict.fromkeys(name.partition("/")[0] for name in self._names())
        return (_Entry(self._finder, f"{self.path}/{name}") for name in seen)

    def is_dir(self):
        return not self.is_file()

    def is_file(self):
        folder, _, name = self.path.rpartition("/")
        return name in self._finder._data_names(folder)

    def joinpath(self, *parts):
        return _Entry(self._finder, "/".join([self.path, *map(str, parts)]))

    def __truediv__(self, part):
        return self.joinpath(part)

    def read_bytes(self):
        return self._open()

    def open(self, mode="r", *args, **kwargs):
        stream = io.BytesIO(self._open())
        return stream if "b" in mode else io.TextIOWrapper(stream, *args, **kwargs)

    def _open(self):
        try:
            return self._finder.get_data(self.path)
        except OSError as error:
            raise FileNotFoundError(str(error)) from None

    def __repr__(self):
        return f"<data {self.path!r} in the executable>"
