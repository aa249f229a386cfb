"""A step that does what its input file says, in no time."""

import os
import time
from pathlib import Path

from stpipe import Step


class FakeStep(Step):
    """Runs the lines of a text file: ``write NAME TEXT``, ``sleep``, ``fail``, ``die once``, ``environment``, ..."""

    class_alias = "fake"
    spec = """
        output_ext = string(default=".out")  # Of products
        word = string(default=None)  # What to write behind the text
        count = integer(default=1)  # A number
    """

    @staticmethod
    def get_stpipe_loggers():
        return ("stpipe",)

    def process(self, path):
        self.path = Path(path)
        for line in self.path.read_text().splitlines():
            name, *words = line.split()
            getattr(self, f"_{name}")(*words)

    def _write(self, name, *words):
        with open(Path(self.output_dir, name), "w") as stream:
            stream.write(" ".join([*words, self.word or ""]))

    def _sleep(self, seconds):
        time.sleep(float(seconds))

    def _fail(self, kind, *words):
        raise {"value": ValueError, "other": RuntimeError}[kind](" ".join(words))

    def _fail_once(self):
        if self._first():
            raise RuntimeError("only once")

    def _die_once(self):
        if self._first():
            os.kill(os.getpid(), 9)

    def _die(self):
        os.kill(os.getpid(), 9)

    def _exit(self):
        raise SystemExit(3)

    def _environment(self, name, variable):
        self._write(name, os.environ.get(variable, "missing"))

    def _threads(self, name):
        import torch

        self._write(name, str(torch.get_num_threads()), os.environ["OPENBLAS_NUM_THREADS"])

    def _first(self):
        """Whether this is the first time that the file says so."""
        try:
            self.path.with_suffix(".tried").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _eat(self, megabytes):
        blocks = []
        for _ in range(int(megabytes) // 10):
            blocks.append(b"x" * 10**7)
            time.sleep(0.005)
