"""The paper's generator: one recurrent encoder and decoder, run twice, coarse to refine.

Pass 1 (coarse) sees the image with a blank hole, and its buffers are zero. Pass 2 (refine) sees the
image with the coarse result in the hole, and the buffer of each recurrent convolution is what that
convolution put out in pass 1. Between encoder and decoder stands a stack of residual blocks in pass
1 and the attention route in pass 2. The state is passed in and handed back, so a call depends on
its arguments alone.

Conventions: image `(B, H, W, 3)` in [0, 1], mask `(B, H, W, 1)` of 0 and 1, 1 = hole. Source: J. W.
Baik, "Image Inpainting" (Stanford), appendix B.
"""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.padding import pad_to_multiple
from inpainting.layers.pyramid_fill import pyramid_fill
from inpainting.systems.recurrent.modules import AttentionRoute, Decoder, Encoder, ResidualRoute

# Two halvings in the encoder and one in the attention.
SIZE_MULTIPLE = 8
# At a quarter of 16 pixels the residual blocks can reflect by two.
SMALLEST_SIZE = 16
# The state of encoder and decoder before anything has run: every buffer zero.
FIRST_PASS = (None, None)
PREFILLS = ("white", "pyramid")
# With this the untrained "pyramid" model's result is the fill, give or take a few per cent.
RESIDUAL_OUTPUT_SCALE = 0.1


@tf.keras.utils.register_keras_serializable("inpainting")
class RecurrentGenerator(tf.keras.Model):
    """Fills the holes of images of any size.

    Args:
        base: channels of the first layer, an even number: 16 in the paper, 48 in the published
            weights.
        padding: "SYMMETRIC" as in the paper, or "REFLECT" as in the published weights.
        prefill: what the first pass sees in the hole. "white" is the paper's, and the passes put
            out colours, `(tanh + 1) / 2`. With "pyramid", not in the paper, it is a smooth fill
            (`inpainting.layers.pyramid_fill`), and both passes put out a residual, `fill + tanh`.
        recurrent: False leaves the buffers off in the refine pass too (the paper's ablation).

    Call arguments:
        image: `(B, H, W, 3)` in [0, 1], H and W at least 1. What it holds inside the hole has no
            influence.
        mask: `(B, H, W, 1)`, 1 = hole; each sample has its own.
        training: True leaves residual outputs unclipped, so that gradients survive at the ends.

    Returns:
        `{"coarse", "refined"}`: full frames `(B, H, W, 3)` in [0, 1]; with the "pyramid" prefill in
        training, in [-1, 2].
    """

    def __init__(
        self,
        base: int = 16,
        padding: str = "SYMMETRIC",
        prefill: str = "white",
        recurrent: bool = True,
        **kwargs,
    ):
        # Colours stay float32 under mixed precision; each layer casts what it is given by itself.
        super().__init__(autocast=False, **kwargs)
        if base < 2 or base % 2:
            raise ValueError(f"base must be even and at least 2, got {base}")
        if prefill not in PREFILLS:
            raise ValueError(f"prefill must be one of {PREFILLS}, got {prefill!r}")
        self.base = base
        self.padding = padding
        self.prefill = prefill
        self.recurrent = recurrent
        self.encoder = Encoder(base, padding, name="encoder")
        output_scale = RESIDUAL_OUTPUT_SCALE if prefill == "pyramid" else 1.0
        self.decoder = Decoder(base, padding, output_scale, name="decoder")
        self.coarse_route = ResidualRoute(4 * base, padding, name="coarse_route")
        self.refine_route = AttentionRoute(4 * base, padding, name="refine_route")
        if not recurrent:
            for layer in (*self.encoder.layers, *self.decoder.layers):
                layer.buffer_conv.trainable = False

    def call(self, image, mask, training: bool | None = None):
        image, mask = (tf.cast(part, self.variable_dtype) for part in (image, mask))
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        residual = self.prefill == "pyramid"
        filled = pyramid_fill(image, mask) if residual else image * (1 - mask) + mask
        filled = pad_to_multiple(filled, SIZE_MULTIPLE, SMALLEST_SIZE)
        mask = pad_to_multiple(mask, SIZE_MULTIPLE, SMALLEST_SIZE)
        holes = mask[:, ::SIZE_MULTIPLE, ::SIZE_MULTIPLE]

        outputs, state = self._run(filled, mask, self.coarse_route)
        coarse = filled + outputs if residual else (outputs + 1) / 2
        outputs, _ = self._run(
            filled * (1 - mask) + coarse * mask,
            mask,
            lambda features: self.refine_route(features, holes),
            state if self.recurrent else FIRST_PASS,
        )
        refined = filled + outputs if residual else (outputs + 1) / 2

        frames = {"coarse": coarse, "refined": refined}
        if residual and not training:
            frames = {name: tf.clip_by_value(frame, 0, 1) for name, frame in frames.items()}
        return {name: frame[:, :height, :width] for name, frame in frames.items()}

    def _run(self, filled, mask, route, state=FIRST_PASS):
        """One pass over an image whose hole is filled somehow.

        Returns `(outputs, state)`: outputs `(B, H, W, 3)` in [-1, 1].
        """
        encoder_state, decoder_state = state
        inputs = tf.concat((filled, mask), axis=-1)
        features, skips, encoder_state = self.encoder(inputs, encoder_state)
        outputs, decoder_state = self.decoder(route(features), skips, 1 - mask, decoder_state)
        return tf.tanh(tf.cast(outputs, filled.dtype)), (encoder_state, decoder_state)

    def get_config(self):
        config = super().get_config()
        config.update(
            base=self.base,
            padding=self.padding,
            prefill=self.prefill,
            recurrent=self.recurrent,
        )
        return config
