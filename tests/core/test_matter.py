"""From a frame to its alpha, with networks whose answer is known in closed form."""

import hashlib
import importlib.util
from fractions import Fraction
from pathlib import Path
from time import perf_counter

import numpy as np
import onnx
import onnx.parser
import pytest

from humanseg.engines import AUTO_ORDER
from humanseg.errors import EngineError, ModelError
from humanseg.frames import Frame
from humanseg.matting import Matter, MattingOptions, open_matter
from humanseg.matting.preprocess import network_size

PLAIN = MattingOptions(refine=False, smoothing=0)
"""The network's own alpha, scaled up."""

RED = "alpha = Gather<axis=1>(frame, zero)"


def write_model(
    folder: Path,
    body: str = RED,
    *,
    mean: tuple[float, ...] = (0, 0, 0),
    std: tuple[float, ...] = (1, 1, 1),
    previous: str = "",
) -> Path:
    inputs = "float[1,3,H,W] frame" + (f", float[1,1,H,W] {previous}" if previous else "")
    text = f'<ir_version: 8, opset_import: ["" : 17]> net ({inputs}) => (float[1,A,B,C] alpha) '
    folder.mkdir(exist_ok=True)
    onnx.save(onnx.parser.parse_model(text + "<int64[1] zero = {0}> {" + body + "}"), folder / "model.onnx")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    (folder / "model.toml").write_text(
        f'format = 1\nname = "closed form"\nfile = "model.onnx"\nsha256 = "{digest}"\npixels = 61440\nmultiple = 32\n'
        f'mean = {list(mean)}\nstd = {list(std)}\ninput = "frame"\noutput = "alpha"\n'
        f'previous = "{previous}"\n'
    )
    return folder


@pytest.fixture(params=AUTO_ORDER)
def engine(request: pytest.FixtureRequest) -> str:
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


@pytest.fixture
def red(engine: str, tmp_path: Path) -> Matter:
    """A matter whose alpha is the red channel."""
    return open_matter(write_model(tmp_path / "red"), engine, options=PLAIN)


def picture(width: int, height: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def test_at_the_networks_own_size_alpha_is_exact(red: Matter) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (192, 320, 3), np.uint8)
    np.testing.assert_allclose(red.alpha(rgb), rgb[:, :, 0] / 255, atol=1e-6)


def test_alpha_comes_read_only_whole_and_at_frame_size(red: Matter) -> None:
    for width, height in ((640, 361), (1, 1), (2, 4000), (4000, 2), (33, 17), (319, 191), (500, 900)):
        rgb = picture(width, height)
        rgb[:] = (51, 255, 255)
        rgb.flags.writeable = False
        alpha = red.alpha(rgb)
        assert alpha.shape == (height, width)
        assert alpha.dtype == np.float32
        assert alpha.flags.c_contiguous
        assert not alpha.flags.writeable
        np.testing.assert_allclose(alpha, 0.2, atol=1e-6)


def test_nothing_is_mirrored_turned_or_shifted(red: Matter) -> None:
    rgb = picture(1280, 720)
    rgb[:, 640:, 0] = 255
    alpha = red.alpha(rgb)
    assert alpha[:, :630].max() == 0
    assert alpha[:, 650:].min() == 1
    np.testing.assert_allclose(alpha[:, 638:642], [[0.125, 0.375, 0.625, 0.875]] * 720, atol=0.01)  # a straight slope
    rgb = picture(1280, 720)
    rgb[:360, :, 0] = 255
    alpha = red.alpha(rgb)
    assert alpha[:350].min() == 1
    assert alpha[370:].max() == 0
    np.testing.assert_allclose(alpha[359] + alpha[360], 1, atol=0.02)


def test_the_first_channel_is_red(red: Matter) -> None:
    for colour, expected in (((255, 0, 0), 1), ((0, 255, 0), 0), ((0, 0, 255), 0)):
        assert red.alpha(np.full((64, 64, 3), colour, np.uint8)).mean() == pytest.approx(expected)


def test_mean_and_std_come_from_the_model_and_alpha_stays_in_its_range(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", mean=(0.25, 0, 0), std=(0.5, 1, 1))
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3).repeat(256, axis=0)
    with open_matter(folder, "onnxruntime", options=PLAIN) as matter:
        alpha = matter.alpha(ramp)
    np.testing.assert_allclose(alpha, np.clip((ramp[:, :, 0] / 255 - 0.25) / 0.5, 0, 1), atol=1e-6)
    assert (alpha.min(), alpha.max()) == (0, 1)


def test_a_matte_is_the_frames_alpha_and_frames_do_not_touch_each_other(red: Matter) -> None:
    first = Frame(rgb=np.full((90, 160, 3), 255, np.uint8), index=7, time=Fraction(7, 30))
    matte = red.matte(first)
    red.reset()
    second = red.matte(Frame(rgb=picture(160, 90)))
    assert (matte.alpha.min(), second.alpha.max(), matte.foreground) == (1, 0, None)


@pytest.mark.parametrize(("function", "mean"), [("Sqrt", 0.001), ("Log", 0)])
def test_alpha_that_is_no_number_is_an_error_never_a_matte(
    tmp_path: Path, engine: str, function: str, mean: float
) -> None:
    """One bad pixel is enough: shown, it would be the room."""
    body = f"red = Gather<axis=1>(frame, zero) alpha = {function}(red)"  # of black: NaN, minus infinity
    rgb = np.full((192, 320, 3), 200, np.uint8)
    with open_matter(write_model(tmp_path / "model", body, mean=(mean, 0, 0)), engine) as matter:
        assert np.isfinite(matter.alpha(rgb)).all()
        rgb[100, 100] = 0
        with pytest.raises(EngineError, match="NaN or infinite alpha"):
            matter.alpha(rgb)


THREE_CHANNELS = "alpha = Identity(frame)"
HALF_SIZE = "half = MaxPool<kernel_shape=[2,2], strides=[2,2]>(frame) alpha = Gather<axis=1>(half, zero)"


@pytest.mark.parametrize("body", [THREE_CHANNELS, HALF_SIZE])
def test_alpha_of_another_shape_is_refused(tmp_path: Path, body: str) -> None:
    with (
        open_matter(write_model(tmp_path / "model", body), "onnxruntime") as matter,
        pytest.raises(EngineError, match=r"alpha of shape .*, not \(1, 1, 192, 320\)"),
    ):
        matter.alpha(picture(320, 192))


@pytest.mark.parametrize(
    "rgb", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32),
            np.zeros((0, 4, 3), np.uint8)],
)  # fmt: skip
def test_an_array_that_is_no_picture_is_refused(red: Matter, rgb: np.ndarray) -> None:
    with pytest.raises(ValueError, match="HxWx3 uint8"):
        red.alpha(rgb)


def test_closing_ends_it_once(red: Matter) -> None:
    with red:
        red.alpha(picture(32, 32))
    red.close()
    with pytest.raises(EngineError, match="closed"):
        red.alpha(picture(32, 32))


def test_opening_passes_on_what_was_asked(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    with open_matter(str(folder), "onnxruntime", threads=1) as matter:
        assert (matter.engine.name, matter.engine.device, matter.model.folder) == (
            "onnxruntime", "CPU (1 thread)", folder,
        )  # fmt: skip
    with pytest.raises(ModelError, match="no model folder"):
        open_matter(tmp_path / "nothing")
    with pytest.raises(EngineError, match="no engine 'tpu'"):
        open_matter(folder, "tpu")


MIX = """
    red = Gather<axis=1>(frame, zero)
    sum = Add(red, before)
    half = Constant<value_float=0.5>()
    alpha = Mul(sum, half)
"""
"""The mean of the red channel and the alpha before: each call halves what is missing to red."""


def levels(matter: Matter, *pictures: np.ndarray) -> list[float]:
    return [float(matter.alpha(rgb).mean()) for rgb in pictures]


def test_a_network_that_asks_for_it_gets_its_alpha_of_the_frame_before(engine: str, tmp_path: Path) -> None:
    with open_matter(write_model(tmp_path / "mix", MIX, previous="before"), engine, options=PLAIN) as matter:
        red = picture(320, 192) + np.array([255, 0, 0], np.uint8)
        np.testing.assert_allclose(levels(matter, red, red, red), [0.5, 0.75, 0.875], atol=1e-6)
        matter.reset()
        np.testing.assert_allclose(levels(matter, red, red), [0.5, 0.75], atol=1e-6)
        # Another size has nothing to go on from, nor has the first after it.
        np.testing.assert_allclose(levels(matter, picture(192, 320) + red[0, 0], red, red), [0.5, 0.5, 0.75], atol=1e-6)


def test_after_a_frame_that_failed_the_network_begins_anew(engine: str, tmp_path: Path) -> None:
    body = """
        raw = Gather<axis=1>(frame, zero)
        two = Constant<value_ints=[2]>()
        blue = Gather<axis=1>(frame, two)
        red = Div(raw, blue)
        sum = Add(red, before)
        half = Constant<value_float=0.5>()
        alpha = Mul(sum, half)
    """
    with open_matter(write_model(tmp_path / "divides", body, previous="before"), engine, options=PLAIN) as matter:
        violet = picture(320, 192) + np.array([255, 0, 255], np.uint8)
        np.testing.assert_allclose(levels(matter, violet, violet), [0.5, 0.75], atol=1e-6)
        with pytest.raises(EngineError, match="NaN or infinite"):
            matter.alpha(picture(320, 192) + np.array([255, 0, 0], np.uint8))
        np.testing.assert_allclose(levels(matter, violet, violet), [0.5, 0.75], atol=1e-6)


def test_a_network_without_the_named_input_is_refused(engine: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "red")
    with (folder / "model.toml").open("a") as file:
        file.write('previous = "before"\n')
    (folder / "model.toml").write_text((folder / "model.toml").read_text().replace('previous = ""\n', ""))
    with pytest.raises(EngineError, match="no input 'before'; it has frame"):
        open_matter(folder, engine)


def test_a_preset_decides_how_much_the_network_sees(engine: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "red")
    sizes = {}
    for preset in ("live", "balanced", "quality"):
        with open_matter(folder, engine, preset=preset) as matter:
            assert matter.alpha(picture(1280, 720)).shape == (720, 1280)
            sizes[preset] = network_size((1280, 720), matter.model.pixels, 32)
    assert sizes == {"live": (320, 192), "balanced": (384, 192), "quality": (416, 224)}
    with pytest.raises(ModelError, match="Did you mean quality"):
        open_matter(folder, engine, preset="qualty")


def test_a_network_is_not_shown_its_last_alpha_where_something_moved(engine: str, tmp_path: Path) -> None:
    """Else it goes on to see somebody who has left."""
    with open_matter(write_model(tmp_path / "mix", MIX, previous="before"), engine, options=PLAIN) as matter:
        both = picture(320, 192)
        both[:, :160, 0] = 255
        both[60:100, 240:280, 0] = 255
        left = picture(320, 192)
        left[:, :160, 0] = 255
        matter.alpha(both)
        alpha = matter.alpha(left)
        np.testing.assert_allclose(alpha[:, :150], 0.75, atol=1e-3)
        assert alpha[:, 200:].max() <= 1e-3, "nothing stays of what has gone"


def test_a_matte_tells_what_its_input_and_the_network_took() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    with open_matter(engine="onnxruntime", threads=1, options=MattingOptions(skip_still=True)) as matter:
        began = perf_counter()
        first, again = matter.matte(Frame(rgb=rgb)).spent, matter.matte(Frame(rgb=rgb)).spent
        took_s = perf_counter() - began
    assert first is not None
    assert again is not None
    assert first.pre_s > 0
    assert first.infer_s > 0
    assert first.pre_s + first.infer_s + again.pre_s < took_s
    assert again.infer_s == 0  # nothing moved: the network was not asked
