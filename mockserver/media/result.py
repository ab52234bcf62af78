"""Draws a result file: the picture as what its format asks for."""

from mockserver.media.picture import Picture

__all__ = ["draw_result"]


def draw_result(picture: Picture) -> bytes:
    """Draw the file of a picture: equal pictures give equal bytes on one installation."""
    # What writes recordings takes longer to import than to draw most images.
    if picture.format == "mp4":
        from mockserver.media.video import draw_video

        return draw_video(picture)
    if picture.format in ("mp3", "wav"):
        from mockserver.media.sound import write_sound

        return write_sound(picture)
    if picture.format in ("txt", "json"):
        from mockserver.media.text import write_text

        return write_text(picture)
    from mockserver.media.image import draw_image

    return draw_image(picture)
