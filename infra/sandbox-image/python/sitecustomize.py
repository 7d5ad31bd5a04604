"""Runs at each start of the image's Python; it must cost next to nothing."""

import sys


class _PrepareMatplotlib:
    """On the first import of matplotlib: draw off screen, and use the font list that the image brings."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "matplotlib":
            sys.meta_path.remove(cls)
            _prepare()
        return None


def _prepare():
    import os

    os.environ.setdefault("MPLBACKEND", "Agg")
    folder = os.environ.setdefault("MPLCONFIGDIR", "/tmp/.matplotlib")
    brought = "/usr/share/causeway/matplotlib"
    try:
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(brought):
            if not os.path.lexists(f"{folder}/{name}"):
                os.symlink(f"{brought}/{name}", f"{folder}/{name}")
    except OSError:
        pass  # No writable folder, or no list: matplotlib then lists the fonts itself.


sys.meta_path.insert(0, _PrepareMatplotlib)
