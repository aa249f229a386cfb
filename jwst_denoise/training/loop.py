"""The training loop: Lightning, with deepCR's two phases of batch normalization and the schedules of the papers."""

import contextlib
import logging
import warnings
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader, Sampler

__all__ = ["fit"]

DECAY = 0.1  # factor of the learning rate when the loss stalls
EPOCH_DECAY = 0.98  # factor of the learning rate after each epoch of an exponential schedule
IMPROVEMENT = 1e-3  # smallest relative improvement of the validation loss
DECAYS = 2  # after which the training stops at the next stall
GRADIENT_NORM = 1.0  # to which gradients are clipped


class FreshStamps(Sampler):
    """Indices that increase from epoch to epoch, so that no stamp occurs twice."""

    def __init__(self, length):
        self.length, self.epoch = length, 0

    def set_epoch(self, epoch):
        """Set the epoch; the trainer calls this."""
        self.epoch = epoch

    def __len__(self):
        return self.length

    def __iter__(self):
        return iter(range(self.epoch * self.length, (self.epoch + 1) * self.length))


class FreezeStatistics(Callback):
    """Second phase: batch normalization with fixed running statistics, forward and backward (deepCR, appendix A)."""

    def __init__(self, warm):
        self.warm = warm

    def on_train_epoch_start(self, trainer, module):
        """Freeze the statistics after the first phase."""
        if trainer.current_epoch >= self.warm:
            for layer in module.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()


class Training(lightning.LightningModule):
    """Network and loss of a task as a Lightning module."""

    def __init__(self, network, loss, settings):
        super().__init__()
        self.network, self.loss, self.settings = network, loss, settings

    def training_step(self, batch, index):
        """Loss of a batch."""
        value = self.loss(self.network, *batch)
        self.log("loss", value, prog_bar=True, on_step=False, on_epoch=True, batch_size=len(batch[1]))
        return value

    def validation_step(self, batch, index):
        """Loss of a batch of the validation."""
        value = self.loss(self.network, *batch)
        self.log("validation_loss", value, prog_bar=True, batch_size=len(batch[1]))

    def configure_optimizers(self):
        """Adam with the schedule of the settings."""
        optimizer = torch.optim.Adam(self.network.parameters(), lr=self.settings.learning_rate)
        if self.settings.schedule == "cosine":
            total = self.settings.epochs * self.settings.steps
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
        if self.settings.schedule == "constant":
            return optimizer
        if self.settings.schedule == "exponential":
            return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, EPOCH_DECAY)]
        if self.settings.schedule == "step":
            return [optimizer], [
                torch.optim.lr_scheduler.StepLR(optimizer, max(1, 2 * self.settings.epochs // 5), DECAY)
            ]
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=DECAY, patience=self.settings.patience, threshold=IMPROVEMENT
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "monitor": "validation_loss"}}


def fit(task, settings, output, *, resume=False, progress=True):
    """Train a task; the network ends with the weights of the lowest validation loss.

    Parameters
    ----------
    task : Task
        Network, data and loss.
    settings : Preset
        Schedule.
    output : path
        Directory for ``checkpoints/`` and ``log/`` (with a version for every start).
    resume : bool, optional
        Continue from the last checkpoint, if there is one.
    progress : bool, optional
        Show a progress bar.

    Returns
    -------
    dict
        ``epochs``, ``steps`` and ``validation_loss``.
    """
    directory = Path(output) / "checkpoints"
    last = directory / "last.ckpt"
    best = ModelCheckpoint(directory, "best", monitor="validation_loss", save_last=True, enable_version_counter=False)
    with _quiet():
        trainer = _trainer(settings, output, best, progress)
        module = Training(task.network.to(memory_format=torch.channels_last), task.loss, settings)
        checkpoint = str(last) if resume and last.exists() else None
        trainer.fit(module, *_loaders(task, settings), ckpt_path=checkpoint, weights_only=True)
    state = torch.load(best.best_model_path, map_location="cpu", weights_only=True)
    module.load_state_dict(state["state_dict"])
    score = float(best.best_model_score)
    return {"epochs": trainer.current_epoch, "steps": trainer.global_step, "validation_loss": score}


def _trainer(settings, output, best, progress):
    return lightning.Trainer(
        max_epochs=settings.epochs, logger=CSVLogger(output, name="log"), gradient_clip_val=GRADIENT_NORM,
        callbacks=[best, *_callbacks(settings)], enable_progress_bar=progress, enable_model_summary=False,
        log_every_n_steps=1, precision="bf16-mixed", num_sanity_val_steps=0,
    )  # fmt: skip


@contextlib.contextmanager
def _quiet():
    """Suppress Lightning's hints, and warnings about its use of torch."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"(lightning|torch)\.")
        for text in (".*does not have many workers.*", "Checkpoint directory .* is not empty"):
            warnings.filterwarnings("ignore", text)
        try:
            yield
        finally:
            logger.setLevel(level)


def _callbacks(settings):
    patience = (settings.patience + 1) * (DECAYS + 1)
    stop = EarlyStopping("validation_loss", patience=patience) if settings.schedule == "plateau" else None
    return [FreezeStatistics(settings.warm), LearningRateMonitor(), *([stop] if stop else [])]


def _loaders(task, settings):
    training = DataLoader(task.training, settings.batch, sampler=FreshStamps(len(task.training)))
    return training, DataLoader(task.validation, settings.batch)
