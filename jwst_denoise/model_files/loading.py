"""Models from files."""

from jwst_denoise.model_files import container, weights
from jwst_denoise.model_files.catalog import locate
from jwst_denoise.model_files.device import choose
from jwst_denoise.model_files.model import Model
from jwst_denoise.model_files.restore import restore
from jwst_denoise.model_files.values import read_only

__all__ = ["load", "read_info", "verify"]


def load(name_or_path, device="auto"):
    """Load a model.

    Every call gives a network of its own; the file is read once for as long as it does not change.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a shipped model, or the path of a model file.
    device : str
        ``auto`` (the fastest there is), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Returns
    -------
    Model

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If no such model is shipped, the file is not a valid model file, or the device is not there.
    """
    where = choose(device)
    path = locate(name_or_path)
    content = container.read(path)
    _check_digest(path, content)
    network = restore(content.info.architecture, content.weights, path)
    return Model(network.to(where), _public(content), where)


def read_info(name_or_path):
    """Information of a model, without its network.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a shipped model, or the path of a model file.

    Returns
    -------
    ReadOnly
        As ``Model.info``.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load`.
    """
    path = locate(name_or_path)
    content = container.read(path)
    _check_digest(path, content)
    return _public(content)


def verify(name_or_path):
    """All that is wrong with a model file.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a shipped model, or the path of a model file.

    Returns
    -------
    list of str
        Problems, each with the name of the file; empty if the model can be used.
    """
    try:
        path = locate(name_or_path)
        content = container.read(path)
    except (ValueError, OSError) as error:
        return [str(error)]
    of_digest = _problem(_check_digest, path, content)
    return of_digest + _problem(restore, content.info.architecture, content.weights, path)


def _check_digest(path, content):
    found = weights.digest(content.info, content.weights)
    if found != content.sha256:
        digests = f"SHA-256 is {found}, not {content.sha256}"
        raise ValueError(f"{path} was changed after it was made ({digests}); get it again")


def _problem(check, *args):
    """What a check that raises has to say, in a list."""
    try:
        check(*args)
    except ValueError as error:
        return [str(error)]
    return []


def _public(content):
    said = {"family": content.info.family, **content.info.as_dict(), "sha256": content.sha256}
    return read_only(said)
