"""FastMCP's proxy before a server that speaks over its standard streams: PORT COMMAND ARGUMENTS…"""

import sys

from fastmcp.client.transports import StdioTransport
from fastmcp.server import create_proxy

port, command, *arguments = sys.argv[1:]
proxy = create_proxy(StdioTransport(command, arguments), name="bench")
proxy.run(transport="http", host="127.0.0.1", port=int(port), log_level="error", show_banner=False)
