"""Reading result files, also after they were scaled and compressed."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mockserver.errors import MediaError
from mockserver.media.container import write_file
from mockserver.media.decode import decode
from mockserver.media.image import draw_image
from mockserver.media.label import write_label
from mockserver.media.mark import make_mark
from mockserver.media.picture import IMAGE_FORMATS, Picture

Change = Callable[[Image.Image], Image.Image]

IDS = [
    "3f1c9e0a7b5d4c2e8f6a1b0c9d8e7f60",
    "c9a646d3-9c61-4cb7-bfcd-ee2522c8f633",
    "n36a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4gptimg",
    "task_gpt-image_1765968190655",
    "\u4efb\u52a1" * 10 + "1234",
]
PICTURE = Picture(
    width=320,
    height=256,
    format="png",
    provider="acorn",
    model="oak-1",
    prompt="a red fox",
    task_id=IDS[0],
    digest="0123456789abcdef" * 2,
    number=2,
    of=4,
)

# The promise of the mark, over many kinds of change: more examples than elsewhere.
MORE = settings(max_examples=settings().max_examples * 2)


def compress(image: Image.Image, file_format: str) -> Image.Image:
    file = BytesIO()
    image.save(file, file_format, quality=80)
    return Image.open(file).convert("RGB")


def halve(image: Image.Image, resampling: Image.Resampling, up: int = 0) -> Image.Image:
    return image.resize(((image.width + up) // 2, (image.height + up) // 2), resampling)


def strip(data: bytes) -> Image.Image:
    """The pixels of a file alone."""
    image = Image.open(BytesIO(data)).convert("RGB")
    image.info.clear()
    return image


def save(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Pictures from 256 x 256 on, some of them eight times as long as they are wide."""
    short = draw(st.integers(256, 340))
    ratio = draw(st.sampled_from([1, 4 / 3, 1.5, 16 / 9, 21 / 9, 8]) | st.floats(1, 3))
    sides = [short, round(short * ratio)]
    width, height = draw(st.permutations(sides))
    ids = st.sampled_from(IDS) | st.text(st.characters(codec="ascii"), max_size=64)
    return Picture(
        width=width,
        height=height,
        format=draw(st.sampled_from(sorted(IMAGE_FORMATS))),
        provider="acorn",
        model=None,
        prompt=draw(st.text(max_size=200)),
        task_id=draw(ids),
        digest=draw(st.binary(min_size=16, max_size=16)).hex(),
    )


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    """Half the size, and JPEG or WebP at quality 80 before it, after it, or both."""
    resampling = draw(
        st.sampled_from(
            [Image.Resampling.LANCZOS, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]
        )
    )
    up = draw(st.integers(0, 1))
    lossy = st.sampled_from(["JPEG", "WEBP"])
    before, after = draw(st.none() | lossy), draw(st.none() | lossy)
    steps: list[Change] = [lambda image: halve(image, resampling, up)]
    if before:
        steps.insert(0, lambda image: compress(image, before))
    if after:
        steps.append(lambda image: compress(image, after))
    return steps


def apply(data: bytes, steps: list[Change]) -> bytes:
    image = strip(data)
    for step in steps:
        image = step(image)
    return save(image)


@given(picture=pictures())
def test_a_fresh_file_has_two_witnesses_that_agree(picture: Picture) -> None:
    """The metadata gives back the picture, the pixels its mark, and neither contradicts."""
    decoded = decode(draw_image(picture))

    assert (picture, make_mark(picture)) == (decoded.metadata, decoded.pixels)
    assert not decoded.disagreements


@given(picture=pictures(), steps=changes())
@MORE
def test_the_pixels_survive_half_size_and_compression(
    picture: Picture, steps: list[Change]
) -> None:
    """Half the size and quality 80, in any order, leave task id, digest and number readable."""
    decoded = decode(apply(draw_image(picture), steps))

    assert make_mark(picture) == decoded.pixels
    assert (decoded.source, decoded.prompt) == ("pixels", None)


@pytest.mark.parametrize(
    ("width", "height"),
    [(1024, 1024), (1536, 1024), (2560, 1080), (2048, 256), (257, 2049), (3840, 2160)],
)
@pytest.mark.parametrize("task_id", [IDS[0], "a" * 64], ids=["short id", "long id"])
def test_large_images_survive_as_well(width: int, height: int, task_id: str) -> None:
    """Images of usual sizes are read after JPEG, half the size and JPEG again."""
    picture = replace(PICTURE, width=width, height=height, task_id=task_id, format="jpeg")
    steps: list[Change] = [
        lambda image: halve(image, Image.Resampling.LANCZOS),
        lambda image: compress(image, "JPEG"),
    ]

    assert make_mark(picture) == decode(apply(draw_image(picture), steps)).pixels


def test_a_thumbnail_of_a_large_image_is_read() -> None:
    """Large images have large cells, so that they can be scaled to much less than half."""
    picture = replace(PICTURE, width=3840, height=2160)
    steps: list[Change] = [
        lambda image: image.resize((384, 216), Image.Resampling.LANCZOS),
        lambda image: compress(image, "JPEG"),
    ]

    assert make_mark(picture) == decode(apply(draw_image(picture), steps)).pixels


@given(
    boxes=st.lists(
        st.tuples(st.integers(0, 319), st.integers(200, 255), st.integers(1, 320)), max_size=12
    ),
    shade=st.integers(0, 255),
)
def test_a_damaged_mark_never_names_another_task(
    boxes: list[tuple[int, int, int]], shade: int
) -> None:
    """However much of the mark is painted over, it is read right or not at all."""
    image = strip(draw_image(PICTURE))
    for left, top, size in boxes:
        ImageDraw.Draw(image).rectangle(
            (left, top, left + size, top + size // 4), fill=(shade,) * 3
        )

    try:
        pixels = decode(save(image)).pixels
    except MediaError:
        pixels = None

    assert pixels in {make_mark(PICTURE), None}


def test_a_logo_in_the_corner_does_no_harm() -> None:
    """The mark is read although something covers a tenth of the band."""
    image = strip(draw_image(PICTURE))
    ImageDraw.Draw(image).rectangle((288, 200, 319, 255), fill="orange")

    assert make_mark(PICTURE) == decode(save(image)).pixels


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "P"])
def test_the_mode_of_an_image_does_not_matter(mode: str) -> None:
    """Grey images, images with transparency, with a palette or for print are read alike."""
    image = strip(draw_image(PICTURE)).convert(mode)
    file = BytesIO()
    image.save(file, "JPEG" if mode == "CMYK" else "PNG")

    assert make_mark(PICTURE) == decode(file.getvalue()).pixels


def test_metadata_goes_first() -> None:
    """Where both witnesses are there, the metadata speaks: it has the prompt in full."""
    decoded = decode(draw_image(PICTURE))

    assert (decoded.source, decoded.provider, decoded.model, decoded.prompt) == (
        *("metadata", "acorn", "oak-1"),
        "a red fox",
    )
    assert (decoded.task_id, decoded.digest) == (PICTURE.task_id, PICTURE.digest)
    assert (decoded.number, decoded.of) == (2, 4)


def test_pixels_alone_know_less() -> None:
    """Without metadata the task, the request and the number are known, the words are not."""
    decoded = decode(save(strip(draw_image(PICTURE))))

    assert (decoded.source, decoded.provider, decoded.model, decoded.prompt) == (
        *("pixels", None, None),
        None,
    )
    assert (decoded.task_id, decoded.digest) == (PICTURE.task_id, PICTURE.digest)
    assert (decoded.number, decoded.of) == (2, 4)


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({"task_id": "x"}, [f"The metadata names the task x, the pixels name {IDS[0]}."]),
        (
            {"digest": "ff" * 16, "number": 1},
            [
                f"The metadata names the request {'ff' * 16}, the pixels name {PICTURE.digest}.",
                "The metadata names the result 1 of 4, the pixels name 2 of 4.",
            ],
        ),
    ],
    ids=["task", "request and number"],
)
def test_witnesses_that_contradict_are_both_heard(
    change: dict[str, str], sentences: list[str]
) -> None:
    """Metadata from another image is reported, and both witnesses can be asked."""
    other = replace(PICTURE, **change)  # type: ignore[arg-type]
    plane = Image.open(BytesIO(draw_image(PICTURE)))
    decoded = decode(write_file(plane, "png", write_label(other, marked=True)))

    assert (other, make_mark(PICTURE)) == (decoded.metadata, decoded.pixels)
    assert sentences == list(decoded.disagreements)


def test_a_long_id_is_known_by_its_hash() -> None:
    """The metadata has an id of more than 64 bytes, the pixels its hash, and they agree."""
    picture = replace(PICTURE, task_id="a" * 65)
    data = draw_image(picture)

    assert (decode(data).task_id, decode(data).disagreements) == ("a" * 65, ())
    assert (decode(save(strip(data))).task_id, decode(save(strip(data))).disagreements) == (
        None,
        (),
    )


def test_a_long_id_that_contradicts_is_told_by_its_hash() -> None:
    """Where the pixels have only a hash, a contradiction names that hash."""
    plane = Image.open(BytesIO(draw_image(replace(PICTURE, task_id="a" * 65))))
    decoded = decode(write_file(plane, "png", write_label(PICTURE, marked=True)))

    assert "the pixels name one with the SHA-256 635361c4" in decoded.disagreements[0]


def test_a_small_image_has_metadata_alone() -> None:
    """An image without room for a mark is still read by its metadata."""
    decoded = decode(draw_image(replace(PICTURE, width=64, height=64)))

    assert (decoded.pixels, decoded.task_id) == (None, PICTURE.task_id)


@pytest.mark.parametrize("size", [(1, 1), (300, 200), (2000, 1000)])
def test_an_image_of_others_carries_nothing(size: tuple[int, int]) -> None:
    """An image that was made elsewhere is refused with its size and why that may be."""
    image = Image.effect_noise(size, 90)

    with pytest.raises(MediaError, match=f"{size[0]} x {size[1]} pixels carries nothing of ours"):
        decode(save(image))
