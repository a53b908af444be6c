"""Compositing against the formula; backgrounds against what a person asks for and would notice."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import humanseg
from humanseg.compositing import Compositor, composite, parse_background
from humanseg.compositing.backgrounds import ColourBackground
from humanseg.compositing.blur import BlurBackground
from humanseg.compositing.image import ImageBackground, read_picture
from humanseg.errors import SettingsError
from humanseg.frames import Frame, Matte
from humanseg.matting.preprocess import shrink
from humanseg.matting.refine import refine, scale_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANDOM = np.random.default_rng(0)
RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)


def noise(width: int, height: int) -> np.ndarray:
    return np.asarray(RANDOM.integers(0, 256, (height, width, 3), np.uint8))


def soft(width: int, height: int) -> np.ndarray:
    """Alpha with all of 0, 1 and between."""
    return np.asarray(np.clip(RANDOM.random((height, width), np.float32) * 1.4 - 0.2, 0, 1), np.float32)


def formula(foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> np.ndarray:
    """The exact composite, in float64."""
    weight = alpha.astype(np.float64)[:, :, np.newaxis]
    return np.asarray(weight * foreground + (1 - weight) * background)


def blank(width: int, height: int) -> tuple[Frame, Matte]:
    return Frame(rgb=np.zeros((height, width, 3), np.uint8)), Matte(alpha=np.zeros((height, width), np.float32))


# The compositor


@pytest.mark.parametrize("size", [(64, 48), (37, 23), (1, 1), (3, 400)])
def test_the_composite_is_the_formula_within_one_grey_level(size: tuple[int, int]) -> None:
    rgb, alpha, behind = noise(*size), soft(*size), noise(*size)
    compositor = Compositor(ImageBackground(behind), decontaminate=False)
    result = compositor.composite(Frame(rgb=rgb), Matte(alpha=alpha)).rgb
    assert np.abs(result - formula(rgb, alpha, behind)).max() <= 1
    np.testing.assert_array_equal(result[alpha == 1], rgb[alpha == 1])
    np.testing.assert_array_equal(result[alpha == 0], behind[alpha == 0])


def test_the_mattes_own_foreground_is_used_where_there_is_one() -> None:
    clean, alpha = noise(40, 30), soft(40, 30)
    matte = Matte(alpha=alpha, foreground=clean)
    result = Compositor(ColourBackground(BLACK)).composite(Frame(rgb=noise(40, 30)), matte).rgb
    assert np.abs(result - formula(clean, alpha, np.zeros_like(clean))).max() <= 1


def test_a_composite_keeps_the_frames_times_and_nobody_writes_into_it() -> None:
    rgb, alpha = noise(32, 16), soft(32, 16)
    before = rgb.copy(), alpha.copy()
    for array in (rgb, alpha):
        array.flags.writeable = False
    frame = Frame(rgb=rgb, index=5, time=Fraction(5, 30), duration=Fraction(1, 30), born=12.5)
    result = Compositor(BlurBackground()).composite(frame, Matte(alpha=alpha))
    assert result is not frame
    assert (result.index, result.time, result.duration, result.born) == (5, Fraction(1, 6), Fraction(1, 30), 12.5)
    assert result.rgb.dtype == np.uint8
    assert result.rgb.flags.c_contiguous
    assert not result.rgb.flags.writeable
    np.testing.assert_array_equal(rgb, before[0])
    np.testing.assert_array_equal(alpha, before[1])


def test_a_matte_of_another_frame_size_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha has shape"):
        Compositor(ColourBackground(RED)).composite(Frame(rgb=noise(32, 16)), Matte(alpha=soft(16, 32)))


# One picture


def test_one_picture_takes_arrays_and_records_alike(tmp_path: Path) -> None:
    rgb, alpha, behind = noise(32, 16), soft(32, 16), noise(32, 16)
    expected = formula(rgb, alpha, behind)
    cv2.imwrite(str(tmp_path / "behind.png"), behind[:, :, ::-1])
    for picture in (rgb, Frame(rgb=rgb)):
        for opacity in (alpha, alpha.astype(np.float64), np.asfortranarray(alpha), Matte(alpha=alpha)):
            for background in (behind, str(tmp_path / "behind.png"), ImageBackground(behind)):
                assert (
                    np.abs(humanseg.composite(picture, opacity, background, decontaminate=False) - expected).max() <= 1
                )
    result = composite(rgb, alpha, behind)
    result[0, 0] = 0  # the caller's own
    hard = composite(rgb, alpha > 0.5, np.full((1, 1, 3), BLUE, np.uint8))
    assert (hard[alpha <= 0.5] == BLUE).all()


@pytest.mark.parametrize(
    ("rgb", "alpha", "background"),
    [
        (noise(8, 8), np.full((8, 8), np.nan), "#000"),
        (noise(8, 8), np.full((8, 8), 1.01), "#000"),
        (noise(8, 8), np.full((8, 8), -0.01), "#000"),
        (noise(8, 8), np.full((8, 8), 255, np.uint8), "#000"),
        (noise(8, 8), soft(8, 9), "#000"),
        (noise(8, 8)[:, :, 0], soft(8, 8), "#000"),
        (noise(8, 8) / 255, soft(8, 8), "#000"),
        (noise(8, 8), soft(8, 8), np.zeros((8, 8))),
    ],
)
def test_one_picture_refuses_what_would_come_out_wrong(
    rgb: np.ndarray, alpha: np.ndarray, background: str | np.ndarray
) -> None:
    with pytest.raises(ValueError, match=r"must|shape"):
        composite(rgb, alpha, background)


# Colours and words


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#00b140", (0, 177, 64)), ("#00B140", (0, 177, 64)), ("#0b4", (0, 187, 68)), (" #000 ", BLACK)],
)
def test_a_colour_is_that_colour_at_every_size(text: str, colour: tuple[int, int, int]) -> None:
    background = parse_background(text)
    for size in ((40, 30), (30, 40), (40, 30)):
        rendered = background.render(*blank(*size))
        assert rendered.shape == (size[1], size[0], 3)
        assert (rendered == colour).all()
    assert background.render(*blank(30, 40)) is background.render(*blank(30, 40)), "made once per size"


@pytest.mark.parametrize(("text", "strength"), [("blur", 0.5), ("blur:0.8", 0.8), ("blur:0", 0), ("blur:1", 1)])
def test_blur_takes_a_strength(text: str, strength: float) -> None:
    background = parse_background(text)
    assert isinstance(background, BlurBackground)
    assert background.strength == strength


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("blurr", "Did you mean 'blur'?"),
        ("BLUR", "Did you mean 'blur'?"),
        ("blurr:0.8", "Did you mean 'blur:0.8'?"),
        ("green", '"#00b140"'),
        ("", '"blur"'),
        ("00b140", "Did you mean '#00b140'?"),
        ("#00b14", "not a colour"),
        ("#ggg", "not a colour"),
        ("blur:", "not a number"),
        ("blur:much", "not a number"),
        ("blur:2", "out of range"),
        ("blur:-0.1", "out of range"),
        ("blur:nan", "out of range"),
        ("beach.jpg", "There is no picture beach.jpg"),
        ("pictures/beach", "There is no picture pictures"),
    ],
)
def test_words_that_mean_nothing_are_answered_with_those_that_do(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        parse_background(text)
    assert words in str(caught.value)
    assert caught.value.hint


def test_a_word_goes_before_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2.imwrite(str(tmp_path / "x.png"), noise(8, 8))
    for name in ("blur", "beach"):
        (tmp_path / name).write_bytes((tmp_path / "x.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert isinstance(parse_background("blur"), BlurBackground)
    for text in ("./blur", "beach", "x.png"):
        assert isinstance(parse_background(text), ImageBackground)


# Pictures


def quarters(width: int, height: int) -> np.ndarray:
    """Red, green / blue, black: which way up a picture is can be seen."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2], rgb[: height // 2, width // 2 :], rgb[height // 2 :, : width // 2] = (
        RED,
        GREEN,
        BLUE,
    )
    return rgb


def corners(rgb: np.ndarray) -> list[tuple[int, ...]]:
    """The colours at the four corners, each channel as full or none."""
    height, width = rgb.shape[:2]
    spots = (
        (height // 8, width // 8),
        (height // 8, -width // 8),
        (-height // 8, width // 8),
        (-height // 8, -width // 8),
    )
    return [tuple(int(value > 127) * 255 for value in rgb[spot]) for spot in spots]


@pytest.mark.parametrize("size", [(200, 100), (100, 200), (50, 50), (400, 400), (33, 77), (1, 1), (2, 400)])
def test_a_picture_fills_the_frame_undistorted_from_its_middle(size: tuple[int, int]) -> None:
    """A ring in the middle of the picture stays round and in the middle, and no border shows."""
    rgb = np.full((300, 400, 3), 255, np.uint8)
    cv2.circle(rgb, (200, 150), 60, BLACK, -1)
    rendered = ImageBackground(rgb).render(*blank(*size))
    assert rendered.shape == (size[1], size[0], 3)
    if min(size) < 30:
        return
    dark = rendered[:, :, 0] < 128
    ys, xs = np.nonzero(dark)
    radius = 60 * max(size[0] / 400, size[1] / 300)
    assert (xs.mean(), ys.mean()) == pytest.approx(((size[0] - 1) / 2, (size[1] - 1) / 2), abs=1)
    assert (np.ptp(xs) + 1, np.ptp(ys) + 1) == pytest.approx((2 * radius, 2 * radius), abs=2)


def test_a_picture_is_fitted_once_per_frame_size_and_follows_a_new_one() -> None:
    background = ImageBackground(quarters(64, 64))
    first = background.render(*blank(32, 32))
    assert background.render(*blank(32, 32)) is first
    assert not first.flags.writeable
    assert corners(background.render(*blank(48, 48))) == [RED, GREEN, BLUE, BLACK]
    assert background.render(*blank(48, 48)).shape == (48, 48, 3)


def jpeg(rgb: np.ndarray, orientation: int) -> bytes:
    """A JPEG that says how its camera was held."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    data = cv2.imencode(".jpg", rgb[:, :, ::-1])[1].tobytes()
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def test_a_photograph_stands_upright(tmp_path: Path) -> None:
    (tmp_path / "beach.jpg").write_bytes(jpeg(quarters(64, 32), 6))  # turned clockwise by a quarter to be upright
    rgb = read_picture(tmp_path / "beach.jpg")
    assert rgb.shape == (64, 32, 3)
    assert corners(rgb) == [BLUE, RED, BLACK, GREEN]


def test_grey_deep_and_transparent_pictures_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "ä 1.png"

    def read(array: np.ndarray) -> np.ndarray:
        path.write_bytes(cv2.imencode(".png", array)[1].tobytes())
        rgb = read_picture(path)
        assert (rgb.shape, rgb.dtype.name) == ((2, 2, 3), "uint8")
        return rgb

    assert (read(np.full((2, 2), 90, np.uint8)) == 90).all()
    assert (read(np.full((2, 2), 90 * 257, np.uint16)) == 90).all()
    clear = np.full((2, 2, 4), (0, 0, 200, 255), np.uint8)  # red, as OpenCV writes it
    clear[0, 0, 3], clear[0, 1, 3] = 0, 128
    assert read(clear)[:, :, 0].tolist() == [[0, 100], [200, 200]]
    assert read(clear.astype(np.uint16) * 257)[:, :, 0].tolist() == [[0, 100], [200, 200]]
    assert not read(clear)[:, :, 1:].any()


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "beach.jpg"
    for content in (b"", b"no picture"):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match=r"beach\.jpg is not a picture") as caught:
            parse_background(str(path))
        assert "JPEG" in caught.value.hint
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        parse_background(str(tmp_path))


# Blur


def person(width: int, height: int, softness: float) -> np.ndarray:
    """Head and shoulders; the edge is `softness` of the height wide."""
    alpha = np.zeros((height, width), np.float32)
    cv2.circle(alpha, (width // 2, height // 3), height // 7, 1, -1)
    alpha[height * 6 // 10 :, width // 3 : width * 2 // 3] = 1
    return cv2.GaussianBlur(alpha, (0, 0), softness * height) if softness else alpha


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080), (360, 640)])
@pytest.mark.parametrize("strength", [0, 0.1, 0.5, 1])
@pytest.mark.parametrize("softness", [0, 0.005])
def test_the_person_does_not_glow(size: tuple[int, int], strength: float, softness: float) -> None:
    """White before black: within 20 px of the person the blurred room stays black."""
    alpha = person(*size, softness)
    rgb = np.rint(alpha[:, :, np.newaxis] * 255).astype(np.uint8).repeat(3, axis=2)
    room = BlurBackground(strength).render(Frame(rgb=rgb), Matte(alpha=alpha))
    near = (cv2.dilate(alpha, np.ones((41, 41))) > 0) & (alpha < 0.5)
    assert near.sum() > 1000
    assert room[near].max() < 5


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("strength", [0, 0.5, 1])
def test_the_person_does_not_glow_with_a_matte_as_networks_give_it(size: tuple[int, int], strength: float) -> None:
    """The person is sharp; the matte was made at 320x192, soft and a pixel off, as it is or refined."""
    true = person(*size, 0.001)
    rgb = np.rint(true[:, :, np.newaxis] * 255).astype(np.uint8).repeat(3, axis=2)
    small = shrink(rgb, (320, 192))
    alpha = cv2.GaussianBlur(cv2.resize(true, (320, 192), interpolation=cv2.INTER_AREA), (0, 0), 1)
    late: NDArray[np.float32] = np.roll(alpha, 1, axis=1).astype(np.float32)
    for matte in (scale_up(late, size), refine(late, small, rgb)):
        room = BlurBackground(strength).render(Frame(rgb=rgb), Matte(alpha=matte))
        near = (cv2.dilate(true, np.ones((41, 41))) > 0) & (matte < 0.5)
        assert near.sum() > 1000
        assert room[near].max() < 5


@pytest.mark.parametrize("strength", [0, 0.5, 1])
def test_no_dark_rim_stands_around_the_person(strength: float) -> None:
    """Black before a room of one colour: behind the person and beside, the blurred room has that colour."""
    alpha = person(640, 360, 0.005)
    room = np.array((90, 160, 230), np.float32)
    rgb = np.rint((1 - alpha[:, :, np.newaxis]) * room).astype(np.uint8)
    rendered = BlurBackground(strength).render(Frame(rgb=rgb), Matte(alpha=alpha)).astype(np.float32)
    assert np.abs(rendered - room)[alpha < 0.9].max() <= 12


def test_every_resolution_is_blurred_alike() -> None:
    """The step of a black and white room is as wide, as a part of the frame, at 360p and at 1080p."""
    widths = []
    for width, height in ((640, 360), (1280, 720), (1920, 1080), (1080, 1920)):
        rgb = np.zeros((height, width, 3), np.uint8)
        rgb[:, width // 2 :] = 255
        row = BlurBackground().render(Frame(rgb=rgb), Matte(alpha=np.zeros((height, width), np.float32)))[height // 2]
        widths.append(np.count_nonzero((row[:, 0] > 26) & (row[:, 0] < 229)) / min(width, height))
    assert widths == pytest.approx([widths[0]] * 4, rel=0.06)
    assert widths[0] == pytest.approx(2 * 1.27 * 0.031, rel=0.1)  # 10 to 90 % of a Gaussian step


def test_more_strength_is_more_blur() -> None:
    frame, matte = Frame(rgb=noise(640, 360)), blank(640, 360)[1]
    spreads = [BlurBackground(strength).render(frame, matte).std() for strength in (0, 0.25, 0.5, 0.75, 1)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[0] > 2 * spreads[-1]
    for strength in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="strength is"):
            BlurBackground(strength)


def test_a_room_without_a_person_keeps_its_colours_and_places() -> None:
    rgb = quarters(640, 360)
    rendered = BlurBackground().render(Frame(rgb=rgb), Matte(alpha=np.zeros((360, 640), np.float32)))
    assert corners(rendered) == [RED, GREEN, BLUE, BLACK]
    np.testing.assert_allclose(rendered.mean(axis=(0, 1)), rgb.mean(axis=(0, 1)), atol=1)


@pytest.mark.parametrize("size", [(640, 360), (1, 1), (3, 2), (2, 4000), (641, 361)])
@pytest.mark.parametrize("opacity", [0, 0.05, 0.5, 1])
def test_any_size_and_any_alpha_gives_a_picture(size: tuple[int, int], opacity: float) -> None:
    """Alpha 1 everywhere leaves nothing to blur: that is no division by zero."""
    width, height = size
    rgb = np.full((height, width, 3), (10, 120, 240), np.uint8)
    for strength in (0, 1):
        matte = Matte(alpha=np.full((height, width), opacity, np.float32))
        rendered = BlurBackground(strength).render(Frame(rgb=rgb), matte)
        assert (rendered.shape, rendered.dtype.name) == (rgb.shape, "uint8")
        np.testing.assert_allclose(rendered, rgb, atol=1)
