"""Several processes are one: the same batches, figures and weights."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.curves import read_metrics
from humanseg_train.networks.build import build_network
from humanseg_train.networks.shared_norm import share_norms
from humanseg_train.processes import process_count, trainer_options
from humanseg_train.provenance import read_provenance
from humanseg_train.recipe import Network, Recipe


@pytest.fixture
def steady_recipe(people: Path, tmp_path: Path) -> Path:
    """SGD: Adam's first steps have the size of the rate however small the gradient, and would enlarge rounding."""
    path = tmp_path / "steady.toml"
    path.write_text(f"""
name = "steady"
[data]
root = "{people}"
[augment]
sizes = [[64, 64]]
[network]
encoder = "resnet18"
encoder_weights = "none"
decoder_channels = [16, 8, 8, 8, 8]
[optimiser]
name = "sgd"
lr = 0.05
[schedule]
epochs = 2
samples_per_epoch = 8
batch = 4
workers = 0
threads = 1
""")
    return path


def train(recipe: Path, out: Path, processes: int) -> None:
    launcher = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"] if processes > 1 else []
    words = ["fit", str(recipe), "-o", str(out), "--no-report", "--loggers"]
    command = [sys.executable, "-m", *launcher, "humanseg_train", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.timeout(1900)
def test_two_processes_train_as_one_does(steady_recipe: Path, tmp_path: Path) -> None:
    """Real gloo, real sockets. Stated tolerance: 1e-5 in every weight and 1e-5 in every figure after four steps."""
    for processes in (1, 2):
        train(steady_recipe, tmp_path / str(processes), processes)
    one, two = (read_metrics(tmp_path / name) for name in "12")
    assert len(one) == len(two) == 2
    for ours, theirs in zip(two, one, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)
    weights, expected = (read_checkpoint(tmp_path / name / "last.ckpt")["state_dict"] for name in "21")
    assert list(weights) == list(expected)
    for name, tensor in expected.items():
        assert torch.allclose(weights[name].float(), tensor.float(), atol=1e-5), name
    assert read_provenance(tmp_path / "2" / "last.ckpt")["processes"] == 2


def test_shared_norms_are_the_usual_ones_where_there_is_one_process() -> None:
    torch.manual_seed(0)
    plain = Network(encoder="timm-efficientnet-b0", encoder_weights="none", decoder_channels=(16, 8, 8, 8, 8))
    network = build_network(plain).train()
    torch.manual_seed(0)
    shared = build_network(plain).train()
    assert share_norms(shared) > 50
    frame = torch.randn(2, 3, 64, 64)
    torch.manual_seed(1)
    expected = network(frame)
    torch.manual_seed(1)
    assert torch.equal(shared(frame), expected)
    assert list(shared.state_dict()) == list(network.state_dict())


def test_the_launcher_goes_before_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = settings.build(Recipe, {"schedule": {"devices": 2, "nodes": 2, "batch": 16}})
    for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert process_count(recipe) == (2, 2)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert process_count(recipe) == (4, 2)


def test_what_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot be shared out among 3") as raised:
        trainer_options(settings.build(Recipe, {"schedule": {"devices": 3, "batch": 16}}))
    assert "--schedule.batch 15" in raised.value.hint
    if not torch.cuda.is_available():
        with pytest.raises(SettingsError, match="FSDP needs GPUs"):
            trainer_options(settings.build(Recipe, {"schedule": {"strategy": "fsdp"}}))
