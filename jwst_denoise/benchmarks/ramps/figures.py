"""What the pictures have in common."""

__all__ = ["COLOURS", "new", "save", "show"]

#: Colours of what is compared.
COLOURS = {"truth": "black", "fit": "tab:orange", "ours": "tab:blue", "peer": "tab:green", "theory": "0.5"}


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
    """Show a small image in grey, or in the colours of a map."""
    shown = axis.imshow(image, vmin=low, vmax=high, origin="lower", interpolation="nearest", **options)
    axis.set(title=title, xticks=[], yticks=[])
    return shown
