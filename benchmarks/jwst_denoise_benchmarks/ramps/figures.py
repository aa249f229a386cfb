"""What the pictures have in common."""

from pathlib import Path

from jwst_denoise_benchmarks.rows import MissingData

__all__ = ["COLORS", "draw_all", "new", "save", "show"]

#: Colors of what is compared.
COLORS = {"truth": "black", "fit": "tab:orange", "ours": "tab:blue", "peer": "tab:green", "theory": "0.5"}


def new(size, *grid, **options):
    """Figure without a screen, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(*grid, **options)


def save(figure, path, dpi=75):
    """Write a PNG that is the same every time."""
    figure.savefig(path, dpi=dpi, metadata={"Software": None})


def show(axis, image, title, low, high, **options):
    """Show a small image in gray, or in the colors of a map."""
    shown = axis.imshow(image, vmin=low, vmax=high, origin="lower", interpolation="nearest", **options)
    axis.set(title=title, xticks=[], yticks=[])
    return shown


def draw_all(pictures, directory, names, quick):
    """Draw the pictures of groups; those that need a model or file that is not there are left out.

    Parameters
    ----------
    pictures : dict
        Group -> file -> function that draws it, called with the path and ``quick``.
    directory : path-like
        Where the PNG files go; made if it is not there.
    names : iterable of str
        Groups.
    quick : bool
        Small cases.

    Returns
    -------
    list of str
        Files that were left out.
    """
    folder, missing = Path(directory), []
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        for file, function in pictures.get(name, {}).items():
            try:
                function(folder / file, quick)
            except MissingData:
                missing.append(file)
    return missing
