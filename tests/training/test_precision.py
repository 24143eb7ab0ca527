"""A whole run in half precision, in micro-batches, and what is left of it in float32."""

import json

import numpy as np
import pytest
import tensorflow as tf

from inpainting.loading import load_generator
from inpainting.systems import registry
from inpainting.training.config import RunConfig, read_config
from inpainting.training.run import train

PLAIN = {"base": 2, "perceptual_weight": 0.0, "low_pass_perceptual_weight": 0.0}


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_mixed_run_loads_in_float32(precision, tmp_path):
    config = RunConfig(
        model="recurrent",
        preset="paper",
        system=registry.preset("recurrent", "paper", PLAIN),  # style keeps VGG-19 in it
        vgg_weights="random",
        steps=3,
        batch_size=2,
        image_size=32,
        log_every=1,
        grid_every=0,
        workers=1,
        ema=0.9,
        micro_batches=2,
        mixed_precision=precision,
    )
    folder = str(tmp_path / "run")
    prefix = train(config, folder)
    assert tf.keras.mixed_precision.global_policy().name == "float32"
    assert read_config(folder).mixed_precision == precision
    lines = (tmp_path / "run" / "logs" / "train.jsonl").read_text().splitlines()
    assert len(lines) == 3
    assert all(np.isfinite(list(json.loads(line).values())).all() for line in lines)
    reader = tf.train.load_checkpoint(prefix)
    half = (tf.float16, tf.bfloat16)
    assert not [name for name, kind in reader.get_variable_to_dtype_map().items() if kind in half]
    generator = load_generator(prefix)
    assert generator.network.compute_dtype == "float32"
    frames = generator.generate(tf.zeros((1, 32, 32, 3)), tf.ones((1, 32, 32, 1)))
    for frame in frames.values():
        assert frame.dtype == tf.float32
        assert np.isfinite(frame.numpy()).all()
