"""Networks by name, through segmentation-models-pytorch, and where their encoders start."""
