"""Errors that one sentence explains; the tools print that sentence instead of a traceback."""


class UserError(Exception):
    """An error that the user can correct; its message names the fault and the remedy."""


class ConfigError(UserError):
    """A config names something that does not exist, or gives it a wrong value."""


class MissingLibrary(UserError, ModuleNotFoundError):
    """A library is not installed; the message says how to install it."""


class CheckpointError(UserError):
    """A checkpoint is missing, damaged, unsafe, of another model, or holds NaN."""


class DataError(UserError):
    """A data set holds nothing to learn from."""


class MissingFieldError(UserError, KeyError):
    """A record lacks a field that a metric reads: pipeline, model and metric do not fit.

    It is a KeyError too, as scripts may expect.
    """

    __str__ = Exception.__str__  # KeyError's would put the sentence in quotes


class DivergenceError(UserError):
    """Training has left the finite numbers."""
