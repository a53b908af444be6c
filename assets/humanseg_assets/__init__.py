"""Files that ship with humanseg: trained models. Opened through `humanseg.assets`."""
