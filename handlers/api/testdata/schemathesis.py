"""How schemathesis sends the bytes of a file: as they are."""

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def as_they_are(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()
