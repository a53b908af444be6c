"""Two machines on one: the frames are those of a single run, also when one of the two is lost half way."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from humanseg.matting import open_matter
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments

pytest.importorskip("ray")

CLUSTER = """
import sys, threading, time, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from ray.cluster_utils import Cluster
from humanseg.matting import open_matter
from humanseg.pipeline.cluster import Crew, join_cluster
from humanseg.pipeline.process import Output, process_video
from humanseg.pipeline.segments import Segments
clip, folder, model, lose = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4] == "lose"
lean = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False, "include_log_monitor": False}
cluster = Cluster(initialize_head=True, head_node_args=lean)
second = cluster.add_node(**lean)
import ray
ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
lost = []
def lose_one(progress):
    if lose and not lost and progress.frames >= 20:
        lost.append(cluster.remove_node(second, allow_graceful=False))
crew = Crew(model=model, engine="onnxruntime", threads=1, span=2)
outputs = [Output(path=folder / "c.mp4"), Output(path=folder / "t.mov", look="transparent")]
with open_matter(model, "onnxruntime", threads=1) as matter:
    result = process_video(clip, outputs, matter=matter, crew=crew, segments=Segments(length=10, warm_up=3),
                           on_progress=lose_one)
print("frames", result.frames, "lost", bool(lost), flush=True)
ray.shutdown()
cluster.shutdown()
"""


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.skipif(os.name != "posix", reason="raylets on one machine")
def test_a_machine_that_is_lost_half_way_costs_no_frame(media: Any, red_model: Path) -> None:
    clip = media.clip(frames=123, size=(160, 96), sound=["aac"])
    for folder in ("one", "two"):
        (media.folder / folder).mkdir()
    outputs = [
        Output(path=media.folder / "one" / "c.mp4"),
        Output(path=media.folder / "one" / "t.mov", look="transparent"),
    ]
    with open_matter(red_model, "onnxruntime", threads=1) as matter:
        process_video(clip, outputs, matter=matter, segments=Segments(length=10, warm_up=3))
    command = [sys.executable, "-c", CLUSTER, str(clip), str(media.folder / "two"), str(red_model), "lose"]
    environment = os.environ | {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    environment["RAY_enable_worker_prestart"] = "0"  # two workers are enough, and each costs seconds to start
    environment["RAY_raylet_start_wait_time_s"] = "120"  # a machine that builds other things is slow
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=170, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "frames 123 lost True" in done.stdout, (done.stdout[-1500:], done.stderr[-1500:])
    assert sorted(entry.name for entry in (media.folder / "two").iterdir()) == ["c.mp4", "t.mov"]
    for name in ("c.mp4", "t.mov"):
        assert media.same(media.folder / "two" / name, media.folder / "one" / name), name
