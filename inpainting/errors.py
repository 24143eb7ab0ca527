"""The exceptions that end a command in one line."""


class InputError(ValueError):
    """Bad input or usage: a missing file, a mask of another size, an unknown name.

    Its message is one line that says what was expected and what was found. Every command prints
    that line and exits with code 2; nothing has been written or lost by then.
    """


class TrainingStopped(RuntimeError):
    """Training cannot go on although the input was good: a loss is no longer finite.

    Its message is one line; `train.py` prints it and exits with code 1.
    """


class TrainingInterrupted(BaseException):
    """A signal asked training to leave; everything that it had learned is kept.

    Its message is one line that says how to go on; `train.py` prints it and exits with code 75.
    Like KeyboardInterrupt it is no Exception, so that nothing on the way takes it for a failure.
    """


def reason(error: Exception) -> str:
    """Why an operating system's or TensorFlow's operation failed, as one short line.

    Of TensorFlow's `{{node}} file; reason [Op:Name]` it is the reason.
    """
    text = getattr(error, "strerror", None) or getattr(error, "message", None) or str(error)
    first = text.strip().split("\n")[0]
    return first.split("; ")[-1].split(" [Op:")[0]
