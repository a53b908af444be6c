"""What it costs to tie OpenVINO's threads to cores, alone and beside a program that keeps the cores busy.

    python benchmarks/threads.py [--seconds 40]

Start the other program yourself (a test suite, an encoder) and run it beside. Runs the packaged network in 8-bit
integers as the preset `live` does, all ways taking turns, eight frames each, with the pause that a camera leaves.
Prints a Markdown table in milliseconds.
"""

import argparse
from time import perf_counter, sleep
from typing import Any

import numpy as np

from humanseg.engines.openvino import core
from humanseg.models import find_model

SIZE, TURN, PAUSE_S = (384, 224), 8, 0.012


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40)
    seconds = parser.parse_args().seconds
    requests = {(threads, tied): request(threads, tied=tied) for threads in (2, 1) for tied in (True, False)}
    frame = {"frame": np.random.default_rng(0).normal(size=(1, 3, SIZE[1], SIZE[0])).astype(np.float32)}
    for each in requests.values():
        each.infer(frame)
    times: dict[tuple[int, bool], list[float]] = {way: [] for way in requests}
    end = perf_counter() + seconds
    while perf_counter() < end:
        for way, each in requests.items():
            for _ in range(TURN):
                began = perf_counter()
                each.infer(frame, share_inputs=True)
                times[way].append(1000 * (perf_counter() - began))
                sleep(PAUSE_S)
    print("| threads | runs | p50 | p95 | longest |\n| --- | --- | --- | --- | --- |")
    for (threads, tied), taken in times.items():
        p50, p95 = np.percentile(taken, (50, 95))
        name = "tied to cores" if tied else "free"
        print(f"| {threads}, {name} | {len(taken)} | {p50:.1f} | {p95:.1f} | {max(taken):.0f} |")


def request(threads: int, *, tied: bool) -> Any:
    """The network compiled for so many threads."""
    network: Any = core().read_model(str(find_model().cpu_path))
    network.reshape({"frame": [1, 3, SIZE[1], SIZE[0]]})
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": tied,
    }
    return core().compile_model(network, "CPU", settings).create_infer_request()


if __name__ == "__main__":
    main()
