"""From a published checkpoint to a run folder: `import_weights(system, source, output)`.

The folder is one as training writes it, at step 0: it can be evaluated, exported, filled with and
trained on. `imported.json` in it says which files it comes from.
"""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import json
import os
from typing import Any, Callable

import tensorflow as tf

from inpainting.errors import InputError, reason
from inpainting.pretrained.importers import deepfill, recurrent
from inpainting.pretrained.importers.published import Arrays, Published
from inpainting.pretrained.importers.tensorflow_file import checkpoint_prefix, read_tensorflow_file
from inpainting.pretrained.importers.torch_file import read_torch_file
from inpainting.systems import registry
from inpainting.systems.base import InpaintingSystem
from inpainting.training.checkpoints import CheckpointStore
from inpainting.training.config import CONFIG_FILE, RunConfig

RECORD_FILE = "imported.json"
Take = Callable[[Published, Any], None]


@dataclasses.dataclass(frozen=True)
class Importer:
    """How one system's published files are read.

    Attributes:
        preset: whose settings the published networks have, but for the width.
        torch: whether files are PyTorch's, one for each network, or a TensorFlow 1 checkpoint.
        base: (generator's arrays, file) -> the width.
        image_size: discriminator's arrays -> side of the images it was trained on.
        take_generator, take_discriminator: (arrays, network) promise every array to a variable.
    """

    preset: str
    torch: bool
    base: Callable[[Arrays, str], int]
    image_size: Callable[[Arrays], int]
    take_generator: Take
    take_discriminator: Take


IMPORTERS = {
    "recurrent": Importer(
        preset="reference_code",
        torch=True,
        base=recurrent.base,
        image_size=lambda discriminator: recurrent.IMAGE_SIZE,
        take_generator=recurrent.take_generator,
        take_discriminator=recurrent.take_discriminator,
    ),
    "contextual_attention": Importer(
        preset="paper",
        torch=False,
        base=deepfill.plain_base,
        image_size=deepfill.image_size,
        take_generator=deepfill.take_generator,
        take_discriminator=deepfill.take_critics,
    ),
    "gated": Importer(
        preset="paper",
        torch=False,
        base=deepfill.gated_base,
        image_size=lambda discriminator: deepfill.IMAGE_SIZE,
        take_generator=deepfill.take_generator,
        take_discriminator=deepfill.take_patch_discriminator,
    ),
}


@dataclasses.dataclass(frozen=True)
class Imported:
    """What has been done: the run folder's checkpoint, and whether the discriminator came along."""

    checkpoint: str
    parameters: int
    with_discriminator: bool


def import_weights(
    system: str,
    source: str,
    output: str,
    discriminator: str = "",
    base: int = 0,
    generator_only: bool = False,
) -> Imported:
    """Writes the run folder `output` from the published weights in `source`.

    Args:
        system: a name in `IMPORTERS`.
        source: the generator's `.pth`, or a TensorFlow 1 checkpoint with both networks or the
            generator alone.
        output: the folder to write; it must not hold a run yet.
        discriminator: the discriminator's `.pth`, where there is one. A discriminator that is not
            in the files starts untrained.
        base: the width that the weights should have; 0 for whatever they have.
        generator_only: leave out whatever belongs to the discriminator.

    Raises:
        InputError: anything is wrong with the files or the folder; nothing has been written.
    """
    if system not in IMPORTERS:
        known = ", ".join(sorted(IMPORTERS))
        raise InputError(f"no published weights of {system!r} can be imported: known are {known}")
    importer = IMPORTERS[system]
    _check_output(output)
    files, networks = _read(importer, source, discriminator)
    if generator_only:
        networks["discriminator"] = {}
    config = _configure(importer, system, source, networks, base)
    built = _build(config)
    accounts = [Published(networks["generator"], source, system)]
    importer.take_generator(accounts[0], built.generator)
    if networks["discriminator"]:
        accounts.append(Published(networks["discriminator"], discriminator or source, system))
        importer.take_discriminator(accounts[1], built.discriminator)
    for account in accounts:
        account.finish()
    checkpoint = _write(output, config, built, files)
    return Imported(checkpoint, built.generator.count_params(), len(accounts) == 2)


def _check_output(output: str) -> None:
    if os.path.exists(os.path.join(output, CONFIG_FILE)):
        raise InputError(f"{output} already holds a run: name another folder")
    if os.path.exists(output) and not os.path.isdir(output):
        raise InputError(f"{output} is no folder")


def _read(
    importer: Importer, source: str, discriminator: str
) -> tuple[list[str], dict[str, Arrays]]:
    """The files that were read, and each network's arrays."""
    if not importer.torch:
        if discriminator:
            raise InputError("a TensorFlow checkpoint holds both networks: leave out the second")
        prefix = checkpoint_prefix(source)
        generator, critic = deepfill.split(read_tensorflow_file(prefix))
        files = sorted(glob.glob(glob.escape(prefix) + ".index") + _data_files(prefix))
        return files, {"generator": generator, "discriminator": critic}
    files = [source, discriminator] if discriminator else [source]
    read = [read_torch_file(path) for path in files]
    return files, {"generator": read[0], "discriminator": read[1] if discriminator else {}}


def _data_files(prefix: str) -> list[str]:
    return glob.glob(glob.escape(prefix) + ".data-*")


def _configure(
    importer: Importer, system: str, source: str, networks: dict[str, Arrays], base: int
) -> RunConfig:
    found = importer.base(networks["generator"], source)
    if base and base != found:
        raise InputError(f"{source} has weights of base {found}, not {base}")
    settings = registry.preset(system, importer.preset, {"base": found})
    size = importer.image_size(networks["discriminator"])
    return RunConfig(model=system, preset=importer.preset, system=settings, image_size=size)


def _build(config: RunConfig) -> InpaintingSystem:
    options: dict[str, Any] = {"image_size": config.image_size}
    if config.system.uses_vgg:
        from inpainting.losses.vgg import Vgg19

        # A checkpoint does not hold it: any will do.
        options["vgg"] = Vgg19("random")
    system = registry.build(config.model, config.system, **options)
    system.compile(config.steps)
    return system


def _write(output: str, config: RunConfig, system: InpaintingSystem, files: list[str]) -> str:
    """The run folder; its configuration comes last, so that what is unfinished is no run folder."""
    record = {
        "system": config.model,
        "files": {os.path.basename(path): _sha256(path) for path in files},
    }
    try:
        os.makedirs(output, exist_ok=True)
        store = CheckpointStore(output, system, keep=config.keep_checkpoints)
        checkpoint = store.save(0)
        for name, text in (
            (RECORD_FILE, json.dumps(record, indent=2) + "\n"),
            (CONFIG_FILE, config.to_json()),
        ):
            with open(os.path.join(output, name), "w", encoding="utf-8") as file:
                file.write(text)
    except (OSError, tf.errors.OpError) as error:
        raise InputError(f"{output} cannot be written: {reason(error)}") from None
    return checkpoint


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()
