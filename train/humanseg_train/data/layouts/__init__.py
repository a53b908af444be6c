"""Ways in which data sets lie on disk, one a module: `recognises(root)` and `scan(root)`."""
