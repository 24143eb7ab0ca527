"""The one exception that stands for a user's mistake."""


class InputError(ValueError):
    """Bad input or usage: a missing file, a mask of another size, an unknown name.

    Its message is one line that says what was expected and what was found. Every command prints
    that line and exits with code 2; nothing has been written or lost by then.
    """


class TrainingStopped(RuntimeError):
    """Training cannot go on although the input was good: a loss is no longer finite.

    Its message is one line; `train.py` prints it and exits with code 1.
    """


def reason(error: Exception) -> str:
    """Why an operating system's or TensorFlow's operation failed, as one short line.

    Of TensorFlow's `{{node}} file; reason [Op:Name]` it is the reason.
    """
    text = getattr(error, "strerror", None) or getattr(error, "message", None) or str(error)
    first = text.strip().split("\n")[0]
    return first.split("; ")[-1].split(" [Op:")[0]
