"""The app: one window around one pipeline of `humanseg`, for calls, recordings and files.

Nothing here imports Qt before the command line was read; `humanseg_desktop.ui` is where the widgets live.
"""

import os

# OpenCV reads these once, when it is loaded. By default its threads keep cores busy while they wait for each other
# after every small step, and the call needs those cores: asleep, a frame takes a sixth less of the processor's time
# (benchmarks/README.md).
for _name in ("OPENCV_THREAD_POOL_ACTIVE_WAIT_MAIN", "OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER"):
    os.environ.setdefault(_name, "0")
