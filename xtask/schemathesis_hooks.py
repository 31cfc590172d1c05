"""What schemathesis is told beside the description: bytes are described as a string, and compared as one."""

import schemathesis


@schemathesis.deserializer("application/octet-stream")
def bytes_as_string(_context, response):
    # Each byte is one character, so no bytes are refused.
    return response.content.decode("latin-1")
