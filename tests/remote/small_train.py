"""train.py with a discriminator of few filters, so that a checkpoint has some 2 MB and not 170."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import train  # defines the flags
from inpainting import cli


def main(arguments):
    from inpainting.systems.recurrent import discriminator

    discriminator.PATCH_FILTERS = (4, 4, 4, 4, 4, 4)
    discriminator.EDGE_FILTERS = (4, 4, 4, 4, 4)
    discriminator.DECISION_FILTERS = 4
    return train.main(arguments)


if __name__ == "__main__":
    cli.run(main)
