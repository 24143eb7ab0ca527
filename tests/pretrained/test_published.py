"""The accounting: what is missing, misfitting or left over, and that nothing is changed then."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.pretrained.importers.published import Published


def _published(**arrays):
    return Published(
        {name: np.asarray(array, np.float32) for name, array in arrays.items()}, "FILE", "gated"
    )


def test_every_promise_is_kept():
    kernel, bias = tf.Variable(tf.zeros((2, 3))), tf.Variable([0.0])
    published = _published(weight=np.arange(6).reshape(3, 2), bias=[5], copy=[5], moment=[1])
    published.take("weight", kernel, (3, 2), np.transpose)
    published.take("bias", bias)
    published.leave(["copy", "moment", "nothing of this name"])
    assert kernel.numpy().any() == np.False_
    published.finish()
    assert kernel.numpy().tolist() == [[0, 2, 4], [1, 3, 5]]
    assert bias.numpy().tolist() == [5]


def test_all_problems_are_told_at_once_and_nothing_is_changed():
    good, bad = tf.Variable([0.0]), tf.Variable([0.0, 0.0])
    published = _published(good=[1], wide=[1, 2, 3], endless=[np.inf, 0], b=[[1, 2]], a=[1])
    published.take("good", good)
    published.take("gone", bad)
    published.take("gone too", good, (7, 8))
    published.take("wide", bad)
    published.take("endless", bad)
    with pytest.raises(InputError) as error:
        published.finish()
    assert str(error.value) == (
        "FILE does not fit gated; missing: gone (2,), gone too (7, 8); "
        "of another kind: wide is (3,) and not (2,), endless holds values that are not finite; "
        "left over: a (1,), b (1, 2)"
    )
    assert good.numpy().tolist() == [0]
