# SPDX-License-Identifier: MIT
"""A file system that can be full."""
import os
import subprocess


class Small:
    """Of a few megabytes, mounted on a directory of the test; wants root."""

    def __init__(self, t, size):
        self.path = os.path.join(t.dir, "small")
        os.mkdir(self.path, 0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o",
                        f"size={size},mode=700", "tmpfs", self.path],
                       check=True)
        t.fixtures.append(self)

    def fill(self):
        with open(os.path.join(self.path, "ballast"), "wb",
                  buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError:
                pass

    def empty(self):
        os.unlink(os.path.join(self.path, "ballast"))

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=True)
