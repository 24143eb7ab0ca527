"""Makes a folder of shards from files or a tar: `prepare`; and reads one through: `verify`.

Photographs are converted by any number of processes and written by this one in the order of the
input. What is written is therefore a function of the input and the options alone, and a preparation
that was killed ends in the same bytes as one that was not: finished shards are kept, the one that
was being written is begun again.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import fcntl
import functools
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from inpainting.data.shards.conversion import Options, Skipped, convert
from inpainting.data.shards.duplicates import Duplicates
from inpainting.data.shards.index import array_bytes, concatenate, sorted_index
from inpainting.data.shards.inputs import Input
from inpainting.data.shards.journal import Journal, differences, journal_folder
from inpainting.data.shards.manifest import read_manifest, shard_problems, write_manifest
from inpainting.data.shards.parallel import ordered_map
from inpainting.data.shards.shard_writer import ShardWriter
from inpainting.data.shards.storage import is_as_recorded, record_of, write_bytes
from inpainting.errors import InputError
from inpainting.evaluation.files import make_folder
from inpainting.evaluation.progress import Progress


def prepare(source: Input, split: str, output: str, options: Options, workers: int = 1) -> str:
    """Puts the photographs of `source` into shards in `output`, as its split `split`.

    Returns:
        A line that says what is there now, or that there was nothing to do.

    Raises:
        InputError: `output` holds the split, or a part of it, of another input or other options;
            the input is damaged or has no photograph that can be used; `output` cannot be written,
            or another process writes there.
    """
    make_folder(output)
    with _locked(output):
        record = {"input": source.record, "options": dataclasses.asdict(options)}
        splits = read_manifest(output)
        if split in splits:
            _check_done(output, split, splits[split], record)
            return f"{split}: nothing to do, {output} has {_content(splits[split])}"
        journal = Journal(output, split, record)
        _say_what_is_there(journal, split)
        _write_shards(source, split, journal, options, workers)
        splits[split] = _finish(journal, split, record)
        write_manifest(output, splits)
        journal.remove()
    return f"{split}: {output} has {_content(splits[split])}"


def verify(output: str) -> str:
    """Reads all files of a folder of shards and compares their SHA-256 with the manifest.

    Raises:
        InputError: there is no manifest, or files that differ; the line names them.
    """
    splits = read_manifest(output)
    if not splits:
        raise InputError(f"{output} has no manifest of shards")
    files = [
        file
        for record in splits.values()
        for file in (*record["shards"], record["entries"], record["names"])
    ]
    with Progress(len(files), "files verified") as progress:
        wrong = []
        for file in files:
            if not is_as_recorded(output, file):
                wrong.append(file["name"])
            progress.add(1)
    if wrong:
        raise InputError(
            f"{len(wrong)} of {len(files)} files in {output} are not as the manifest says: "
            f"{' '.join(wrong)}"
        )
    return f"{output}: all {len(files)} files are as the manifest says"


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Keeps a second process from writing there; the lock goes with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(f"another process is preparing shards in {folder}") from error
    finally:
        os.close(descriptor)


def _check_done(output: str, split: str, done: dict[str, Any], record: dict[str, Any]) -> None:
    differing = differences(done, record)
    if differing:
        raise InputError(
            f"{output} has {split} already, prepared with {differing}: give another --output"
        )
    for problem in shard_problems(output, done).values():
        raise InputError(f"{problem}: remove {output} and prepare it again")
    shutil.rmtree(journal_folder(output, split), ignore_errors=True)


def _say_what_is_there(journal: Journal, split: str) -> None:
    if journal.repeated:
        print(f"{split}: {journal.repeated} shards are damaged and made again", file=sys.stderr)
    if journal.finished:
        count = sum(line["shard"]["photographs"] for line in journal.finished)
        print(
            f"{split}: going on after {len(journal.finished)} shards with {count:,} photographs",
            file=sys.stderr,
        )


def _write_shards(
    source: Input, split: str, journal: Journal, options: Options, workers: int
) -> None:
    """Goes through what the journal does not have yet."""
    duplicates = Duplicates(source.names_may_repeat)
    for number in range(len(journal.finished)):
        part = journal.read_part(number)
        duplicates.add_all(part.index.all_names(), part.pixels)
    inputs = journal.finished[-1]["inputs"] if journal.finished else 0
    writer: ShardWriter | None = None
    results = ordered_map(
        functools.partial(convert, options=options), source.items(inputs), workers
    )
    progress = Progress(source.total, f"{split}, {source.unit}")
    with progress, contextlib.closing(results):
        for result in results:
            if writer is None:
                writer = ShardWriter(journal, split, len(journal.finished))
            skipped = result._asdict() if isinstance(result, Skipped) else duplicates.find(result)
            if skipped:
                writer.skipped.append(skipped)
            elif not isinstance(result, Skipped):
                if writer.photographs and writer.size + len(result.record) > options.shard_bytes:
                    writer.close(inputs)
                    writer = ShardWriter(journal, split, len(journal.finished))
                writer.add(result)
            inputs += 1
            progress.add(source.done - progress.done)
    if writer is None:
        return
    if not writer.photographs:
        raise InputError(
            f"none of the {inputs} photographs can be used: {writer.skipped[0]['reason']}"
        )
    writer.close(inputs)


def _finish(journal: Journal, split: str, record: dict[str, Any]) -> dict[str, Any]:
    """Writes the index; returns the manifest's part."""
    if not journal.finished:
        raise InputError("there are no photographs to put into shards")
    parts = [journal.read_part(number) for number in range(len(journal.finished))]
    index = concatenate([part.index for part in parts], [0] * len(parts))
    skipped = [line for part in parts for line in part.skipped]
    for line in skipped:
        if "of" in line:
            line["reason"] = f"{line['name']} has the pixels of {index.name(line.pop('of'))}"
    index = sorted_index(index)
    entries = os.path.join(journal.output, f"{split}.index.npy")
    names = os.path.join(journal.output, f"{split}.names.txt")
    write_bytes(entries, array_bytes(index.entries))
    write_bytes(names, index.names.tobytes())
    counts = collections.Counter(line["kind"] for line in skipped)
    return {
        **record,
        "photographs": len(index.entries),
        "smallest_side": int(np.minimum(index.entries["height"], index.entries["width"]).min()),
        "shards": [line["shard"] for line in journal.finished],
        "entries": record_of(entries),
        "names": record_of(names),
        "skipped_counts": dict(sorted(counts.items())),
        "skipped": skipped,
    }


def _content(record: dict[str, Any]) -> str:
    photographs, shards = record["photographs"], len(record["shards"])
    size = sum(shard["bytes"] for shard in record["shards"]) / 1e6
    text = f"{photographs:,} photograph{'s' * (photographs != 1)} in "
    text += f"{shards} shard{'s' * (shards != 1)}, {size:.1f} MB"
    if record["skipped"]:
        counts = ", ".join(f"{count} {kind}" for kind, count in record["skipped_counts"].items())
        text += f"; {len(record['skipped'])} skipped ({counts}), listed in manifest.json"
    return text
