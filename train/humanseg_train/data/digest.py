"""One number for a data set: whoever has the same photographs, masks and splits gets the same."""

import hashlib
from collections.abc import Sequence

from humanseg_train.data.samples import Sample


def digest(samples: Sequence[Sample]) -> str:
    """SHA-256, in hexadecimal, over the name, split and both files of every sample; their order plays no part."""
    total = hashlib.sha256()
    for sample in sorted(samples, key=lambda one: (one.split, one.name)):
        total.update(f"{sample.split}\0{sample.name}\0".encode())
        for path in (sample.image, sample.mask):
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
