"""Photographs in a few large files instead of millions of small ones.

A folder of shards holds

- `train-00000.tfrecord`, `train-00001.tfrecord` and so on (or `val-`, `all-`): TFRecords of
  `tf.train.Example` with the keys `image/encoded`, `image/format`, `image/height`, `image/width`,
  `image/filename` and `image/sha256`, which any program can read;
- `train.index.npy` and `train.names.txt`: where each photograph is, sorted by name, so that any one
  of them can be read without the others;
- `manifest.json`: counts, options, SHA-256 of every file, and what was skipped and why.

`prepare.prepare` makes such a folder, `sharded_photos.ShardedPhotos` reads it. docs/data.md is for
users.
"""
