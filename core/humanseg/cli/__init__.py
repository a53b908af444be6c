"""The commands. Their modules import what is heavy only when there is work to do, so that `--help` is quick."""
