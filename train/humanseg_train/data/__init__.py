"""Photographs with alphas: finding them, drawing them, and showing them to the network as a webcam would."""
