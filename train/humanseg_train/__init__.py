"""Train, measure and export the networks that `humanseg` runs."""
