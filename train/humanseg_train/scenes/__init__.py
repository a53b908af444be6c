"""Networks that tell several classes apart, such as those of Cityscapes."""
