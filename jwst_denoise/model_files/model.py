"""A trained network with its information."""

from dataclasses import dataclass

from jwst_denoise.model_files.info import Domain, ReadOnly, render

__all__ = ["Model"]


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A trained network with its information.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode, on `device`.
    info : ReadOnly
        ``name``, ``family``, ``architecture``, ``domain``, ``provenance``, ``scores``, ``thresholds``, ``licence``,
        ``sha256`` and ``card``, the author's text.
    device : torch.device
        Device of the network.
    """

    network: object
    info: ReadOnly
    device: object

    def __repr__(self):
        """Name, device and digest."""
        return f"<Model {self.info['name']} on {self.device}, SHA-256 {self.info['sha256'][:12]}>"

    @property
    def card(self):
        """Model card in Markdown: the author's text and everything in `info`."""
        return render(self.info)

    def predict(self, *args, **kwargs):
        """Call the ``predict`` of the network, whose docstring describes arguments and result."""
        return self.network.predict(*args, **kwargs)

    def threshold(self, fpr=0.0005):
        """Operating point of the model.

        Parameters
        ----------
        fpr : float
            False-positive rate at which it was measured.

        Returns
        -------
        float
            Probability.

        Raises
        ------
        ValueError
            If none was measured at that rate; the message lists the measured rates.
        """
        points = {float(rate): value for rate, value in self.info["thresholds"].items()}
        if fpr not in points:
            known = ", ".join(self.info["thresholds"]) or "none"
            raise ValueError(f"{self.info['name']} has no operating point at fpr={fpr!r}; it has: {known}")
        return points[fpr]

    def check_domain(self, **exposure):
        """Reasons why an exposure is outside the domain of the model.

        Parameters
        ----------
        **exposure
            Its properties, as far as they are known: ``instrument``, ``kind`` (``image``, ``spectrum``), ``level``
            (``rate`` …), ``filter``, ``exposure_time`` (s), ``n_groups``, and the others of `Domain.reasons`.

        Returns
        -------
        list of str
            Empty inside the domain.

        Raises
        ------
        ValueError
            If there is no such property.
        """
        return Domain.from_mapping(self.info["domain"]).reasons(**exposure)
