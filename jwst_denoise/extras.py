"""Optional dependencies."""

__all__ = ["install_command"]


def install_command(extra):
    """Return the command that installs an extra of setup.cfg; the package is installed from a clone, not from PyPI."""
    return f"pip install -e '.[{extra}]' -c constraints.txt, in your clone of jwst_denoise"
