"""What `predict` writes: every view at the picture's own size, of pictures and of videos."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import humanseg
from humanseg.errors import HumansegError
from humanseg.sources.video_file import VideoFileSource
from humanseg_train.cli import main
from humanseg_train.data.pictures import read_labels, read_rgb
from humanseg_train.prediction import predict
from humanseg_train.views import difference, overlay


def test_pictures_keep_their_folders_and_sizes(exported: Path, people: Path, tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    (inputs / "deep").mkdir(parents=True)
    rgb = read_rgb(people / "images" / "003.png")
    cv2.imwrite(str(inputs / "deep" / "one.png"), rgb[..., ::-1])
    written = predict(exported, [inputs, people / "images" / "004.png"], tmp_path / "out", engine="onnxruntime")
    names = ("alpha.png", "overlay.jpg", "side-by-side.jpg")
    expected = [tmp_path / "out" / stem for stem in (f"{s}-{n}" for s in ("deep/one", "004") for n in names)]
    assert written == expected
    with humanseg.open_matter(exported, "onnxruntime") as matter:
        alpha = matter.alpha(rgb)
    grey = read_labels(written[0])
    assert np.abs(grey / 255 - alpha).max() <= 0.5 / 255 + 1e-6
    assert read_rgb(written[2]).shape == (rgb.shape[0], 3 * rgb.shape[1], 3)


def test_a_video_becomes_videos_with_its_frames(exported: Path, media: Any, tmp_path: Path) -> None:
    clip = media.clip("clip.mp4", frames=7)
    written = predict(exported, [clip], tmp_path / "out", views=("alpha", "side-by-side"))
    assert [path.name for path in written] == ["clip-alpha.mp4", "clip-side-by-side.mp4"]
    assert media.times(written[0]) == media.times(clip)
    source = VideoFileSource(written[1])
    assert (source.info.width, source.info.height) == (192, 48)
    assert len(list(source)) == 7


def test_a_checkpoint_predicts_as_its_export_does(
    exported: Path, checkpoint: Path, people: Path, tmp_path: Path
) -> None:
    picture = people / "images" / "005.png"
    for model, out in ((exported, "a"), (checkpoint, "b")):
        predict(model, [picture], tmp_path / out, views=("alpha",))
    pair = [read_labels(tmp_path / out / "005-alpha.png").astype(int) for out in "ab"]
    assert np.abs(pair[0] - pair[1]).max() <= 1


def test_nothing_is_overwritten_or_mixed_up(
    exported: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = people / "images" / "005.png"
    words = ["predict", str(exported), str(picture), "-o", str(tmp_path), "--views", "alpha"]
    assert main(words) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "005-alpha.png")
    assert main(words) == 1
    assert "already exists" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    other = tmp_path / "else"
    other.mkdir()
    (other / "005.png").write_bytes(picture.read_bytes())
    with pytest.raises(HumansegError, match="would both be"):
        predict(exported, [picture, other / "005.png"], tmp_path / "out")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(HumansegError, match="no picture and no video"):
        predict(exported, [empty], tmp_path / "out")
    with pytest.raises(HumansegError, match="no view depth"):
        predict(exported, [picture], tmp_path / "out", views=("depth",))


def test_views_show_what_they_say() -> None:
    rgb = np.full((20, 30, 3), 100, np.uint8)
    true = np.zeros((20, 30), np.float32)
    true[:, 10:20] = 1
    predicted = np.zeros_like(true)
    predicted[:, 5:15] = 1
    shown = difference(predicted, true)
    assert shown[3, 7].tolist() == [255, 0, 0], "too much is red"
    assert shown[3, 17].tolist() == [0, 0, 255], "missing is blue"
    assert shown[3, 12].tolist() == shown[3, 25].tolist() == [255, 255, 255]
    tinted = overlay(rgb, true)
    assert tinted[3, 2].tolist() == [100, 100, 100]
    assert tinted[10, 15, 1] > 120 > tinted[10, 15, 0]
